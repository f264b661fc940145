import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';

// The payload is text already.
const serializer = text => text;

export function serve({ port, topics, heartbeat }, listening) {
  const channels = Array.from({ length: topics }, () => createChannel());
  const server = createServer(async (request, response) => {
    const channel = channels[/^\/t\/(\d+)$/.exec(request.url)?.[1]];
    if (!channel) {
      response.writeHead(404).end();
      return;
    }
    const session = await createSession(request, response, { serializer, keepAlive: heartbeat * 1000 });
    channel.register(session);
  });
  server.on('error', error => {
    console.error(error.message);
    process.exit(1);
  });
  server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => listening(server.address().port));
  return channels;
}

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import { createChannel, createSession } from 'better-sse';

// The payload is text already.
const serializer = text => text;

function makeServer(options, handle) {
  if (!options.certificate) return options.http2 ? http2.createServer(handle) : createServer(handle);
  const { certificate, key, ticketKeys } = options;
  const encryption = {
    cert: readFileSync(certificate),
    key: readFileSync(key),
    ticketKeys: ticketKeys && readFileSync(ticketKeys).subarray(0, 48),
  };
  return options.http2 ? http2.createSecureServer(encryption, handle) : https.createServer(encryption, handle);
}

export function serve(options, listening) {
  const { port, topics, silent, heartbeat } = options;
  const channels = Array.from({ length: topics + silent }, () => createChannel());
  const server = makeServer(options, async (request, response) => {
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
  return channels.slice(0, topics);
}

// Our server behind nginx, read by crier-cat and by Node's client of HTTP/2:
// node nginx.mjs <crier-cat> <stream server> <unpacked nginx>
import { readFileSync } from 'node:fs';
import { Authority } from './certificates.mjs';
import { Nginx, findNginx } from './nginx_server.mjs';
import { NodeClient } from './node_client.mjs';
import { Cat, StreamServer, events, expectEqual, finish, step, temporaryDirectory } from './support.mjs';

const [catBinary, serverBinary, unpacked] = process.argv.slice(2);
if (!unpacked) {
  console.error('usage: node nginx.mjs <crier-cat> <stream server> <unpacked nginx>');
  process.exit(2);
}
const binary = findNginx(unpacked);
const directory = temporaryDirectory();
const authority = new Authority(directory);

const startServer = () => StreamServer.start(serverBinary);
const startNginx = (servers, certificates) =>
  Nginx.start({ binary, directory, upstreams: servers.map(server => server.port), certificates });
const read = (url, ...options) => new Cat(catBinary, url, ...options);

// Each is published only after the one before has arrived, so none may wait in a buffer.
async function passOneByOne(server, topic, cat, sent) {
  for (const event of sent) {
    await server.publish(topic, event);
    expectEqual(await cat.next(), { type: event.type, data: event.data, id: event.id }, 'the event');
  }
}

for (const version of ['1.0', '1.1'])
  await step(`HTTP/${version} to the server: each event arrives before the next is published`, async () => {
    const server = await startServer();
    const nginx = await startNginx([server]);
    const topic = `/prompt${version}`;
    const cat = read(nginx.url(`/http${version.replace('.', '')}${topic}`));
    expectEqual(await server.read(topic), '', 'Last-Event-ID');
    await passOneByOne(server, topic, cat, events);
    cat.process.kill('SIGTERM');
    await server.out.next(new RegExp(`^end ${topic}$`));
    expectEqual(cat.events(), events, 'all that was printed');
  });

await step('without X-Accel-Buffering, nginx holds the events back until the stream ends', async () => {
  const server = await startServer();
  const nginx = await startNginx([server]);
  const held = read(nginx.url('/held/held'));
  await server.read('/held');
  const prompt = read(nginx.url('/http11/prompt'));
  await server.read('/prompt');
  const short = events.filter(event => event.data.length < 1000);
  for (const event of short) {
    await server.publish('/held', event);
    await passOneByOne(server, '/prompt', prompt, [event]);
  }
  expectEqual(held.events(), [], 'what has passed a proxy that buffers');
  await server.end();
  for (const event of short) expectEqual(await held.next(), event, 'the event that was held back');
});

await step('the client comes back when nginx is restarted', async () => {
  const server = await startServer();
  let nginx = await startNginx([server]);
  const cat = read(nginx.url('/http11/again'));
  await server.read('/again');
  await passOneByOne(server, '/again', cat, [{ ...events[0], retry: 50 }, events[1]]);
  nginx = await nginx.restart(() => cat.err.next(/refused/i));
  expectEqual(await server.read('/again'), events[1].id, 'Last-Event-ID');
  await passOneByOne(server, '/again', cat, events.slice(2));
  expectEqual(cat.events(), events, 'all that was printed');
});

for (const end of ['SIGTERM', 'SIGKILL'])
  await step(`the client comes back when the server ends by ${end}, to the one in its place`, async () => {
    for (const path of ['/http10', '/http11']) {
      const first = await startServer();
      const second = await startServer();
      const nginx = await startNginx([first, second]);
      const cat = read(nginx.url(`${path}/moved`));
      await first.read('/moved');
      await passOneByOne(first, '/moved', cat, [{ ...events[0], retry: 50 }, events[1]]);
      await first.end(end);
      expectEqual(await second.read('/moved'), events[1].id, 'Last-Event-ID');
      await passOneByOne(second, '/moved', cat, events.slice(2));
      expectEqual(cat.events(), events, 'all that was printed');
      await cat.end('SIGKILL');
      await nginx.end();
    }
  });

await step('with --standard-errors, crier-cat ends where no server is left, and tells of the 502', async () => {
  const server = await startServer();
  const nginx = await startNginx([server]);
  await server.end();
  const cat = read(nginx.url('/http11/none'), '--standard-errors');
  await cat.err.next(/502/);
  expectEqual(await cat.exited, { code: 1, signal: null }, 'the end of crier-cat');
});

await step('after a 502 it comes back when there is a server again', async () => {
  let server = await startServer();
  const nginx = await startNginx([server]);
  const cat = read(nginx.url('/http11/return'));
  await server.read('/return');
  await passOneByOne(server, '/return', cat, [{ ...events[0], retry: 50 }, events[1]]);
  await server.end();
  await cat.err.next(/502/);
  server = await StreamServer.start(serverBinary, server.port);
  expectEqual(await server.read('/return'), events[1].id, 'Last-Event-ID');
  await passOneByOne(server, '/return', cat, events.slice(2));
});

const certificates = [authority.issue('by-name', 'DNS:localhost'), authority.issue('by-address', 'IP:127.0.0.1'),
  authority.issue('other', 'DNS:other.example')];
const [plain, byName, byAddress, other] = [0, 1, 2, 3];

await step('TLS: each event arrives before the next is published, and the client comes back', async () => {
  for (const [host, at] of [['localhost', byName], ['127.0.0.1', byAddress]]) {
    const server = await startServer();
    let nginx = await startNginx([server], certificates);
    const cat = read(nginx.url('/secret', at, host), '--ca-file', authority.certificate);
    await server.read('/secret');
    await passOneByOne(server, '/secret', cat, [{ ...events[0], retry: 50 }, ...events.slice(1, 5)]);
    nginx = await nginx.restart();
    expectEqual(await server.read('/secret'), events[4].id, 'Last-Event-ID');
    await passOneByOne(server, '/secret', cat, events.slice(5));
    expectEqual(cat.events(), events, 'all that was printed');
    await nginx.end();
  }
});

await step('HTTP/2 to nginx: streams share a connection, and each event arrives before the next is published', async () => {
  const server = await startServer();
  const nginx = await startNginx([server], certificates);
  const client = new NodeClient({ url: nginx.url('/', byAddress), ca: readFileSync(authority.certificate) });
  try {
    const topics = ['/one', '/two'];
    const streams = [];
    for (const topic of topics) {
      const opening = client.read(topic);
      await server.read(topic);
      await server.publish(topic, events[0]); // nginx passes not even the head on before a first byte
      streams.push(await opening);
      expectEqual(await streams.at(-1).inbox.next(), events[0], 'the first event');
    }
    const { body } = await client.ask('GET', '/state');
    expectEqual(JSON.parse((await body.toArray()).join('')), { protocol: 'HTTP/1.1', connections: 3, streams: 2 },
      'the state of the server');
    for (const event of events)
      for (const [at, topic] of topics.entries()) {
        await client.ask('POST', topic, JSON.stringify(event));
        expectEqual(await streams[at].inbox.next(), event, `the event of ${topic}`);
      }
    streams[0].cancel();
    await server.out.next(/^end \/one$/);
    await server.publish('/two', events[0]);
    expectEqual(await streams[1].inbox.next(), events[0], 'the event after another stream was cancelled');
  } finally {
    client.close();
  }
});

await step('TLS: an unknown authority, another name and no TLS are refused in clear words', async () => {
  const server = await startServer();
  const nginx = await startNginx([server], certificates);
  const trusting = ['--ca-file', authority.certificate];
  const untold = nginx.url('/http11/secret', plain, 'localhost').replace('http:', 'https:');
  for (const [url, options, words] of [
    [nginx.url('/secret', byName, 'localhost'), [], /certificate.*localhost.*issuer/],
    [nginx.url('/secret', byName), trusting, /certificate.*127\.0\.0\.1.*mismatch/i],
    [nginx.url('/secret', other, 'localhost'), trusting, /certificate.*localhost.*mismatch/i],
    [untold, trusting, /TLS with localhost: .*wrong version/i],
  ]) {
    const cat = read(url, ...options);
    await cat.err.next(words);
    await cat.end('SIGKILL');
    expectEqual(cat.out.all, [], 'what was printed');
  }
  expectEqual(server.out.all.filter(line => line.startsWith('asked')), [], 'requests to the server');
});

finish();

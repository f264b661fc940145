// Node's HTTP servers, read by crier-cat: node node_server.mjs <crier-cat>
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Authority } from './certificates.mjs';
import { Cat, events, expect, expectEqual, finish, step, temporaryDirectory, within } from './support.mjs';

const [binary] = process.argv.slice(2);
if (!binary) {
  console.error('usage: node node_server.mjs <crier-cat>');
  process.exit(2);
}
const authority = new Authority(temporaryDirectory());

// A server that answers each request with the next of its scripts, and 204 after the last, which
// is the end for a client.
class Scripted {
  constructor(server, scripts, host) {
    this.server = server;
    this.requests = [];
    server.on('request', (request, response) => {
      this.requests.push(request);
      const script = scripts.shift();
      if (script) script(response); else response.writeHead(204).end();
    });
    this.scheme = server.setSecureContext ? 'https' : 'http';
    this.host = host;
  }

  static async run({ scripts, options = [], server = createServer(), host = '127.0.0.1' }) {
    const scripted = new Scripted(server, scripts, host);
    await new Promise(done => server.listen(0, '127.0.0.1', done));
    const cat = new Cat(binary, `${scripted.scheme}://${host}:${server.address().port}/a?b=c`, ...options);
    try {
      const { code } = await within(20_000, 'the end of crier-cat', cat.exited);
      return { requests: scripted.requests, printed: cat.events(), log: cat.err.all.join('\n'), code };
    } finally {
      server.closeAllConnections?.();
      server.close();
    }
  }
}

const head = { 'Content-Type': 'text/event-stream' };
const lastIds = requests => requests.map(request => request.headers['last-event-id']);

const written = ({ type, data, id }) =>
  `event: ${type}\n${data.split('\n').map(line => `data: ${line}\n`).join('')}id: ${id}\n\n`;
const all = events.map(written).join('');

await step('a chunked stream, whole and byte by byte', async () => {
  for (const size of [1 << 20, 1000, 7, 1]) {
    const text = Buffer.from(size > 1 ? all : events.slice(0, 8).map(written).join(''));
    const { requests, printed } = await Scripted.run({ scripts: [response => {
      response.writeHead(200, head);
      response.write('retry: 10\n');
      for (let at = 0; at < text.length; at += size) response.write(text.subarray(at, at + size));
      response.end();
    }] });
    expectEqual(printed, size > 1 ? events : events.slice(0, 8), `the events in chunks of ${size}`);
    expectEqual(requests[0].url, '/a?b=c', 'the target');
    expectEqual(requests[0].headers.accept, 'text/event-stream', 'Accept');
    expectEqual(requests[0].headers['cache-control'], 'no-cache', 'Cache-Control');
  }
});

await step('a stream of a given length, and one that ends with its connection', async () => {
  const text = Buffer.from(`retry: 10\n${all}`);
  const { printed } = await Scripted.run({ scripts: [
    response => response.writeHead(200, { ...head, 'Content-Length': text.length }).end(text),
    response => {
      response.setHeader('Connection', 'close').removeHeader('Transfer-Encoding');
      response.writeHead(200, head).end(text);
    },
  ] });
  expectEqual(printed, [...events, ...events], 'the events of both');
});

await step('all ends of lines, a mark at the beginning, comments and unknown fields', async () => {
  const text = '\uFEFFretry:10\r\n: comment\r\ndata:no blank\r\nid\r\ndata\r\ndata: \u00fc\r\n\r\n' +
    'data: carriage\rdata:  return\rid:1\r\rnonsense: 1\nevent: x\n\nevent: y\ndata: line feed\n\n';
  const { printed } = await Scripted.run({ scripts: [response => response.writeHead(200, head).end(text)] });
  expectEqual(printed, [
    { type: 'message', data: 'no blank\n\n\u00fc', id: '' },
    { type: 'message', data: 'carriage\n return', id: '1' },
    { type: 'y', data: 'line feed', id: '1' },
  ], 'the events');
});

const cuts = {
  'an end': response => response.end(),
  'a reset': response => response.socket.resetAndDestroy(),
  'a closed connection': response => response.socket.destroySoon(),
};
for (const [name, cut] of Object.entries(cuts))
  await step(`${name} in the middle of an event: the client goes on from the last whole one`, async () => {
    const part = Buffer.from(written(events[3]));
    const halves = [part.indexOf('🎉') + 2, part.length - 1];
    const { requests, printed } = await Scripted.run({ scripts: [
      ...halves.map((half, index) => response => {
        response.writeHead(200, head);
        const whole = events.slice(index, index + 2).map(written).join('');
        response.write(Buffer.concat([Buffer.from(`retry: 10\n${whole}`), part.subarray(0, half)]),
          () => cut(response));
      }),
      response => response.writeHead(200, head).end(events.slice(3, 5).map(written).join('')),
    ] });
    expectEqual(printed, [0, 1, 1, 2, 3, 4].map(index => events[index]), 'the events');
    expectEqual(lastIds(requests), [undefined, 'id-2', 'id-3', 'id-5'], 'Last-Event-ID');
  });

await step('the options for headers and for the first Last-Event-ID', async () => {
  const { requests, printed } = await Scripted.run({
    options: ['--last-event-id', 'earlier', '--header', 'X-Name: a value', '--header', 'Authorization: Bearer x.y'],
    scripts: [response => response.writeHead(200, head).end('retry: 10\ndata: 1\n\n')],
  });
  expectEqual(lastIds(requests), ['earlier', 'earlier'], 'Last-Event-ID');
  expectEqual(requests.map(({ headers }) => [headers['x-name'], headers.authorization]),
    [['a value', 'Bearer x.y'], ['a value', 'Bearer x.y']], 'the headers');
  expectEqual(printed, [{ type: 'message', data: '1', id: 'earlier' }], 'the event');
});

await step('the options to end: after a count of events, and after a time', async () => {
  const streaming = text => response => { response.writeHead(200, head); response.write(text); };
  for (const [options, text, expected, status] of [
    [['--count', '3'], all, events.slice(0, 3), 0],
    [['--timeout', '0.2'], ': nothing to print\n', [], 3],
  ]) {
    const { printed, code } = await Scripted.run({ options, scripts: [streaming(text)] });
    expectEqual(printed, expected, 'the events');
    expectEqual(code, status, 'the exit status');
  }
});

await step('an answer that is no event stream ends crier-cat with its reason', async () => {
  for (const [status, type, reason] of [[200, 'text/html', /text\/html/], [404, 'text/event-stream', /404/]]) {
    const { requests, log, code } = await Scripted.run({ scripts: [
      response => response.writeHead(status, { 'Content-Type': type }).end('data: 1\n\n'),
    ] });
    expectEqual(code, 1, 'the exit status');
    expect(reason.test(log), `${reason} on stderr, not:\n${log}`);
    expectEqual(requests.length, 1, 'the number of requests');
  }
});

const secure = ({ certificate, key }) =>
  createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });

await step('TLS: the certificate of --ca-file is trusted, by name and by address', async () => {
  for (const [host, name] of [['localhost', 'DNS:localhost'], ['127.0.0.1', 'IP:127.0.0.1']]) {
    const { requests, printed } = await Scripted.run({
      host,
      server: secure(authority.issue('server', name)),
      options: ['--ca-file', authority.certificate],
      scripts: [
        response => response.writeHead(200, head).end(`retry: 10\n${all}`),
        response => response.writeHead(200, head).write(written(events[0]), () => response.socket.destroy()),
      ],
    });
    expectEqual(printed, [...events, events[0]], 'the events');
    expectEqual(lastIds(requests), [undefined, events.at(-1).id, events[0].id], 'Last-Event-ID');
  }
});

await step('TLS: another authority, another name and no TLS at all are refused', async () => {
  const stranger = new Authority(temporaryDirectory(), 'stranger');
  const [good, strange, other] = [authority.issue('good', 'DNS:localhost'),
    stranger.issue('strange', 'DNS:localhost'), authority.issue('other', 'DNS:other.example')].map(secure);
  const trusting = ['--ca-file', authority.certificate];
  for (const [server, host, options, reason] of [
    [good, 'localhost', [], /certificate.*localhost.*(self-signed|issuer)/],
    [strange, 'localhost', trusting, /certificate.*localhost.*issuer/],
    [other, 'localhost', trusting, /certificate.*localhost.*mismatch/i],
    [good, '127.0.0.1', trusting, /certificate.*127\.0\.0\.1.*mismatch/i],
    [createServer(), 'localhost', trusting, /TLS with localhost: .*wrong version/i],
  ]) {
    const requests = [];
    server.on('request', request => requests.push(request));
    await new Promise(done => server.listen(0, '127.0.0.1', done));
    const cat = new Cat(binary, `https://${host}:${server.address().port}/`, ...options);
    await cat.err.next(reason);
    await cat.end('SIGKILL');
    server.close();
    expectEqual([requests.length, cat.out.all], [0, []], 'requests and events');
  }
});

finish();

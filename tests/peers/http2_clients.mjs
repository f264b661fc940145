// Our server, read over HTTP/2 by Node.js and by the npm package undici:
// node http2_clients.mjs <stream server>
import { Authority } from './certificates.mjs';
import { NodeClient, parsed } from './node_client.mjs';
import { StreamServer, events, expectEqual, finish, importPackage, step, temporaryDirectory, within } from './support.mjs';

const [binary] = process.argv.slice(2);
if (!binary) {
  console.error('usage: node http2_clients.mjs <stream server>');
  process.exit(2);
}
const undici = await importPackage('undici');
const identity = new Authority(temporaryDirectory()).issue('server', 'DNS:localhost', 'IP:127.0.0.1');

class UndiciClient {
  constructor({ url, ca }) {
    this.url = url;
    this.client = ca ? new undici.Client(url, { allowH2: true, connect: { ca } }) : new undici.H2CClient(url);
  }

  async ask(method, path, body, signal) {
    const answered = undici.request(new URL(path, this.url), { method, body, signal, dispatcher: this.client });
    const { statusCode, headers, body: answer } = await within(10_000, `an answer to ${method} ${path}`, answered);
    return { status: statusCode, headers, body: answer.setEncoding('utf8') };
  }

  async read(path) {
    const stop = new AbortController();
    const { headers, body } = await this.ask('GET', path, undefined, stop.signal);
    body.on('error', () => {}); // it tells of the cancelling, too
    return { type: headers['content-type'], ...parsed(body), cancel: () => stop.abort() };
  }

  close() { return this.client.destroy(); }
}

const textOf = async body => (await body.toArray()).join('');

const paths = ['/one', '/two', '/three'];

async function check(server, client) {
  const streams = [];
  for (const path of paths) {
    streams.push(await client.read(path));
    expectEqual(streams.at(-1).type, 'text/event-stream', 'the content type');
    await server.read(path);
  }
  const state = await client.ask('GET', '/state');
  expectEqual(state.status, 200, 'the status of GET');
  expectEqual(JSON.parse(await textOf(state.body)), { protocol: 'HTTP/2', connections: 1, streams: paths.length },
    'the state of the server');

  const post = async (path, event) => {
    const { status, body } = await client.ask('POST', path, JSON.stringify(event));
    expectEqual([status, await textOf(body)], [204, ''], 'the answer to POST');
  };
  const takes = async (at, event) => {
    await post(paths[at], event);
    expectEqual(await streams[at].inbox.next(), event, `the event of ${paths[at]}`);
  };
  for (const event of events) for (const at of paths.keys()) await takes(at, event);

  streams[1].cancel();
  await server.out.next(/^end \/two$/);
  for (const event of events) for (const at of [0, 2]) await takes(at, event);
  expectEqual(streams.map(({ inbox }) => inbox.arrived), [[], [], []], 'further events');

  expectEqual(await server.end(), { code: 0, signal: null }, 'the end of the server');
  for (const { ended } of streams) await within(5000, 'the end of a stream', ended);
}

for (const [name, Client] of [["Node's client", NodeClient], ['undici', UndiciClient]])
  for (const encrypted of [true, false])
    await step(`${name}, ${encrypted ? 'TLS' : 'prior knowledge'}: streams and requests share a connection`, async () => {
      const server = await StreamServer.start(binary, 0, encrypted ? { identity } : {});
      const client = new Client(server);
      try {
        await check(server, client);
      } finally {
        await client.close();
      }
    });

finish();

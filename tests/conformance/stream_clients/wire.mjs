// What stream_server answers, to the byte.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { ask, expect, expectEqual, pause, within } from '../../peers/support.mjs';
import { gapType, place, retry } from './checks.mjs';

const allowed = 'http://localhost:18099';
const others = ['http://localhost:18098', 'https://localhost:18099', 'http://127.0.0.1:18099', 'http://localhost',
  'null'];

// A stream's head, and its text so far.
async function read(url, headers = {}) {
  const began = Date.now();
  const stream = { text: '' };
  const answered = new Promise((done, failed) => {
    stream.request = request(url, { headers, agent: false }, done).on('error', failed);
    stream.request.end();
  });
  const response = await within(10_000, `an answer to GET ${url}`, answered);
  stream.status = response.statusCode;
  stream.headers = response.headers;
  stream.ended = new Promise(done =>
    response.on('end', () => done('a proper end')).on('error', () => done('a reset')));
  const first = new Promise(done => response.once('data', () => done(Date.now() - began)));
  response.setEncoding('utf8').on('data', text => { stream.text += text; });
  stream.first = await within(10_000, `the first byte of ${url}`, first);
  stream.until = async pattern => {
    for (let end = Date.now() + 10_000; !pattern.test(stream.text) && Date.now() < end;) await pause(5);
    expect(pattern.test(stream.text), `${pattern} in the stream, not ${JSON.stringify(stream.text.slice(-500))}`);
  };
  stream.close = () => stream.request.destroy();
  return stream;
}

const varies = /(^|,) *origin *(,|$)/i;
const blocks = text => text.split('\n\n').slice(0, -1).map(block => block.split('\n'));
const name = line => line.slice(0, Math.max(line.indexOf(':'), 0));

export const checks = [
  {
    what: '/health, /gone, /stats and publishing answer with their status',
    async check({ server }) {
      const { status, headers } = await ask('GET', `${server.url}/health`);
      expectEqual([status, headers['content-type']?.split(';')[0]], [200, 'text/plain'], 'status and type of /health');
      expectEqual((await ask('GET', `${server.url}/gone`)).status, 204, 'the status of /gone');
      await server.publish('empty', { data: 'to nobody' });
      const streams = [];
      for (const topic of ['one', 'two', 'two']) streams.push(await read(`${server.url}/topics/${topic}`));
      await server.subscribers('two', 2);
      expectEqual(Object.entries(await server.stats()).filter(([, count]) => count).sort(), [['one', 1], ['two', 2]],
        'the topics with subscribers in /stats');
      streams[1].close();
      await server.subscribers('two', 1);
      for (const stream of streams) stream.close();
    },
  },
  {
    what: 'a stream begins within 300 ms, and has a heartbeat each second',
    async check({ server }) {
      const streams = [];
      for (let n = 0; n < 5; ++n) streams.push(await read(`${server.url}/topics/beat`));
      const [stream] = streams;
      expectEqual([stream.status, stream.headers['content-type']?.replace(/; *charset=utf-8$/i, '')],
        [200, 'text/event-stream'], 'status and type of the stream');
      expect(/no-cache|no-store/.test(stream.headers['cache-control']),
        `Cache-Control that forbids to keep it, not ${stream.headers['cache-control']}`);
      const first = Math.min(...streams.map(each => each.first));
      expect(first < 300, `a first byte within 300 ms, not ${first} ms`);
      await pause(5500);
      const retries = stream.text.match(/^retry:.*$/gm);
      expectEqual(retries, [`retry: ${retry}`], 'the lines with retry');
      const beats = stream.text.match(/^:/gm)?.length ?? 0;
      expect(beats >= 3 && beats <= 7, `about 5 heartbeats in 5.5 s, not ${beats}`);
      for (const each of streams) each.close();
    },
  },
  {
    what: 'an event is written as all clients understand it',
    async check({ server }) {
      const stream = await read(`${server.url}/topics/form`);
      await server.subscribers('form', 1);
      await server.publish('form', { event: 'update', data: 'ä\nb', id: 'mine' });
      await server.publish('form', { data: 'plain' });
      await server.publish('form', { event: 'last', data: '' });
      await stream.until(/event: last\n(.*\n)*\n/);
      await pause(1200);
      expect(!/[\r\0\uFEFF]/.test(stream.text), `no CR, no NUL and no BOM in ${JSON.stringify(stream.text)}`);
      const found = blocks(stream.text);
      const told = found.filter(lines => lines.some(line => name(line) === 'data'));
      const fields = lines => lines.filter(line => !/^(id:|retry:|:)/.test(line)).map(line => line.trimEnd());
      expectEqual(told.map(fields),
        [['event: update', 'data: ä', 'data: b'], ['data: plain'], ['event: last', 'data:']],
        'the lines of the events');
      for (const lines of told) {
        const names = lines.map(name);
        expect(names.lastIndexOf('data') < names.indexOf('id'), `the id after the data in ${JSON.stringify(lines)}`);
      }
      expectEqual(told[0].at(-1), 'id: mine', 'the last line of an event with an id of its own');
      place(told[1].at(-1).slice('id: '.length));
      const idAlone = found.filter(lines => lines.some(line => name(line) === 'id') && !told.includes(lines));
      expectEqual(idAlone, [], 'blocks with an id and no data');
      stream.close();
    },
  },
  {
    what: 'an event of 4 MB is published whole, and a larger body is answered with 413',
    async check({ server }) {
      const stream = await read(`${server.url}/topics/large`);
      await server.subscribers('large', 1);
      const most = 4 * 1024 * 1024;
      const room = most - JSON.stringify({ data: '' }).length;
      const data = Array.from({ length: Math.ceil(room / 8) }, (_, n) => String(n).padStart(8)).join('').slice(0, room);
      await server.publish('large', { data });
      await stream.until(/^id: /m);
      const sent = stream.text.split('\n').find(line => name(line) === 'data');
      expect(sent === `data: ${data}`, `${room} bytes of data as they were published, not ${sent?.length} others`);
      stream.close();
      // Its head only: a connection that is closed while the body comes can take the answer with it.
      const socket = connect(server.port, '127.0.0.1');
      socket.write(`POST /topics/large HTTP/1.1\r\nHost: x\r\nContent-Length: ${most + 1}\r\n\r\n{`);
      const [answer] = await within(5000, 'an answer to a larger body', once(socket.setEncoding('latin1'), 'data'));
      socket.destroy();
      expectEqual(answer.split('\r\n')[0], 'HTTP/1.1 413 Payload Too Large', 'the answer to a larger body');
    },
  },
  {
    what: 'a drop ends all streams of its topic, properly, and no other',
    async check({ server }) {
      const [first, second, other] = await Promise.all(
        ['a', 'a', 'b'].map(topic => read(`${server.url}/topics/${topic}`)));
      await server.subscribers('a', 2);
      await server.drop('a');
      expectEqual(await within(5000, 'the end of the streams', Promise.all([first.ended, second.ended])),
        ['a proper end', 'a proper end'], 'the ends of the streams');
      await server.subscribers('a', 0);
      await server.publish('b', { data: 'still here' });
      await other.until(/data: still here/);
      other.close();
    },
  },
  {
    what: 'any bytes in Last-Event-ID are taken, and answered with a gap',
    async check({ server }) {
      for (const id of ['\u00fc\u00ff\u0080', '"():<>?@[\\]{}', ' x ', 'x'.repeat(4000), '.', '0.', '-1', '%00',
        '1.2.3', 'zzzzzzzzzzzzzzzzzzzz.zzzzzzzzzzzzzzzzzzzz']) {
        const socket = connect(server.port, '127.0.0.1');
        let text = '';
        socket.setEncoding('latin1').on('data', part => { text += part; }).on('error', () => {});
        socket.write(Buffer.from(`GET /topics/odd HTTP/1.1\r\nHost: x\r\nLast-Event-ID: ${id}\r\n\r\n`, 'latin1'));
        for (let end = Date.now() + 5000; !text.includes(gapType) && Date.now() < end;) await pause(5);
        socket.destroy();
        const what = `Last-Event-ID: ${JSON.stringify(id.slice(0, 40))}`;
        expectEqual(text.split('\r\n')[0], 'HTTP/1.1 200 OK', `the answer to ${what}`);
        expect(text.includes(`event: ${gapType}\n`), `a gap after ${what}, not ${JSON.stringify(text.slice(-300))}`);
      }
    },
  },
  {
    what: 'the allowed origin is told so, with credentials, and no other',
    async check({ server }) {
      const url = `${server.url}/topics/shared`;
      const cors = ({ headers }) =>
        [headers['access-control-allow-origin'], headers['access-control-allow-credentials']];
      const preflight = origin => ask('OPTIONS', url, { headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'last-event-id,x-token',
      } });
      const open = async origin => {
        const stream = await read(url, origin ? { Origin: origin } : {});
        stream.close();
        return stream;
      };
      const answers = { GET: await open(allowed), OPTIONS: await preflight(allowed) };
      for (const [method, answer] of Object.entries(answers)) {
        expectEqual(cors(answer), [allowed, 'true'], `Access-Control-Allow-Origin and -Credentials of ${method}`);
        expect(varies.test(answer.headers.vary), `Vary: Origin of ${method}, not ${answer.headers.vary}`);
      }
      expectEqual(Math.floor(answers.OPTIONS.status / 100), 2, 'the first digit of the status of the preflight');
      const names = answers.OPTIONS.headers['access-control-allow-headers']?.toLowerCase().split(/ *, */) ?? [];
      expect(['last-event-id', 'x-token'].every(each => names.includes(each)),
        `Last-Event-ID and X-Token in Access-Control-Allow-Headers, not ${names}`);
      for (const origin of others)
        for (const [method, answer] of [['GET', await open(origin)], ['OPTIONS', await preflight(origin)]])
          expectEqual(cors(answer)[0], undefined, `Access-Control-Allow-Origin of ${method} for ${origin}`);
      // A cache must not give the one's answer to the other.
      expect(varies.test((await open()).headers.vary), 'Vary: Origin where the request has no Origin, too');
    },
  },
];

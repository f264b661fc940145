// What every client must see of a stream, whoever wrote it.
import { events, expect, expectEqual, pause, types } from '../../peers/support.mjs';

export const retry = 700;
export const gapType = 'crier.gap';
export const allTypes = [...types, gapType];

const shown = value => JSON.stringify(value);

// An id that the server gave.
export function place(id) {
  const [, epoch, sequence] = /^([0-9a-z]+)\.([0-9a-z]+)$/.exec(id) ?? [];
  expect(epoch, `an id <epoch>.<sequence> in base36, not ${shown(id)}`);
  return { epoch, sequence: parseInt(sequence, 36) };
}

export function expectRising(arrived, what) {
  const places = arrived.map(({ id }) => place(id));
  const rises = places.every(({ epoch, sequence }, at) =>
    at === 0 || epoch === places[at - 1].epoch && sequence > places[at - 1].sequence);
  expect(rises, `${what}: ids of one epoch that rise, not ${shown(arrived.slice(0, 20).map(({ id }) => id))}`);
}

const without = ({ type, data }) => ({ type, data });
const bare = event => ({ event: event.type, data: event.data });

// Events that the server is to give ids to, with a text that says which one is missing.
function numbered(prefix, count) {
  return Array.from({ length: count }, (_, n) => {
    const { type, data } = events[n % events.length];
    return { type, data: `${prefix} ${n + 1}\n${data.length > 1000 ? '€' : data}` };
  });
}

async function publishAll(stage, topic, sent) {
  for (const event of sent) await stage.server.publish(topic, bare(event));
}

async function arrive(source, count, what) {
  const arrived = [];
  while (arrived.length < count)
    arrived.push(await source.inbox.next(`${what}: event ${arrived.length + 1} of ${count}`));
  return arrived;
}

// In order, whole, each once.
async function expectAll(source, sent, what) {
  const arrived = [];
  for (const event of sent) {
    arrived.push(await source.inbox.next(`${what}: ${shown(event).slice(0, 80)}`));
    expectEqual(without(arrived.at(-1)), event, `${what}: the next event`);
  }
  return arrived;
}

async function expectNothing(source, what, milliseconds = 300) {
  await pause(milliseconds);
  expectEqual(source.inbox.arrived, [], `${what}: further events`);
}

// Cuts the stream; what is done while the client is away is done before it can come back.
async function away(stage, topic, work) {
  const count = stage.relay.to(topic).length;
  const release = stage.relay.hold();
  try {
    await work();
    await stage.relay.asked(topic, count + 1);
  } finally {
    release();
  }
  await stage.server.subscribers(topic, 1);
  return stage.relay.to(topic)[count].headers['last-event-id'];
}

function expectGap(event, reason, what) {
  expectEqual(event.type, gapType, `${what}: the type of the first event`);
  let told;
  try {
    told = JSON.parse(event.data);
  } catch {
    throw new Error(`${what}: expected JSON as the data of the gap\nbut got ${shown(event.data)}`);
  }
  expectEqual(told.reason, reason, `${what}: the reason of the gap`);
  expect('from' in told && 'to' in told, `${what}: from and to in the gap, not ${event.data}`);
  place(event.id);
}

// After a gap comes the rest of what there is, without holes, and from then on nothing is lost.
async function expectGapAndRest(stage, topic, source, { reason, published, what }) {
  const last = numbered(`${topic} end`, 1);
  await publishAll(stage, topic, last);
  const arrived = [];
  do arrived.push(await source.inbox.next(`${what}: the gap, and what comes after it`));
  while (arrived.at(-1).data !== last[0].data);
  expectGap(arrived[0], reason, what);
  expectRising(arrived, what);
  const rest = arrived.slice(1).map(without);
  expectEqual(rest, [...published, ...last].slice(-rest.length), `${what}: what comes after the gap`);
  return rest.length - 1;
}

// The ids of a gap and of what follows it are ones to go on from.
async function expectToGoOn(stage, topic, source, what) {
  const missed = numbered(`${topic} missed`, 2);
  await away(stage, topic, async () => {
    await stage.server.drop(topic);
    await publishAll(stage, topic, missed);
  });
  await expectAll(source, missed, `${what}, then a cut`);
  await expectNothing(source, `${what}, then a cut`);
}

// How often a browser's source was open and failed, once it was either.
async function counts(source) {
  for (let end = Date.now() + 5000; Date.now() < end; await pause(20)) {
    const { open, error } = await source.counts();
    if (open || error) break;
  }
  return source.counts();
}

const begins = {
  'an id of another epoch': { id: 'zzzzzz.5', reason: 'epoch' },
  'an id that no server has given': { id: 'no-such_id~1', reason: 'invalid' },
};

export const checks = [
  {
    what: 'each event arrives as it was published, at once, and heartbeats are not seen',
    async check(stage) {
      const source = await stage.follow('all');
      const delays = [];
      for (const { type, data, id } of events) {
        const began = Date.now();
        await stage.server.publish('all', { event: type, data, id });
        const { at, ...event } = await source.inbox.next(`the event ${id}`);
        expectEqual(event, { type, data: stage.client.reads?.(data) ?? data, id }, `the event ${id}`);
        delays.push(at - began);
      }
      delays.sort((a, b) => a - b);
      const median = delays[delays.length >> 1];
      expect(median < 300, `events within 300 ms of their publishing, half of them, not ${median} ms`);
      await expectNothing(source, 'two heartbeats long', 2300);
      await stage.server.publish('all', { data: 'after a while', id: 'last' });
      expectEqual((await source.inbox.next()).data, 'after a while', 'the data of an event after a while');
      expectEqual(stage.relay.to('all').length, 1, 'the number of requests');
    },
  },
  {
    what: 'events without an id are given ids that rise',
    async check(stage) {
      const sent = numbered('given', 40);
      const source = await stage.follow('given');
      await publishAll(stage, 'given', sent);
      expectRising(await expectAll(source, sent, 'a burst'), 'a burst');
      await expectNothing(source, 'after a burst');
    },
  },
  {
    what: 'nothing is lost and nothing comes twice over cuts',
    async check(stage) {
      const source = await stage.follow('cut');
      const arrived = [];
      const take = async (sent, what) => arrived.push(...await expectAll(source, sent, what));
      for (const round of [1, 2, 3]) {
        const live = numbered(`live ${round}`, 2);
        await publishAll(stage, 'cut', live);
        await take(live, `before cut ${round}`);
        const missed = numbered(`missed ${round}`, 4);
        const lastId = await away(stage, 'cut', async () => {
          await stage.server.drop('cut');
          await publishAll(stage, 'cut', missed);
        });
        expectEqual(lastId, arrived.at(-1).id, `Last-Event-ID after cut ${round}`);
        await take(missed, `published while away, cut ${round}`);
      }
      await away(stage, 'cut', () => stage.server.drop('cut'));
      await expectNothing(source, 'after a cut in which nothing was published');
      const live = numbered('live again', 2);
      await publishAll(stage, 'cut', live);
      await take(live, 'after the last cut');
      expectRising(arrived, 'all events');
    },
  },
  {
    what: `retry: ${retry} is honoured`,
    async check(stage) {
      const source = await stage.follow('retry');
      const waits = [];
      for (const round of [1, 2, 3]) {
        // undici takes the time in at the end of a block only, not at its line.
        await publishAll(stage, 'retry', numbered('before a cut', 1));
        await source.inbox.next('an event before the cut');
        const cut = Date.now();
        await stage.server.drop('retry');
        waits.push((await stage.relay.asked('retry', round + 1)).at - cut);
        await stage.server.subscribers('retry', 1);
      }
      // A busy machine makes waits longer, never shorter.
      const wait = Math.min(...waits);
      const limit = Math.min((retry + stage.client.reconnectionTime) / 2, 2 * retry);
      expect(wait > 0.9 * retry && wait < limit, `the client to come back after ${retry} ms, or at least less than ` +
        `${limit} ms, not after its own ${stage.client.reconnectionTime} ms; the waits were ${waits.join(', ')} ms`);
    },
  },
  {
    what: '?last_event_id= tells where to begin, and Last-Event-ID goes before it',
    async check(stage) {
      const sent = numbered('kept', 5);
      const first = await stage.follow('begin');
      await publishAll(stage, 'begin', sent);
      const arrived = await expectAll(first, sent, 'live');
      await first.close();
      await stage.server.subscribers('begin', 0);
      const source = await stage.follow('begin', { query: `?last_event_id=${arrived[1].id}` });
      await expectAll(source, sent.slice(2), 'after the id of the query');
      await expectToGoOn(stage, 'begin', source, 'after the id of the query');
    },
  },
  {
    what: 'a Last-Event-ID to begin with is followed by what came after it',
    needs: 'takesLastEventId',
    async check(stage) {
      const sent = numbered('kept', 5);
      const first = await stage.follow('begin');
      await publishAll(stage, 'begin', sent);
      const arrived = await expectAll(first, sent, 'live');
      await first.close();
      await stage.server.subscribers('begin', 0);
      const source = await stage.follow('begin', { lastEventId: arrived[1].id });
      await expectAll(source, sent.slice(2), 'after the Last-Event-ID');
      await expectNothing(source, 'after the Last-Event-ID');
    },
  },
  ...Object.entries(begins).map(([what, { id, reason }]) => ({
    what: `${what} is answered with a gap, once`,
    async check(stage) {
      const published = numbered('kept', 3);
      await publishAll(stage, 'gap', published);
      const source = await stage.follow('gap', { query: `?last_event_id=${id}` });
      await expectGapAndRest(stage, 'gap', source, { reason, published, what });
      await expectToGoOn(stage, 'gap', source, what);
      if (!stage.client.takesLastEventId) return;
      await source.close();
      await stage.server.subscribers('gap', 0);
      const second = await stage.follow('gap', { lastEventId: id });
      expectGap(await second.inbox.next(`${what} in Last-Event-ID: the gap`), reason, `${what} in Last-Event-ID`);
    },
  })),
  {
    what: 'a restarted server tells of a gap, once',
    async check(stage) {
      const source = await stage.follow('restart');
      const before = numbered('before', 3);
      await publishAll(stage, 'restart', before);
      const arrived = await expectAll(source, before, 'before the restart');
      const missed = numbered('after', 2);
      const lastId = await away(stage, 'restart', async () => {
        await stage.restart();
        await publishAll(stage, 'restart', missed);
      });
      expectEqual(lastId, arrived.at(-1).id, 'Last-Event-ID after the restart');
      await expectGapAndRest(stage, 'restart', source,
        { reason: 'epoch', published: missed, what: 'after the restart' });
      await expectToGoOn(stage, 'restart', source, 'after the restart');
    },
  },
  {
    what: 'who misses more than the history holds is told of a gap, and gets the rest',
    async check(stage) {
      const source = await stage.follow('long');
      const before = numbered('before', 2);
      await publishAll(stage, 'long', before);
      await expectAll(source, before, 'before the cut');
      const missed = Array.from({ length: 1100 }, (_, n) => ({ type: 'message', data: `missed ${n + 1}` }));
      await away(stage, 'long', async () => {
        await stage.server.drop('long');
        await publishAll(stage, 'long', missed);
      });
      const what = 'after 1100 events with a history of 1000';
      const count = await expectGapAndRest(stage, 'long', source, { reason: 'evicted', published: missed, what });
      expect(count > 900, `${what}: more than 900 of them after the gap, not ${count}`);
      await expectToGoOn(stage, 'long', source, what);
    },
  },
  {
    what: '204 stops the client for good',
    needs: 'stopsAtNoContent',
    async check(stage) {
      const source = await stage.open('/gone');
      for (let end = Date.now() + 5000; await source.state() !== 'closed' && Date.now() < end;) await pause(20);
      expectEqual(await source.state(), 'closed', 'the state of the client');
      await pause(retry);
      const asked = stage.relay.requests.filter(({ target }) => target === '/gone');
      expectEqual([await source.state(), asked.length], ['closed', 1],
        'the state of the client and the number of its requests, a while later');
    },
  },
  {
    what: 'a page of the allowed origin reads and resumes with credentials, without a preflight',
    needs: 'newPage',
    async check(stage) {
      const page = await stage.client.newPage(18099);
      const base = stage.relay.url.replace('127.0.0.1', 'localhost');
      try {
        await page.setCookie('visitor=7');
        const sent = numbered('shared', 3);
        const source = await stage.open('/topics/cors', { page, base, withCredentials: true });
        expectEqual(await counts(source), { open: 1, error: 0 }, 'how often the source was open and failed');
        await stage.server.subscribers('cors', 1);
        await publishAll(stage, 'cors', sent);
        await expectAll(source, sent, 'across origins');
        await expectToGoOn(stage, 'cors', source, 'across origins');
        expectEqual(stage.relay.requests.map(({ method, headers }) => [method, headers.origin, headers.cookie]),
          Array(2).fill(['GET', 'http://localhost:18099', 'visitor=7']), 'method, Origin and Cookie of the requests');
        const fetched = await page.fetch(`${base}/topics/asked`, { 'X-Token': 't', 'Last-Event-ID': '"{odd}"' });
        expectEqual(fetched, { status: 200 }, 'a fetch with X-Token and a Last-Event-ID that needs a preflight');
        expectEqual(stage.relay.to('asked').map(({ method, headers }) => [method, headers['x-token']]),
          [['OPTIONS', undefined], ['GET', 't']], 'method and X-Token of the requests');
      } finally {
        await page.close();
      }
    },
  },
  {
    what: 'a page of another origin reads nothing',
    needs: 'newPage',
    async check(stage) {
      for (const withCredentials of [true, false]) {
        const page = await stage.client.newPage(0);
        const base = stage.relay.url.replace('127.0.0.1', 'localhost');
        const topic = `refused${withCredentials}`;
        try {
          const source = await stage.open(`/topics/${topic}`, { page, base, withCredentials });
          await stage.relay.asked(topic, 1);
          const what = `${withCredentials ? 'with' : 'without'} credentials`;
          expectEqual(await counts(source), { open: 0, error: 1 }, `how often the source was open and failed, ${what}`);
          await publishAll(stage, topic, numbered('secret', 2));
          await expectNothing(source, what);
        } finally {
          await page.close();
        }
      }
    },
  },
];

// Our server, read by the npm packages eventsource and eventsource-parser:
// node packages.mjs <stream server>
import {
  Inbox, StreamServer, events, expect, expectEqual, finish, importPackage, step, types, within,
} from './support.mjs';

const [binary] = process.argv.slice(2);
if (!binary) {
  console.error('usage: node packages.mjs <stream server>');
  process.exit(2);
}
const { EventSource } = await importPackage('eventsource');
const { createParser } = await importPackage('eventsource-parser');

function open(url) {
  const inbox = new Inbox();
  const source = new EventSource(url);
  for (const type of types)
    source.addEventListener(type, ({ data, lastEventId }) => inbox.put({ type, data, id: lastEventId }));
  return { source, inbox };
}

await step('eventsource gets every event as it was published', async () => {
  const server = await StreamServer.start(binary);
  const { source, inbox } = open(new URL('/all', server.url));
  try {
    await server.read('/all');
    for (const event of events) {
      await server.publish('/all', event);
      expectEqual(await inbox.next(), event, 'the event');
    }
  } finally {
    source.close();
  }
  await server.out.next(/^end \/all$/);
  expectEqual(inbox.arrived, [], 'further events');
});

await step('eventsource takes a burst of events in order', async () => {
  const server = await StreamServer.start(binary);
  const { source, inbox } = open(new URL('/burst', server.url));
  const burst = Array.from({ length: 50 }, (_, n) => ({ type: 'update', data: `event\n${n}`, id: `${n}` }));
  try {
    await server.read('/burst');
    for (const event of burst) await server.publish('/burst', event);
    for (const event of burst) expectEqual(await inbox.next(), event, 'the event');
  } finally {
    source.close();
  }
});

await step('eventsource comes back to a restarted server, with Last-Event-ID', async () => {
  let server = await StreamServer.start(binary);
  const { source, inbox } = open(new URL('/again', server.url));
  try {
    expectEqual(await server.read('/again'), '', 'Last-Event-ID of the first request');
    await server.publish('/again', { ...events[0], retry: 50 });
    expectEqual(await inbox.next(), events[0], 'the event before');
    expectEqual(await server.end(), { code: 0, signal: null }, 'the end of the server');
    server = await StreamServer.start(binary, server.port);
    expectEqual(await server.read('/again'), events[0].id, 'Last-Event-ID');
    await server.publish('/again', events[1]);
    expectEqual(await inbox.next(), events[1], 'the event after');
  } finally {
    source.close();
  }
});

await step('eventsource-parser gets every event, one byte at a time, and finds no error', async () => {
  const server = await StreamServer.start(binary);
  const inbox = new Inbox();
  const parser = createParser({
    onEvent: ({ event: type = 'message', data, id }) => inbox.put({ type, data, id }),
    onError: error => inbox.put(error),
    onRetry: milliseconds => inbox.put({ milliseconds }),
  });
  const asking = new AbortController();
  const response = await fetch(new URL('/bytes', server.url), { signal: asking.signal });
  expectEqual(response.headers.get('content-type'), 'text/event-stream', 'the content type');
  const decoder = new TextDecoder();
  const reading = (async () => {
    for await (const chunk of response.body)
      for (const byte of chunk) parser.feed(decoder.decode(Uint8Array.of(byte), { stream: true }));
  })();
  await server.read('/bytes');
  for (const event of events) {
    await server.publish('/bytes', event);
    expectEqual(await inbox.next(), event, 'the event');
  }
  await server.publish('/bytes', { data: 'last', retry: 1234 });
  expectEqual(await inbox.next(), { milliseconds: 1234 }, 'the reconnection time');
  expectEqual(await inbox.next(), { type: 'message', data: 'last', id: undefined }, 'an event of data alone');
  server.process.kill('SIGTERM');
  await within(5000, 'the end of the stream', reading);
  expect(inbox.arrived.length === 0, `nothing more, not ${JSON.stringify(inbox.arrived)}`);
});

finish();

// Our server, read by the EventSource of a real browser: node chromium.mjs <stream server>
import { launchChromium } from './browsers.mjs';
import { StreamServer, events, expectEqual, finish, step, types } from './support.mjs';

const [binary] = process.argv.slice(2);
if (!binary) {
  console.error('usage: node chromium.mjs <stream server>');
  process.exit(2);
}
const browser = await launchChromium();

// A page with a source, whose events are taken one after the other.
async function open(url, topic) {
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(url);
  await page.evaluate(([path, names]) => {
    window.arrived = [];
    window.source = new EventSource(path);
    for (const type of names)
      window.source.addEventListener(type, ({ data, lastEventId }) =>
        window.arrived.push({ type, data, id: lastEventId }));
  }, [topic, types]);
  return {
    page,
    next: async () => {
      await page.waitForFunction(() => window.arrived.length > 0);
      return page.evaluate(() => window.arrived.shift());
    },
    left: () => page.evaluate(() => window.arrived),
  };
}

try {
  await step('EventSource gets every event as it was published', async () => {
    const server = await StreamServer.start(binary);
    const { page, next, left } = await open(server.url, '/all');
    await server.read('/all');
    for (const event of events) {
      await server.publish('/all', event);
      expectEqual(await next(), event, 'the event');
    }
    await server.publish('/all', { data: 'no type, no id' });
    expectEqual(await next(), { type: 'message', data: 'no type, no id', id: events.at(-1).id }, 'the id is kept');
    await page.evaluate(() => window.source.close());
    await server.out.next(/^end \/all$/);
    expectEqual(await left(), [], 'further events');
    await page.close();
  });

  await step('EventSource takes a burst of events in order', async () => {
    const server = await StreamServer.start(binary);
    const { page, next, left } = await open(server.url, '/burst');
    const burst = Array.from({ length: 50 }, (_, n) => ({ type: 'update', data: `event\n${n}`, id: `${n}` }));
    await server.read('/burst');
    for (const event of burst) await server.publish('/burst', event);
    for (const event of burst) expectEqual(await next(), event, 'the event');
    expectEqual(await left(), [], 'further events');
    await page.close();
  });

  await step('EventSource comes back to a restarted server, with Last-Event-ID', async () => {
    let server = await StreamServer.start(binary);
    const { page, next } = await open(server.url, '/again');
    expectEqual(await server.read('/again'), '', 'Last-Event-ID of the first request');
    await server.publish('/again', { ...events[0], retry: 50 });
    expectEqual(await next(), events[0], 'the event before');
    expectEqual(await server.end(), { code: 0, signal: null }, 'the end of the server');
    server = await StreamServer.start(binary, server.port);
    expectEqual(await server.read('/again'), events[0].id, 'Last-Event-ID');
    await server.publish('/again', events[1]);
    expectEqual(await next(), events[1], 'the event after');
    await page.close();
  });
} finally {
  await browser.close();
}

finish();

// A page with an EventSource as it is loses nothing over cuts, nor while it stands still:
// node resume.mjs <stream_server>
import { Server } from '../conformance/stream_clients/stage.mjs';
import { launchChromium } from '../peers/browsers.mjs';
import { expect, expectEqual, finish, pause, step } from '../peers/support.mjs';

const [binary] = process.argv.slice(2);
if (!binary) {
  console.error('usage: node resume.mjs <stream_server>');
  process.exit(2);
}
const topic = 'numbers';
const cuts = 20;
const pauses = [4, 9, 14];
const pauseLength = 2000;

// Runs in the page.
function follow(url) {
  window.source = new EventSource(url);
  window.record = [];
  window.opened = 0;
  source.onopen = () => { ++opened; };
  source.onmessage = ({ data }) => record.push(Number(data));
  source.addEventListener('crier.gap', ({ data }) => record.push(data));
  window.stoodStill = [];
  let last = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (now - last > 1000) stoodStill.push(now - last);
    last = now;
  }, 20);
}

// Numbers from 1 on, until it is told to stop.
class Publisher {
  constructor(server) {
    this.count = 0;
    this.done = (async () => {
      while (!this.stopped) {
        await server.publish(topic, { data: String(this.count + 1) });
        ++this.count;
        await pause(20);
      }
    })();
    this.done.catch(() => {});
  }

  async stop() {
    this.stopped = true;
    await this.done;
    return this.count;
  }
}

// A paused debugger holds all of a page's scripts and timers, while the network goes on. A frozen
// lifecycle state does not: headless pages run on in it.
async function standStill(devtools, work) {
  const isPaused = new Promise(done => devtools.once('Debugger.paused', done));
  await devtools.send('Debugger.enable');
  await devtools.send('Debugger.pause');
  await isPaused;
  try {
    await work();
  } finally {
    await devtools.send('Debugger.resume');
    await devtools.send('Debugger.disable');
  }
}

// The first place where the record is not what was published.
function expectRecord(record, count) {
  const wanted = Array.from({ length: count }, (_, n) => n + 1);
  const at = wanted.findIndex((number, n) => record[n] !== number);
  if (at >= 0 || record.length !== count)
    expectEqual(record.slice(Math.max(at - 3, 0)).slice(0, 10), wanted.slice(Math.max(at - 3, 0)).slice(0, 10),
      `${record.length} events of ${count}, from number ${Math.max(at - 3, 0) + 1} on`);
}

const browser = await launchChromium();
try {
  await step(`Chromium: nothing is lost over ${cuts} cuts and ${pauses.length} pauses`, async () => {
    const server = await Server.start(binary);
    const page = await browser.newPage();
    await page.goto(`${server.url}/health`);
    const devtools = await page.context().newCDPSession(page);
    await page.evaluate(follow, `/topics/${topic}`);
    await server.subscribers(topic, 1);
    const publisher = new Publisher(server);
    // Before its first event, a page has no id to come back with.
    await page.waitForFunction(() => record.length > 0);
    for (let cut = 0; cut < cuts; ++cut) {
      await server.subscribers(topic, 1);
      await pause(37 * cut % 300);
      if (pauses.includes(cut))
        await standStill(devtools, async () => {
          await pause(pauseLength / 2);
          await server.drop(topic);
          await pause(pauseLength / 2);
        });
      else await server.drop(topic);
    }
    await server.subscribers(topic, 1);
    // And a pause in which the stream stays.
    await standStill(devtools, () => pause(pauseLength));
    const count = await publisher.stop();
    await page.waitForFunction(last => record.includes(last), count, { timeout: 10_000 })
      .catch(() => console.log(`note: the last event, ${count}, has not come`));
    await pause(500);
    const { record, opened, stoodStill } = await page.evaluate(() => ({ record, opened, stoodStill }));
    expectRecord(record, count);
    expectEqual(opened, cuts + 1, 'how often the stream was opened');
    expect(count > 500, `more than 500 events, not ${count}`);
    expect(stoodStill.filter(length => length > 0.9 * pauseLength).length === pauses.length + 1,
      `${pauses.length + 1} times of ${pauseLength} ms in which the page stood still, not ${stoodStill}`);
    server.expectRunning();
    await page.close();
  });
} finally {
  await browser.close();
}

finish();

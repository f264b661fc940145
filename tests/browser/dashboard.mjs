// The dashboard in a real browser: node dashboard.mjs <dashboard binary> <directory of screenshots>
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Relay } from '../conformance/stream_clients/relay.mjs';
import { launchChromium } from '../peers/browsers.mjs';
import { ask, pause } from '../peers/support.mjs';

const topics = ['cpu', 'memory', 'network', 'disk', 'load', 'processes', 'streams', 'messages'];
const polled = topics.filter(topic => topic !== 'messages');
const linger = 10_000; // of the server's sampling, once nobody looks
const patience = 30_000; // with a machine that is busy with other tests

const [binary, screenshots] = process.argv.slice(2);
if (!binary || !screenshots) {
  console.error('usage: node dashboard.mjs <dashboard binary> <directory of screenshots>');
  process.exit(2);
}
mkdirSync(screenshots, { recursive: true });

// ---- the server ----

const running = new Set();

class Server {
  constructor(...options) {
    this.out = '';
    this.log = '';
    this.waiting = new Set();
    this.process = spawn(resolve(binary), options, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.process);
    this.process.stdout.setEncoding('utf8').on('data', text => { this.out += text; this.wake(); });
    this.process.stderr.setEncoding('utf8').on('data', text => { this.log += text; this.wake(); });
    this.ended = new Promise(done => this.process.on('close', (code, signal) => {
      running.delete(this.process);
      this.isEnded = true;
      this.wake();
      done({ code, signal });
    }));
  }

  wake() { for (const check of [...this.waiting]) check(); }

  // The first match in what the server wrote since the mark; no polling, as each output wakes it.
  async wrote(stream, pattern, { since = 0, within = patience } = {}) {
    return new Promise((done, failed) => {
      const stop = () => { clearTimeout(timer); this.waiting.delete(check); };
      const give = why => { stop(); failed(new Error(`${pattern} ${why}; it wrote:\n${this[stream].slice(since)}`)); };
      const timer = setTimeout(() => give(`was not written within ${within} ms`), within);
      const check = () => {
        const match = pattern.exec(this[stream].slice(since));
        if (match) { stop(); done(match); } else if (this.isEnded) give('was not written before the server ended');
      };
      this.waiting.add(check);
      check();
    });
  }

  polling(topic, change, options) {
    return this.wrote('log', new RegExp(`polling\\b.*\\b${topic}\\b.*\\b${change}`), options);
  }

  async url() { return (await this.wrote('out', /http:\/\/[\w.:[\]]+\//))[0]; }
}

// ---- steps ----

let failures = 0;
const started = Date.now();

async function step(name, check) {
  const begin = Date.now();
  try {
    await check();
    console.log(`ok      ${name} (${Date.now() - begin} ms)`);
  } catch (error) {
    ++failures;
    console.log(`failed  ${name}\n        ${String(error.message ?? error).replaceAll('\n', '\n        ')}`);
  }
}

function expect(value, what) {
  if (!value) throw new Error(`expected: ${what}`);
}

const stateIs = (page, name, timeout = patience) =>
  page.waitForFunction(wanted => document.querySelector('#state').textContent === wanted, name, { timeout });

const cellIs = (page, topic, cell, wanted, timeout = patience) =>
  page.waitForFunction(([row, column, value]) =>
    document.querySelector(`tr[data-topic=${row}] .${column}`)?.textContent === value,
  [topic, cell, wanted], { timeout });

const picture = (page, topic) => page.evaluate(name =>
  document.querySelector(`[data-topic=${name}] canvas`).toDataURL(), topic);

// Runs in the page: how many pixels have about the colour of the first pen, which only data draws, as
// edges are blended; all of them, or those between two times on the paper.
function ink(name, from, to) {
  const canvas = document.querySelector(`[data-topic=${name}] canvas`);
  const probe = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height })
    .getContext('2d', { willReadFrequently: true });
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--pen-a');
  probe.fillRect(0, 0, 1, 1);
  const pen = probe.getImageData(0, 0, 1, 1).data;
  probe.clearRect(0, 0, 1, 1);
  probe.drawImage(canvas, 0, 0);
  const right = canvas.width - axisWidth * devicePixelRatio;
  const x = at => Math.round(right - (paperTime() - at) * right / span);
  const left = from ? x(from) : 0;
  const { data } = probe.getImageData(left, 0, to ? x(to) - left : canvas.width, canvas.height);
  let found = 0;
  for (let i = 0; i < data.length; i += 4) {
    const distance = [0, 1, 2].reduce((sum, color) => sum + Math.abs(data[i + color] - pen[color]), 0);
    if (data[i + 3] > 200 && distance < 120) ++found;
  }
  return found;
}

const inkOf = (page, topic, from, to) => page.evaluate(`(${ink})('${topic}', ${from}, ${to})`);
const inked = (page, topic) => page.waitForFunction(`(${ink})('${topic}') > 20`, null, { timeout: patience });

const complaints = [];
let networkErrorsExpected = false;

function watch(page) {
  page.on('pageerror', error => complaints.push(`error: ${error.message}`));
  page.on('console', message => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    if (networkErrorsExpected && /net::ERR_|status of 503/.test(message.text())) return;
    complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('request', request => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') complaints.push(`request to ${request.url()}`);
  });
  return page;
}

const send = async (page, text) => {
  await page.fill('#message-text', text);
  await page.click('#message-send');
};

const messageIs = (page, text) => page.waitForFunction(wanted =>
  document.querySelector('#messages li p')?.textContent === wanted, text, { timeout: patience });

const post = (url, text) => ask('POST', `${url}messages`,
  { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text }) });

// The first event of a topic's stream, as its data.
async function firstEvent(url, topic) {
  const stream = await fetch(`${url}events?topic=${topic}`);
  let text = '';
  for await (const part of stream.body) {
    text += Buffer.from(part);
    const data = /^data: ?(.*)\n/m.exec(text);
    if (data) return JSON.parse(data[1]);
  }
  throw new Error(`no event of ${topic}, but ${text}`);
}

const noticeIs = (page, wanted) => page.waitForFunction(pattern =>
  !document.querySelector('#slip').hidden && new RegExp(pattern).test(document.querySelector('#notice').textContent),
wanted.source, { timeout: patience }).catch(async () => {
  throw new Error(`no notice like ${wanted}, but: ${await page.textContent('#notice')}`);
});

// The times of a chart's samples, how often its line is broken, and where.
const samplesOf = (page, topic) => page.evaluate(name => {
  const { samples } = lanes[name];
  return {
    times: samples.map(({ at }) => at),
    breaks: samples.flatMap(({ broken, at }, i) => broken && i ? [{ from: samples[i - 1].at, to: at }] : []),
  };
}, topic);

const samplesAfter = (page, topic, at, count) => page.waitForFunction(([name, since, wanted]) =>
  lanes[name].samples.filter(sample => sample.at > since).length >= wanted, [topic, at, count], { timeout: patience });

// One that never stays, as the use of a busy CPU may.
async function figuresChange(page) {
  const before = await page.textContent('[data-figure=delivered]');
  await page.waitForFunction(old =>
    document.querySelector('[data-figure=delivered]').textContent !== old, before, { timeout: patience });
}

// Whether the charts have the samples of a time when the page was away, as another page got them.
async function samplesAreThoseOf(other, page, { from, to }) {
  const now = Date.now();
  for (const topic of ['cpu', 'memory', 'network', 'disk', 'load']) {
    await samplesAfter(page, topic, now, 2);
    const { times, breaks } = await samplesOf(page, topic);
    times.pop(); // the newest, which the other page may not have got yet
    const ofOther = (await samplesOf(other, topic)).times.filter(at => at >= times[0] && at <= times.at(-1));
    expect(ofOther.join() === times.join(), `the samples of ${topic} at ${ofOther}, but got them at ${times}`);
    expect(times.some(at => at > from && at < to), `samples of ${topic} that were missed`);
    expect(breaks.length === 0, `an unbroken line of ${topic}`);
  }
}

const place = page => page.evaluate(() => JSON.stringify(document.querySelector('main').getBoundingClientRect()));

const browser = await launchChromium();

try {
  let server = new Server('--port', '0');
  const url = await server.url();
  const port = new URL(url).port;
  const open = async options => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    const page = watch(await context.newPage());
    await page.goto(url);
    return page;
  };
  let first = await open();
  let second;

  await step('the page becomes live and every panel gets values', async () => {
    await stateIs(first, 'live');
    for (const topic of polled)
      await first.waitForFunction(name =>
        /\d/.test(document.querySelector(`[data-topic=${name}] .value`).textContent), topic, { timeout: patience });
    await first.waitForFunction(() =>
      document.querySelectorAll('[data-topic=processes] tbody tr').length > 0);
    for (const topic of topics) await first.waitForSelector(`tr[data-topic=${topic}]`);
    for (const topic of polled) await server.polling(topic, 'started');
    expect(await first.title() === 'crier dashboard', 'the title');
  });

  await step('charts draw data and move', async () => {
    for (const topic of ['cpu', 'memory', 'network', 'disk', 'load']) {
      await first.locator(`[data-topic=${topic}] canvas`).scrollIntoViewIfNeeded();
      await inked(first, topic);
      const before = await picture(first, topic);
      await first.waitForFunction(([name, old]) =>
        document.querySelector(`[data-topic=${name}] canvas`).toDataURL() !== old, [topic, before], { timeout: patience });
    }
    await figuresChange(first);
  });

  await step('the reading line shows values at a time, by pointer and by key', async () => {
    await first.focus('#sheet');
    await first.keyboard.press('ArrowLeft');
    await first.keyboard.press('ArrowRight');
    await first.waitForFunction(() =>
      /\d\d:\d\d:\d\d: cpu all cores [\d.]+ %/.test(document.querySelector('#reading').textContent));
    await first.keyboard.press('Escape');
    expect(await first.textContent('#reading') === '', 'Escape removes the reading');
    await first.locator('[data-topic=cpu] canvas').hover();
    await first.waitForFunction('cursorAge !== null');
    await first.mouse.move(0, 0);
    await first.waitForFunction('cursorAge === null');
  });

  await step('two tabs both show a posted message, and text stays text', async () => {
    second = await open();
    await stateIs(second, 'live');
    await send(first, 'plain words');
    for (const page of [first, second]) await messageIs(page, 'plain words');
    const hostile = '"quotes" \'and\' <b>bold</b> <img src=x onerror="document.title=1"> \u{1F4E3}\nsecond line \\n &amp;';
    await send(second, hostile);
    for (const page of [first, second]) {
      await messageIs(page, hostile);
      expect(await page.locator('#messages b, #messages img').count() === 0, 'no element from a message');
      expect(await page.title() === 'crier dashboard', 'no script from a message');
    }
    expect(await second.inputValue('#message-text') === '', 'the field is empty once sent');
  });

  await step('a refused message shows the error text of the server and stays in the field', async () => {
    networkErrorsExpected = true;
    const ignored = complaints.length;
    await send(first, 'x'.repeat(501));
    await first.waitForFunction(() => document.querySelector('#message-error').textContent.length > 3);
    expect((await first.inputValue('#message-text')).length === 501, 'the text is still there');
    // The browser itself reports each answer of 4xx.
    complaints.splice(ignored, complaints.length,
      ...complaints.slice(ignored).filter(line => !/status of 4(00|13)/.test(line)));
    networkErrorsExpected = false;
    await send(first, 'short again');
    await messageIs(second, 'short again');
    expect(await first.textContent('#message-error') === '', 'the error is gone');
  });

  await step('the streams table counts two tabs and names what is polled', async () => {
    for (const topic of topics) await cellIs(first, topic, 'subscribers', '2');
    for (const topic of polled) await cellIs(first, topic, 'polled', 'polling');
    await cellIs(first, 'messages', 'polled', 'idle');
    await first.waitForFunction(() =>
      Number(document.querySelector('tr[data-topic=cpu] .rate').textContent) > 0);
  });

  await step('a panel paused in both tabs is no longer polled; resumed, it is again', async () => {
    const toggle = (page, topic) => page.click(`section[data-topic=${topic}] .pause`);
    await toggle(first, 'disk');
    await cellIs(second, 'disk', 'subscribers', '1');
    await cellIs(second, 'disk', 'polled', 'polling');
    let mark = server.log.length;
    await toggle(second, 'disk');
    await server.polling('disk', 'stopped', { since: mark, within: linger + patience });
    await cellIs(first, 'disk', 'polled', 'idle');
    await cellIs(first, 'disk', 'subscribers', '0');
    await first.reload();
    await stateIs(first, 'live');
    await cellIs(first, 'disk', 'polled', 'idle');
    expect(await first.getAttribute('section[data-topic=disk] .pause', 'aria-label') === 'resume Disk',
      'a paused panel stays paused when the page is reloaded');
    mark = server.log.length;
    await toggle(first, 'disk');
    await toggle(second, 'disk');
    await server.polling('disk', 'started', { since: mark });
    await cellIs(first, 'disk', 'polled', 'polling');
    await cellIs(first, 'disk', 'subscribers', '2');
    await first.waitForFunction(() => /\d/.test(document.querySelector('[data-topic=disk] .value').textContent));
  });

  await step('closing the tabs stops all polling after a while', async () => {
    const mark = server.log.length;
    await Promise.all([first.context().close(), second.context().close()]);
    const begin = Date.now();
    const within = linger + patience;
    await Promise.all(polled.map(topic => server.polling(topic, 'stopped', { since: mark, within })
      .then(() => expect(Date.now() - begin > linger - 1000, `${topic} still polled for those who come back`))));
    await pause(3500);
    const opened = Date.now();
    const page = await open();
    await samplesAfter(page, 'cpu', opened, 2);
    expect((await samplesOf(page, 'cpu')).times[0] >= opened, 'no chart with what was long ago');
    await page.context().close();
  });

  await step('a page that shows nothing but messages hears that its quiet server is there', async () => {
    const page = await open();
    const heard = await page.evaluate(() => new Promise((told, failed) => {
      const source = new EventSource('/events?topic=messages');
      setTimeout(() => failed(new Error('no heartbeat in 30 s')), 30_000);
      source.addEventListener('crier.heartbeat', event => { source.close(); told(event.data); });
    }));
    expect(heard === '', 'a heartbeat has no data');
    await page.context().close();
  });

  await step('a silent server is shown as stale, and as live when it speaks again', async () => {
    const context = await browser.newContext();
    const page = watch(await context.newPage());
    await page.clock.install();
    await page.goto(url);
    await stateIs(page, 'live');
    const asked = page.waitForRequest(/last_event_id=\w+\.\w+$/);
    asked.catch(() => {});
    await page.waitForFunction(() => /\d/.test(document.querySelector('[data-topic=cpu] .value').textContent));
    const detail = wanted => page.waitForFunction(
      pattern => RegExp(pattern).test(document.querySelector('#detail').textContent), wanted);
    server.process.kill('SIGSTOP');
    try {
      await page.clock.fastForward(6000);
      await detail('^silent for \\d+ s$');
      await stateIs(page, 'live');
    } finally {
      server.process.kill('SIGCONT');
    }
    await page.clock.runFor(1000);
    await detail('^$');
    server.process.kill('SIGSTOP');
    try {
      await page.clock.fastForward(45_000);
      await stateIs(page, 'stale');
    } finally {
      server.process.kill('SIGCONT');
    }
    await stateIs(page, 'live');
    await asked;
    await noticeIs(page, /^Back after \d+ s: /);
    await context.close();
  });

  await step('a restart of the server is survived and noticed', async () => {
    first = await open();
    await stateIs(first, 'live');
    await samplesAfter(first, 'cpu', 0, 3);
    networkErrorsExpected = true;
    server.process.kill('SIGTERM');
    await stateIs(first, 'lost');
    expect((await server.ended).code === 0, 'SIGTERM ends the server with 0');
    server = new Server('--port', port);
    expect(await server.url() === url, 'the same address');
    await stateIs(first, 'live');
    networkErrorsExpected = false;
    await first.waitForFunction('lanes.cpu.samples.filter(sample => sample.broken).length === 2');
    await noticeIs(first, /the server was restarted/);
    await figuresChange(first);
  });

  await step('a crash of the server is survived: charts break and go on, and the page says why', async () => {
    await samplesAfter(first, 'cpu', 0, 4);
    const before = await samplesOf(first, 'cpu');
    const layout = await place(first);
    networkErrorsExpected = true;
    const killedAt = Date.now();
    server.process.kill('SIGKILL');
    await stateIs(first, 'lost');
    expect(await first.isHidden('#slip'), 'no notice of the last time while the page is cut off');
    expect(await place(first) === layout, 'the same layout while the page is cut off');
    await server.ended;
    await pause(5000);
    server = new Server('--port', port);
    await server.url();
    await stateIs(first, 'live');
    const outage = Date.now() - killedAt;
    networkErrorsExpected = false;
    await noticeIs(first, /^Back after \d+ s: the server was restarted, its earlier history is gone\.$/);
    expect(await place(first) === layout, 'the same layout with a notice');
    // As many as bring the break from the edge onto the paper.
    await samplesAfter(first, 'cpu', before.times.at(-1) + 2000, 5);
    const after = await samplesOf(first, 'cpu');
    expect(after.breaks.length === before.breaks.length + 1, `one break more, not ${JSON.stringify(after.breaks)}`);
    const { from, to } = after.breaks.at(-1);
    expect(to - from > 5000 && to - from < outage + 5000,
      `a break as long as the outage of ${outage} ms, not ${to - from} ms`);
    expect(await inkOf(first, 'cpu', from + 1500, to - 1500) === 0, 'nothing drawn across the break');
    expect(await inkOf(first, 'cpu', from - 3000, from) > 0, 'data drawn before it');
    await first.click('#dismiss');
    expect(await first.isHidden('#slip'), 'the notice is gone once dismissed');
  });

  await step('a page that was cut off gets what it missed, once, and says so', async () => {
    const relay = await Relay.to(port);
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    const page = watch(await context.newPage());
    await page.goto(relay.url);
    await stateIs(page, 'live');
    await samplesAfter(page, 'load', 0, 2);
    networkErrorsExpected = true;
    const release = relay.hold();
    const cutAt = Date.now();
    relay.cut();
    await stateIs(page, 'lost');
    expect((await post(url, 'said meanwhile')).status === 202, 'a message posted');
    await pause(6000);
    const backAt = Date.now();
    release();
    await stateIs(page, 'live');
    networkErrorsExpected = false;
    await noticeIs(page, /^Back after \d+ s: \d+ s of samples and 1 message recovered\.$/);
    await messageIs(page, 'said meanwhile');
    // What is resumed begins with the last messages and samples, those that are shown too.
    for (const state of ['paused', 'live']) {
      await page.click('section[data-topic=messages] .pause');
      await stateIs(page, 'live');
      if (state === 'paused') await post(url, 'said in the pause');
    }
    await messageIs(page, 'said in the pause');
    const said = await page.locator('#messages p').allTextContents();
    expect(said.filter(text => text === 'said meanwhile').length === 1, `the message once: ${said}`);
    await samplesAreThoseOf(first, page, { from: cutAt, to: backAt });
    expect(await inkOf(page, 'cpu', cutAt + 1000, backAt - 1000) > 0, 'data drawn where they were missed');
    await context.close();
    relay.close();
  });

  await step('a new page begins with the newest samples and the last messages', async () => {
    // While somebody else looks, so that no sample is taken because of the new one.
    for (const topic of ['load', 'processes', 'cpu']) {
      const asked = Date.now();
      const { at } = await firstEvent(url, topic);
      expect(at < asked, `a sample of ${topic} from before it was asked for`);
    }
    for (let i = 1; i <= 25; ++i) await post(url, `number ${i}`);
    const page = await open();
    await page.waitForFunction(() => document.querySelectorAll('#messages li').length > 0);
    await messageIs(page, 'number 25');
    const said = await page.locator('#messages p').allTextContents();
    expect(said.length === 20 && said.at(-1) === 'number 6', `the last 20 messages, not ${said}`);
    await page.context().close();
  });

  await step('what is lost for good is told: too much missed, and too slow a page', async () => {
    const relay = await Relay.to(port);
    const context = await browser.newContext();
    const page = watch(await context.newPage());
    await page.goto(relay.url);
    await stateIs(page, 'live');
    await samplesAfter(page, 'cpu', 0, 2);
    networkErrorsExpected = true;
    const release = relay.hold();
    relay.cut();
    await stateIs(page, 'lost');
    for (let i = 1; i <= 105; ++i) await post(url, `missed ${i}`);
    await pause(2000); // the page knows the server's time only by the samples that it was sent
    release();
    await stateIs(page, 'live');
    networkErrorsExpected = false;
    await noticeIs(page, /^Back after \d+ s: .*100 messages recovered, the rest is no longer kept\.$/);
    await messageIs(page, 'missed 105');
    expect(await page.locator('#messages li').last().locator('p').textContent() === 'missed 6', 'what is kept');
    await page.click('#dismiss');

    // Buffers of the kernel hold some hundred kilobytes.
    relay.pause();
    const large = 'x'.repeat(490);
    for (let i = 0; i < 1500; ++i) await post(url, `${large} ${i}`);
    relay.resume();
    await noticeIs(page, /^\d+ events were dropped, since this page did not take them as fast as they came \(overflow\)\.$/);
    await messageIs(page, `${large} 1499`);
    await context.close();
    relay.close();
  });

  await step('a refusal of the stream is tried again, and what was missed is recovered', async () => {
    const relay = await Relay.to(port);
    const context = await browser.newContext();
    const page = watch(await context.newPage());
    networkErrorsExpected = true;
    let refusals = 1;
    await page.route('**/events?*', route => --refusals >= 0
      ? route.fulfill({ status: 503, contentType: 'application/json', body: '{}' }) : route.continue());
    const refusedThenLive = async () => {
      await page.waitForFunction(() => /retry in \d s/.test(document.querySelector('#detail').textContent));
      await stateIs(page, 'live');
    };
    await page.goto(relay.url);
    await refusedThenLive();
    expect(await page.isHidden('#slip'), 'no notice where nothing was missed');
    await samplesAfter(page, 'cpu', 0, 2);
    refusals = 2;
    const from = Date.now();
    relay.cut();
    await refusedThenLive();
    networkErrorsExpected = false;
    const to = Date.now();
    await noticeIs(page, /^Back after \d+ s: \d+ s of samples recovered\.$/);
    await samplesAreThoseOf(first, page, { from, to });
    await context.close();
    relay.close();
  });

  await step('the theme is switched and remembered', async () => {
    const ground = page => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const groundIs = (page, color) => page.waitForFunction(wanted =>
      getComputedStyle(document.body).backgroundColor === wanted, color, { timeout: patience });
    const page = await open();
    const light = await ground(page);
    await page.check('#theme [value=dark]', { force: true });
    const dark = await ground(page);
    expect(dark !== light, 'another colour of the ground');
    await page.reload();
    expect(await ground(page) === dark, 'dark after a reload');
    await page.check('#theme [value=light]', { force: true });
    expect(await ground(page) === light, 'light again');
    await page.check('#theme [value=auto]', { force: true });
    await page.emulateMedia({ colorScheme: 'dark' });
    await groundIs(page, dark);
    await page.emulateMedia({ colorScheme: 'light' });
    await groundIs(page, light);
    await page.context().close();
  });

  await step('nothing overflows from 360 to 2560 pixels; screenshots', async () => {
    await stateIs(first, 'live');
    await first.waitForSelector('[data-topic=processes] tbody tr');
    for (const text of ['Nightly build starts in ten minutes.', 'Line one\nline two, and ' + 'unbroken'.repeat(20)])
      await send(first, text);
    await first.waitForSelector('#messages li:nth-child(2)');
    await first.evaluate(() => document.activeElement.blur());
    const sizes = { smallest: [360, 740], narrow: [390, 844], tablet: [768, 1024], medium: [1280, 860],
      wide: [1600, 1000], widest: [2560, 1440] };
    for (const colorScheme of ['light', 'dark']) {
      await first.emulateMedia({ colorScheme });
      for (const [name, [width, height]] of Object.entries(sizes)) {
        await first.setViewportSize({ width, height });
        const overflow = await first.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow <= 0, `no horizontal overflow at ${width} pixels, but ${overflow}`);
        await first.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
        await first.screenshot({ path: join(screenshots, `${name}-${colorScheme}.png`) });
      }
    }
    // A window as high as the page, as charts out of sight are not drawn.
    await first.setViewportSize({ width: 390, height: 844 });
    const height = await first.evaluate(() => document.documentElement.scrollHeight);
    await first.setViewportSize({ width: 390, height });
    for (const topic of ['cpu', 'load']) await inked(first, topic);
    await first.screenshot({ path: join(screenshots, 'narrow-whole.png') });
  });

  await step('with reduced motion, charts still follow the data', async () => {
    await first.setViewportSize({ width: 1280, height: 860 });
    await first.emulateMedia({ reducedMotion: 'reduce' });
    const before = await picture(first, 'cpu');
    await first.waitForFunction(old =>
      document.querySelector('[data-topic=cpu] canvas').toDataURL() !== old, before, { timeout: patience });
  });

  await step('SIGINT with open tabs ends the server with 0, and soon', async () => {
    second = await open();
    await stateIs(second, 'live');
    networkErrorsExpected = true;
    const begin = Date.now();
    server.process.kill('SIGINT');
    const { code } = await server.ended;
    expect(code === 0, `exit status 0, not ${code}`);
    expect(Date.now() - begin < 3000, `at most three seconds, not ${Date.now() - begin} ms`);
    await stateIs(second, 'lost');
    await Promise.all([first.context().close(), second.context().close()]);
    networkErrorsExpected = false;
  });

  await step('a taken port and bad options: exit status 1 and 2 and one line', async () => {
    const holder = new Server('--port', '0');
    const taken = new URL(await holder.url()).port;
    for (const [status, ...options] of [[1, '--port', taken], [2, '--no-such-option'], [2, '--port', 'many']]) {
      const refused = new Server(...options);
      const { code } = await refused.ended;
      expect(code === status, `exit status ${status} of ${options.join(' ')}, not ${code}`);
      expect(/^[^\n]+\n$/.test(refused.log), `one line on stderr of ${options.join(' ')}, not:\n${refused.log}`);
    }
    holder.process.kill('SIGTERM');
    await holder.ended;
  });

  await step('the browser had nothing to complain about', () =>
    expect(complaints.length === 0, `no complaints, but\n${complaints.join('\n')}`));
} catch (error) {
  ++failures;
  console.log(`failed  ${error.stack}`);
} finally {
  await browser.close();
  for (const child of running) child.kill('SIGKILL');
}

console.log(`${failures ? `${failures} failed` : 'all ok'} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
process.exit(failures ? 1 : 0);

// All streams of a browser share one connection of HTTP/2:
// node one_connection.mjs chromium|firefox <stream server>
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { launchChromium, launchFirefox } from './browsers.mjs';
import { Authority } from './certificates.mjs';
import { NodeClient } from './node_client.mjs';
import {
  StreamServer, ask, expect, expectEqual, finish, pause, step, temporaryDirectory, within,
} from './support.mjs';

const launchers = { chromium: launchChromium, firefox: launchFirefox };
const [name, binary] = process.argv.slice(2);
if (!launchers[name] || !binary) {
  console.error('usage: node one_connection.mjs chromium|firefox <stream server>');
  process.exit(2);
}
const perTab = 100;
const topics = Array.from({ length: perTab }, (_, n) => `/${n}`);
const directory = temporaryDirectory();
const identity = new Authority(directory).issue('server', 'IP:127.0.0.1');
const browser = await launchers[name]();

// Runs in the page.
function follow(paths) {
  window.sources = paths.map(path => {
    const source = new EventSource(path);
    source.record = [];
    source.onmessage = ({ data }) => source.record.push(data);
    source.addEventListener('crier.gap', ({ data }) => source.record.push(`gap ${data}`));
    return source;
  });
}

class Tab {
  static async open(context, url) {
    const tab = new Tab();
    tab.page = await context.newPage();
    tab.page.setDefaultTimeout(20_000);
    await tab.page.goto(url);
    await tab.page.evaluate(follow, topics);
    return tab;
  }

  // By polling, as a tab behind another one draws no frames.
  waitFor(condition, value) { return this.page.waitForFunction(condition, value, { polling: 50 }); }

  async haveGot(events) {
    await this.waitFor(count => sources.every(({ record }) => record.length >= count), events.length);
    const records = await this.page.evaluate(() => sources.map(({ record }) => record));
    expectEqual(records, topics.map(() => events), 'what the streams of a tab have got');
  }

  state() {
    return within(10_000, 'an answer to a fetch', this.page.evaluate(async () => (await fetch('/state')).json()));
  }

  close() { return this.page.evaluate(() => { for (const source of sources) source.close(); }); }
}

// Asks until streams have come, and connections of those who have published have gone. Not the pages:
// to Firefox, a stream is open once it has brought a byte.
async function expectState(ask, wanted) {
  let state = await ask();
  for (let end = Date.now() + 10_000; !isDeepStrictEqual(state, wanted) && Date.now() < end; await pause(50))
    state = await ask();
  expectEqual(state, wanted, 'the state of the server');
}

// To all topics, over one connection.
async function publish(server, event) {
  const client = new NodeClient(server);
  const answers = await Promise.all(topics.map(topic => client.ask('POST', topic, JSON.stringify(event))));
  expectEqual(answers.map(({ status }) => status), topics.map(() => 204), 'the statuses of POST');
  client.close();
}

try {
  await step(`${name}, HTTP/2: ${2 * perTab} streams in two tabs share one connection, and all resume`, async () => {
    const options = ['--http2-streams', '256', '--journal', join(directory, 'events.db')];
    let server = await StreamServer.start(binary, 0, { identity, options });
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const tabs = [await Tab.open(context, server.url), await Tab.open(context, server.url)];
    const shared = { protocol: 'HTTP/2', connections: 1, streams: 2 * perTab };
    for (const tab of tabs) await expectState(() => tab.state(), shared);
    await publish(server, { data: 'one', retry: 50 });
    await publish(server, { data: 'two' });
    for (const tab of tabs) await tab.haveGot(['one', 'two']);
    expectEqual(await server.end(), { code: 0, signal: null }, 'the end of the server');
    server = await StreamServer.start(binary, server.port, { identity, options });
    await publish(server, { data: 'three' });
    for (const tab of tabs) await tab.haveGot(['one', 'two', 'three']);
    // All ask again at once: a busy Firefox begins further handshakes before it knows that one will do.
    const { protocol, connections, streams } = await tabs[0].state();
    expectEqual({ protocol, streams }, { protocol: 'HTTP/2', streams: 2 * perTab }, 'the state after the restart');
    expect(connections <= 6 + 1, `six connections at most, and the publisher's, not ${connections}`);
    await publish(server, { data: 'four' });
    for (const tab of tabs) await tab.haveGot(['one', 'two', 'three', 'four']);
    await context.close();
  });

  await step(`${name}, HTTP/1.1: six streams are open, and all else waits`, async () => {
    const server = await StreamServer.start(binary);
    const tab = await Tab.open(await browser.newContext(), server.url);
    const stateOf = async () => JSON.parse((await ask('GET', new URL('/state', server.url))).text);
    const full = { protocol: 'HTTP/1.1', connections: 6 + 1, streams: 6 };
    await expectState(stateOf, full);
    let isAnswered = false;
    const answer = tab.state().finally(() => { isAnswered = true; });
    await pause(500);
    expectEqual(isAnswered, false, 'whether a fetch was answered');
    await expectState(stateOf, full);
    await tab.close();
    expectEqual((await answer).protocol, 'HTTP/1.1', 'the protocol of the fetch, once the streams are closed');
  });
} finally {
  await browser.close();
}

finish();

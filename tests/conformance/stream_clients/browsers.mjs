// Real browsers: each source lives in a page of its own.
import { createServer } from 'node:http';
import { Inbox, pause } from '../../peers/support.mjs';
import { allTypes } from './checks.mjs';

// Runs in the page.
function openInPage([url, types, init]) {
  let wake = () => {};
  let arrived = [];
  const source = new EventSource(url, init);
  const counts = { open: 0, error: 0 };
  for (const type of types)
    source.addEventListener(type, ({ data, lastEventId }) => {
      arrived.push({ type, data, id: lastEventId });
      wake();
    });
  for (const name of ['open', 'error']) source.addEventListener(name, () => { ++counts[name]; });
  window.reading = {
    source,
    counts,
    async take() {
      if (!arrived.length) await new Promise(done => { wake = done; });
      const taken = arrived;
      arrived = [];
      return taken;
    },
  };
}

async function openSource(page, url, init) {
  await page.evaluate(openInPage, [url, allTypes, init]);
  const inbox = new Inbox();
  let isClosed = false;
  const reading = (async () => {
    while (!isClosed) {
      const taken = await page.evaluate(() => window.reading.take());
      for (const event of taken) inbox.put({ ...event, at: Date.now() });
    }
  })().catch(error => { if (!isClosed) inbox.put({ error: String(error) }); });
  return {
    inbox,
    state: () => page.evaluate(() => ['connecting', 'open', 'closed'][window.reading.source.readyState]),
    counts: () => page.evaluate(() => window.reading.counts),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await page.close();
      await reading;
    },
  };
}

// Another test may have the port for a while.
async function listen(server, port, until = Date.now() + 30_000) {
  try {
    await new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done));
  } catch (error) {
    if (error.code !== 'EADDRINUSE' || Date.now() > until) throw error;
    await pause(200);
    await listen(server, port, until);
  }
}

export const browserClient = (name, reconnectionTime, browser) => ({
  name,
  reconnectionTime,
  stopsAtNoContent: true,
  end: () => browser.close(),

  async open(url, { page, withCredentials = false }) {
    const own = page?.page ?? await browser.newPage();
    if (!page) await own.goto(new URL('/health', url).href);
    return openSource(own, url, { withCredentials });
  },

  // An empty page of http://localhost:<port>.
  async newPage(port) {
    const server = createServer((_, response) =>
      response.setHeader('Content-Type', 'text/html').end('<title>page</title>'));
    await listen(server, port);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://localhost:${server.address().port}/`);
    return {
      page,
      setCookie: cookie => page.evaluate(text => { document.cookie = text; }, cookie),
      fetch: (url, headers) => page.evaluate(async ([target, fields]) => {
        const stop = new AbortController();
        try {
          const { status } = await fetch(target, { headers: fields, credentials: 'include', signal: stop.signal });
          return { status };
        } catch (error) {
          return { error: String(error) };
        } finally {
          stop.abort();
        }
      }, [url, headers]),
      async close() {
        await context.close();
        server.closeAllConnections();
        await new Promise(done => server.close(done));
      },
    };
  },
});

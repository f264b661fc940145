import { Inbox, importPackage } from '../../../peers/support.mjs';

// It is made for pages, and calls these of a page's globals. It has no notion of 204.
export async function start() {
  globalThis.window ??= { fetch, setTimeout, clearTimeout };
  globalThis.document ??= new EventTarget();
  const { fetchEventSource } = await importPackage('@microsoft/fetch-event-source');
  return {
    name: 'fetch-event-source',
    reconnectionTime: 1000,
    takesLastEventId: true,
    // It loses empty lines at the beginning.
    reads: data => data.replace(/^\n+/, ''),
    open(url, { lastEventId }) {
      const inbox = new Inbox();
      const closing = new AbortController();
      fetchEventSource(url, {
        signal: closing.signal,
        openWhenHidden: true,
        headers: lastEventId ? { 'last-event-id': lastEventId } : {},
        // Each blank line makes a message here, those of heartbeats too.
        onmessage({ event, data, id }) {
          if (event || data || id) inbox.put({ type: event || 'message', data, id, at: Date.now() });
        },
        // Only what is thrown makes it come back after a proper end.
        onclose() { throw new Error('the end of the stream'); },
      });
      return { inbox, close: () => closing.abort() };
    },
  };
}

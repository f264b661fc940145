// Clients with the interface of a browser's EventSource.
import { Inbox } from '../../peers/support.mjs';
import { allTypes } from './checks.mjs';

export function openEventSource(EventSource, url, init) {
  const inbox = new Inbox();
  const source = new EventSource(url, init);
  for (const type of allTypes)
    source.addEventListener(type, ({ data, lastEventId: id }) => inbox.put({ type, data, id, at: Date.now() }));
  return { inbox, state: () => ['connecting', 'open', 'closed'][source.readyState], close: () => source.close() };
}

// The package eventsource, which has no header of its own for a Last-Event-ID to begin with.
export const eventSourcePackage = (name, EventSource) => ({
  name,
  reconnectionTime: 3000,
  stopsAtNoContent: true,
  takesLastEventId: true,
  open: (url, { lastEventId }) => openEventSource(EventSource, url, lastEventId && {
    fetch: (target, init) => fetch(target, { ...init, headers: { 'Last-Event-ID': lastEventId, ...init.headers } }),
  }),
});

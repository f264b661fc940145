import { Inbox, importPackage } from '../../../peers/support.mjs';

export async function start() {
  const { createEventSource } = await importPackage('eventsource-client');
  return {
    name: 'eventsource-client',
    reconnectionTime: 2000,
    stopsAtNoContent: true,
    takesLastEventId: true,
    open(url, { lastEventId }) {
      const inbox = new Inbox();
      const source = createEventSource({
        url,
        initialLastEventId: lastEventId,
        onMessage: ({ event: type = 'message', data, id }) => inbox.put({ type, data, id, at: Date.now() }),
      });
      return { inbox, state: () => source.readyState, close: () => source.close() };
    },
  };
}

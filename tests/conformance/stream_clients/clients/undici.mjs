import { importPackage } from '../../../peers/support.mjs';
import { openEventSource } from '../event_sources.mjs';

export async function start() {
  const { EventSource } = await importPackage('undici');
  return {
    name: 'undici',
    reconnectionTime: 3000,
    stopsAtNoContent: true,
    open: url => openEventSource(EventSource, url),
  };
}

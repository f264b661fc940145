import { importPackage } from '../../../peers/support.mjs';
import { eventSourcePackage } from '../event_sources.mjs';

export const start = async () => eventSourcePackage('eventsource 5', (await importPackage('eventsource')).EventSource);

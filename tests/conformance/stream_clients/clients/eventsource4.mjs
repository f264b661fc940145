import { importPackage } from '../../../peers/support.mjs';
import { eventSourcePackage } from '../event_sources.mjs';

export const start = async () => eventSourcePackage('eventsource 4', (await importPackage('eventsource4')).EventSource);

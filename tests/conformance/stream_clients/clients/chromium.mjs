import { launchChromium } from '../../../peers/browsers.mjs';
import { browserClient } from '../browsers.mjs';

export const start = async () => browserClient('Chromium', 3000, await launchChromium());

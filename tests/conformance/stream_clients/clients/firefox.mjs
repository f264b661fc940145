import { launchFirefox } from '../../../peers/browsers.mjs';
import { browserClient } from '../browsers.mjs';

export const start = async () => browserClient('Firefox', 5000, await launchFirefox());

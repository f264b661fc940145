// Debian's browsers. Its Firefox is driven by WebDriver BiDi, which is what this channel stands for:
// another protocol is spoken only by playwright's own build.
import { findCommand, importPackage, skip } from './support.mjs';

export async function launchChromium() {
  const { chromium } = await importPackage('playwright-core');
  const executablePath = findCommand(['chromium', 'chromium-browser', 'google-chrome'], 'CHROMIUM') ??
    skip('no chromium on PATH and CHROMIUM is not set');
  return chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export async function launchFirefox() {
  const { firefox } = await importPackage('playwright-core');
  const executablePath = findCommand(['firefox-esr', 'firefox'], 'FIREFOX') ??
    skip('no firefox on PATH and FIREFOX is not set');
  return firefox.launch({ executablePath, channel: 'moz-firefox' });
}

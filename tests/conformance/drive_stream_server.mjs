// stream_server, read by other people's clients:
// node drive_stream_server.mjs <stream_server> [client ...], where a client is a file's name in
// stream_clients/clients, or "wire" for what has to be on it, whoever reads.
import { spawnSync } from 'node:child_process';
import { finish, step } from '../peers/support.mjs';
import { checks } from './stream_clients/checks.mjs';
import { Stage } from './stream_clients/stage.mjs';
import { checks as wireChecks } from './stream_clients/wire.mjs';

const all = ['wire', 'curl', 'eventsource4', 'eventsource5', 'eventsource_client', 'fetch_event_source', 'undici',
  'chromium', 'firefox'];
const [binary, ...chosen] = process.argv.slice(2);
if (!binary || chosen.some(name => !all.includes(name))) {
  console.error(`usage: node drive_stream_server.mjs <stream_server> [client ...]\nclients: ${all.join(', ')}`);
  process.exit(2);
}

async function run(name, { what, check }, client) {
  await step(`${name}: ${what}`, async () => {
    const stage = await Stage.set(binary, client);
    try {
      await check(stage);
      stage.server.expectRunning();
    } finally {
      await stage.clear();
    }
  });
}

async function runAll(name) {
  if (name === 'wire') {
    for (const each of wireChecks) await run(name, each);
    return;
  }
  const { start } = await import(`./stream_clients/clients/${name}.mjs`);
  const client = await start();
  try {
    for (const each of checks.filter(({ needs }) => !needs || client[needs])) await run(client.name, each, client);
  } finally {
    await client.end?.();
  }
}

if (chosen.length === 1) {
  await runAll(chosen[0]);
  finish();
}

// Each in a process of its own, so that one that is missing skips itself only.
const ends = (chosen.length ? chosen : all).map(name => {
  console.log(`--- ${name}`);
  return spawnSync(process.execPath, [process.argv[1], binary, name], { stdio: 'inherit' }).status;
});
process.exit(ends.find(status => status !== 0 && status !== 77) ?? Math.max(...ends));

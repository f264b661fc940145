import { parseArgs } from 'node:util';

const positive = value => value > 0;
const notNegative = value => value >= 0;
const whole = test => value => Number.isInteger(value) && test(value);

const options = {
  port: { default: 0, check: whole(value => value >= 0 && value < 65536), help: 'port to listen on at 127.0.0.1; 0: any free one' },
  threads: { default: 1, check: whole(positive), help: 'processes that serve; more than one: a cluster of workers' },
  topics: { default: 1, check: whole(positive), help: 'number of topics, /t/0 and so on' },
  silent: { default: 0, check: whole(notNegative), help: 'further topics, to which nothing is published' },
  rate: { default: 0, check: notNegative, help: 'events a second, all topics together; 0: none' },
  size: { default: 128, check: whole(notNegative), help: "bytes of an event's payload" },
  burst: { default: 1, check: whole(positive), help: 'events published at once' },
  heartbeat: { default: 15, check: value => value >= 0.001 && value <= 1e6, help: 'seconds between heartbeats' },
};

const files = {
  certificate: 'a file in PEM; with it, all is by TLS',
  key: 'its key, a file in PEM',
  'ticket-keys': 'a file whose first 48 bytes are the keys of tickets',
};

function usage() {
  const lines = [
    ...Object.entries(options).map(([name, { default: value, help }]) => `  --${name.padEnd(12)}${help} (${value})`),
    ...Object.entries(files).map(([name, help]) => `  --${name.padEnd(12)}${help}`),
    '  --http2       streams come by HTTP/2',
  ];
  return `usage: server [OPTIONS]\n${lines.join('\n')}\n  --help        print this`;
}

function parse() {
  const known = { help: { type: 'boolean' }, http2: { type: 'boolean' } };
  for (const name of Object.keys({ ...options, ...files })) known[name] = { type: 'string' };
  const { values } = parseArgs({ options: known });
  if (values.help) return null;
  if (!values.certificate !== !values.key) throw new Error('--certificate and --key need each other');
  const numbers = Object.fromEntries(Object.entries(options).map(([name, { default: fallback, check }]) => {
    const text = values[name] ?? String(fallback);
    const value = /^[\d.]+(e\d+)?$/.test(text) ? Number(text) : NaN;
    if (!Number.isFinite(value) || !check(value)) throw new Error(`--${name}: ${text} will not do`);
    return [name, value];
  }));
  const { certificate, key, 'ticket-keys': ticketKeys, http2 } = values;
  return { ...numbers, certificate, key, ticketKeys, http2 };
}

export function parseOptions() {
  let parsed;
  try {
    parsed = parse();
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
  if (parsed) return parsed;
  console.log(usage());
  process.exit(0);
}

// What the tests with peers share: steps, child processes, and what is sent.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

export function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

export function findCommand(names, variable) {
  if (process.env[variable]) return process.env[variable];
  // A user's PATH may lack the directories of servers.
  for (const directory of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'])
    for (const name of names)
      try {
        accessSync(resolve(directory, name), constants.X_OK);
        return resolve(directory, name);
      } catch {}
  return undefined;
}

export async function importPackage(name) {
  if (parseInt(process.versions.node) < 22)
    skip(`the npm packages need Node.js 22, and this is ${process.version}; run npm ci in tests`);
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return skip(`the npm package ${name} is not installed; run npm ci in tests`);
  }
}

export const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));

// ---- steps ----

let failures = 0;
const began = Date.now();

export async function step(name, check) {
  const begin = Date.now();
  try {
    await check();
    console.log(`ok      ${name} (${Date.now() - begin} ms)`);
  } catch (error) {
    ++failures;
    const outputs = [...programs].flatMap(({ out, err }) => [out, err]).map(lines => lines.shown());
    console.log(['failed  ' + name, error.stack ?? error, ...outputs].join('\n').replaceAll('\n', '\n        '));
  } finally {
    await endPrograms();
  }
}

export function finish() {
  console.log(`${failures ? `${failures} failed` : 'all ok'} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  process.exit(failures ? 1 : 0);
}

export function expect(value, what) {
  if (!value) throw new Error(`expected: ${what}`);
}

export function expectEqual(actual, expected, what) {
  if (isDeepStrictEqual(actual, expected)) return;
  const shown = value => JSON.stringify(value)?.slice(0, 2000);
  throw new Error(`${what}: expected ${shown(expected)}\nbut got ${shown(actual)}`);
}

export async function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new Error(`${what}: not within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Hands what arrives to who waits for it, in order.
export class Inbox {
  constructor() {
    this.arrived = [];
    this.waiting = [];
  }

  put(value) {
    const waiting = this.waiting.shift();
    if (waiting) waiting(value); else this.arrived.push(value);
  }

  next(what = 'an event') {
    if (this.arrived.length) return this.arrived.shift();
    return within(10_000, what, new Promise(done => this.waiting.push(done)));
  }
}

// ---- child processes ----

// A stream's lines, each of which is taken once.
class Lines {
  constructor(from, name) {
    this.name = name;
    this.all = [];
    this.taken = 0;
    this.rest = '';
    this.waiting = new Set();
    from.setEncoding('utf8').on('data', text => {
      const lines = (this.rest + text).split('\n');
      this.rest = lines.pop();
      this.all.push(...lines);
      this.wake();
    }).on('close', () => { this.isClosed = true; this.wake(); });
  }

  wake() { for (const check of [...this.waiting]) check(); }

  take(pattern) {
    const found = this.all.findIndex((line, at) => at >= this.taken && pattern.test(line));
    if (found < 0) return undefined;
    this.taken = found + 1;
    return this.all[found];
  }

  shown() { return [`${this.name}:`, ...this.all.slice(-20).map(line => `  ${line.slice(0, 200)}`)].join('\n'); }

  // The next line that matches; those before it are passed over.
  async next(pattern = /^/, limit = 10_000) {
    let check;
    const arrived = new Promise((done, failed) => {
      check = () => {
        const line = this.take(pattern);
        if (line !== undefined) done(line);
        else if (this.isClosed) failed(new Error(`${this.name} ended without ${pattern}`));
      };
      this.waiting.add(check);
      check();
    });
    try {
      return await within(limit, `${pattern} of ${this.name}`, arrived);
    } finally {
      this.waiting.delete(check);
    }
  }
}

// Those of the present step.
const programs = new Set();

export class Program {
  constructor(binary, ...options) {
    const name = binary.replace(/.*\//, '');
    this.process = spawn(binary, options, { stdio: ['ignore', 'pipe', 'pipe'] });
    programs.add(this);
    this.out = new Lines(this.process.stdout, `stdout of ${name}`);
    this.err = new Lines(this.process.stderr, `stderr of ${name}`);
    this.exited = new Promise(done => {
      this.process.on('error', error => { this.err.all.push(String(error)); done({ error }); });
      this.process.on('close', (code, signal) => done({ code, signal }));
    });
  }

  async end(signal = 'SIGTERM') {
    this.process.kill(signal);
    return within(10_000, 'the end of a program', this.exited);
  }
}

export async function endPrograms() {
  await Promise.all([...programs].map(each => each.end('SIGKILL')));
  programs.clear();
}

process.on('exit', () => { for (const each of programs) each.process.kill('SIGKILL'); });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

export function temporaryDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'crier-peers-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

export class Cat extends Program {
  constructor(binary, url, ...options) { super(binary, url, '--json', ...options); }

  // All that it has printed.
  events() { return this.out.all.map(line => JSON.parse(line)); }

  async next() { return JSON.parse(await this.out.next()); }
}

// The server of stream.cpp.
export class StreamServer extends Program {
  // With an identity of certificates.mjs it speaks https.
  static async start(binary, port = 0, { identity, options = [] } = {}) {
    const encryption = identity ? ['--certificate', identity.certificate, '--key', identity.key] : [];
    const server = new StreamServer(binary, '--port', String(port), ...encryption, ...options);
    server.url = await server.out.next(/^https?:/);
    server.port = new URL(server.url).port;
    server.ca = identity && readFileSync(identity.authority);
    return server;
  }

  // A reader's Last-Event-ID, once the topic is read. Only for a topic that nobody reads yet.
  async read(topic) {
    const asked = await this.out.next(new RegExp(`^asked ${topic} `));
    await this.out.next(new RegExp(`^begin ${topic}$`));
    return asked.slice(`asked ${topic} `.length);
  }

  async publish(topic, event) {
    const { status } = await ask('POST', new URL(topic, this.url), { body: JSON.stringify(event), ca: this.ca });
    expectEqual(status, 204, 'the status of POST');
  }
}

// A whole answer.
export function ask(method, url, { headers = {}, body, ca } = {}) {
  return within(10_000, `an answer to ${method} ${url}`, new Promise((done, failed) => {
    const begin = ca ? requestSecurely : request;
    // Without an agent, which would keep connections that a restarted server does not know.
    const asked = begin(url, { method, headers, ca, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', part => { text += part; }).on('error', failed)
        .on('end', () => done({ status: response.statusCode, headers: response.headers, text }));
    });
    asked.on('error', failed).end(body);
  }));
}

// ---- what is sent ----

const texts = [
  'plain',
  'first line\nsecond line\n\nfourth line\n',
  '\nafter an empty line',
  'Grüße, Ελλάδα, 世界, עולם, 🎉👩‍👩‍👧',
  '\u0085 \u2028 \u2029 are no ends of lines, \uFEFF no mark and e\u0301 two characters',
  '  two blanks before, and behind  ',
  ': data: event: id: retry: 1',
  '{"json":"\\"\\\\\\n"}\t<b>&amp;</b>',
  '€'.repeat(12_000),
  '',
];

// Each has an id, as not all clients keep the one before where there is none.
export const events = texts.map((data, index) => ({
  type: ['message', 'update', 'größer als'][index % 3],
  data,
  id: `id-${index + 1}`,
}));
export const types = [...new Set(events.map(event => event.type))];

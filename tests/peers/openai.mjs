// The server of chat completions, asked as its clients ask: by fetch, and by the npm package openai:
// node openai.mjs <completions>
import {
  Program, ask, expect, expectEqual, finish, importPackage, pause, step,
} from './support.mjs';

const [binary] = process.argv.slice(2);
if (!binary) {
  console.error('usage: node openai.mjs <completions>');
  process.exit(2);
}
const { default: OpenAI, ...errors } = await importPackage('openai');

const tokenTime = 20; // milliseconds
const latest = 100; // milliseconds until a job stops that nobody wants any more
const long = 'word '.repeat(5000);

class Completions extends Program {
  static async start(...options) {
    const server = new Completions(binary, '--port', '0', '--token-time', String(tokenTime), ...options);
    server.url = await server.out.next(/^http:/);
    return server;
  }

  client() {
    return new OpenAI({ baseURL: new URL('.', new URL('..', this.url)).href, apiKey: 'any', maxRetries: 0 });
  }

  async stats() { return JSON.parse((await ask('GET', new URL('/stats', this.url))).text); }

  async wait(what, condition) {
    for (let tries = 0; tries < 1000; ++tries) {
      const stats = await this.stats();
      if (condition(stats)) return stats;
      await pause(10);
    }
    throw new Error(`${what}: ${JSON.stringify(await this.stats())}`);
  }

  // Leaves, by a function, and expects the one job to stop soon.
  async stopsAfter(leave) {
    const before = await this.wait('begun', ({ tokens }) => tokens > 2);
    leave();
    const after = await this.wait('stopped', ({ stopped }) => stopped === 1);
    const more = after.tokens - before.tokens;
    expect(more <= latest / tokenTime, `at most ${latest / tokenTime} tokens for nobody, not ${more}`);
  }
}

const asked = (content, more = {}) =>
  ({ model: 'pretend', messages: [{ role: 'user', content }], ...more });

async function thrownBy(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

await step('fetch reads the stream part by part', async () => {
  const server = await Completions.start();
  const response = await fetch(server.url, { method: 'POST', body: JSON.stringify(asked('one two', { stream: true })) });
  expectEqual(response.headers.get('content-type'), 'text/event-stream', 'the content type');
  const decoder = new TextDecoder();
  let text = '';
  let parts = 0;
  for await (const part of response.body) {
    text += decoder.decode(part, { stream: true });
    ++parts;
  }
  expect(parts > 1, 'more than one part');
  const data = text.split('\n\n').filter(Boolean).map(event => event.replace('data: ', ''));
  expectEqual(data.pop(), '[DONE]', 'the last event');
  expectEqual(data.map(chunk => JSON.parse(chunk).choices[0].delta.content ?? '').join(''), 'one two', 'the answer');
});

for (const stream of [true, false])
  await step(`a fetch that is aborted stops the model, ${stream ? 'of a stream' : 'of a whole answer'}`, async () => {
    const server = await Completions.start();
    const asking = new AbortController();
    const body = JSON.stringify(asked(long, { stream }));
    const answer = fetch(server.url, { method: 'POST', body, signal: asking.signal }).then(response => response.text());
    const ended = thrownBy(answer);
    await server.stopsAfter(() => asking.abort());
    expectEqual((await ended).name, 'AbortError', 'the error');
  });

await step('openai reads an answer token by token', async () => {
  const server = await Completions.start();
  const stream = await server.client().chat.completions.create(asked('Grüße an 世界', { stream: true }));
  const tokens = [];
  let reason;
  for await (const { choices: [choice] } of stream) {
    if (choice.delta.content) tokens.push(choice.delta.content);
    reason = choice.finish_reason;
  }
  expectEqual(tokens, ['Grüße', ' an', ' 世界'], 'the tokens');
  expectEqual(reason, 'stop', 'the reason');
});

await step('openai reads a whole answer', async () => {
  const server = await Completions.start();
  const { choices: [choice] } = await server.client().chat.completions.create(asked('one two three', { max_tokens: 2 }));
  expectEqual(choice.message.content, 'one two', 'the answer');
  expectEqual(choice.finish_reason, 'length', 'the reason');
});

await step('openai leaves a stream, and the model stops', async () => {
  const server = await Completions.start();
  const stream = await server.client().chat.completions.create(asked(long, { stream: true }));
  await server.stopsAfter(() => stream.controller.abort());
});

await step('openai leaves a whole answer, and the model stops', async () => {
  const server = await Completions.start();
  const asking = new AbortController();
  const ended = thrownBy(server.client().chat.completions.create(asked(long), { signal: asking.signal }));
  await server.stopsAfter(() => asking.abort());
  expect(await ended instanceof errors.APIUserAbortError, 'an APIUserAbortError');
});

await step('openai understands the errors', async () => {
  const server = await Completions.start('--model-threads', '1');
  const client = server.client();
  const bad = await thrownBy(client.chat.completions.create(asked('a', { max_tokens: -1 })));
  expect(bad instanceof errors.BadRequestError, `a BadRequestError, not ${bad}`);
  expectEqual([bad.status, bad.param, bad.type], [400, 'max_tokens', 'invalid_request_error'], 'the error');
  const missing = await thrownBy(client.models.list());
  expect(missing instanceof errors.NotFoundError, `a NotFoundError, not ${missing}`);
  expectEqual(missing.code, 'unknown_url', 'the code');
});

await step('openai is told of the shutdown within its stream', async () => {
  const server = await Completions.start();
  const stream = await server.client().chat.completions.create(asked(long, { stream: true }));
  const read = async () => {
    for await (const { choices: [choice] } of stream)
      if (choice.delta.content) server.process.kill('SIGTERM');
  };
  const told = await thrownBy(read());
  expect(told instanceof errors.APIError, `an APIError, not ${told}`);
  expectEqual(told.code, 'shutting_down', 'the code');
  expectEqual(await server.exited, { code: 0, signal: null }, 'the end of the server');
});

finish();

import { Inbox, Program, findCommand, importPackage, pause, skip } from '../../../peers/support.mjs';

// curl and a parser, in a loop as a script would have it.
export async function start() {
  const { createParser } = await importPackage('eventsource-parser');
  const binary = findCommand(['curl'], 'CURL') ?? skip('no curl on PATH and CURL is not set');

  async function follow(url, source) {
    let wait = 3000;
    while (!source.isClosed) {
      const parser = createParser({
        onEvent: ({ event: type = 'message', data, id }) => {
          source.lastId = id ?? source.lastId;
          source.inbox.put({ type, data, id, at: Date.now() });
        },
        onRetry: milliseconds => { wait = milliseconds; },
      });
      const after = source.lastId ? ['--header', `Last-Event-ID: ${source.lastId}`] : [];
      source.curl = new Program(binary, '--silent', '--no-buffer', '--noproxy', '*', ...after, url);
      source.curl.process.stdout.on('data', text => parser.feed(text));
      await source.curl.exited;
      await pause(wait);
    }
  }

  return {
    name: 'curl',
    reconnectionTime: 3000,
    takesLastEventId: true,
    open(url, { lastEventId }) {
      const source = {
        inbox: new Inbox(),
        lastId: lastEventId,
        close() {
          source.isClosed = true;
          return source.curl.end('SIGKILL');
        },
      };
      follow(url, source);
      return source;
    },
  };
}

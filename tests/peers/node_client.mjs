// Node's client of HTTP/2, all of whose requests share a connection.
import { connect, constants } from 'node:http2';
import { Inbox, importPackage, within } from './support.mjs';

const { createParser } = await importPackage('eventsource-parser');

// The events of a body, and its end.
export function parsed(body) {
  const inbox = new Inbox();
  const parser = createParser({
    onEvent: ({ event: type = 'message', data, id }) => inbox.put({ type, data, id }),
  });
  const ended = new Promise(done => body.on('data', text => parser.feed(text)).on('close', done));
  return { inbox, ended };
}

export class NodeClient {
  constructor({ url, ca }) { this.session = connect(url, { ca }); }

  async ask(method, path, body) {
    const request = this.session.request({ ':method': method, ':path': path }, { endStream: body === undefined });
    const answered = new Promise((done, failed) => request.on('response', done).on('error', failed));
    if (body !== undefined) request.end(body);
    const headers = await within(10_000, `an answer to ${method} ${path}`, answered);
    return { status: headers[':status'], headers, body: request.setEncoding('utf8') };
  }

  async read(path) {
    const { headers, body } = await this.ask('GET', path);
    return { type: headers['content-type'], ...parsed(body), cancel: () => body.close(constants.NGHTTP2_CANCEL) };
  }

  close() { this.session.destroy(); }
}

// Passes bytes between clients and the server, writes down the requests, and can hold them back. What
// passes is not changed, so clients ask here with GET and OPTIONS only, which have no body.
import { connect, createServer } from 'node:net';
import { expect, pause } from '../../peers/support.mjs';

export class Relay {
  static async to(port) {
    const relay = new Relay();
    relay.requests = [];
    relay.sockets = new Set();
    relay.released = Promise.resolve();
    relay.server = createServer({ allowHalfOpen: true, noDelay: true }, socket => relay.pass(socket, port));
    await new Promise((done, failed) => relay.server.on('error', failed).listen(0, '127.0.0.1', done));
    relay.port = relay.server.address().port;
    relay.url = `http://127.0.0.1:${relay.port}`;
    return relay;
  }

  pass(socket, port) {
    let upstream;
    let head = '';
    const both = () => [socket, upstream].filter(Boolean);
    const cut = () => both().forEach(each => each.destroy());
    const watch = each => {
      this.sockets.add(each);
      each.on('error', cut).on('close', () => this.sockets.delete(each));
    };
    watch(socket);
    socket.on('data', async bytes => {
      head += bytes.toString('latin1');
      for (let end = head.indexOf('\r\n\r\n'); end >= 0; end = head.indexOf('\r\n\r\n')) {
        this.note(head.slice(0, end));
        head = head.slice(end + 4);
      }
      socket.pause();
      await this.released;
      if (socket.destroyed) return;
      if (!upstream) {
        upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
        watch(upstream);
        upstream.on('data', answer => socket.write(answer)).on('end', () => socket.end()).on('close', cut);
      }
      upstream.write(bytes);
      socket.resume();
    });
    socket.on('end', () => upstream?.end()).on('close', cut);
  }

  note(head) {
    const [first, ...fields] = head.split('\r\n');
    const [method, target] = first.split(' ');
    const headers = {};
    for (const field of fields) {
      const [, name, value] = /^([^:]+):\s*(.*)$/.exec(field);
      headers[name.toLowerCase()] = value;
    }
    this.requests.push({ method, target, headers, at: Date.now() });
  }

  to(topic) { return this.requests.filter(({ target }) => target.split('?')[0] === `/topics/${topic}`); }

  async asked(topic, count, limit = 15_000) {
    for (let end = Date.now() + limit; this.to(topic).length < count && Date.now() < end;) await pause(5);
    const found = this.to(topic);
    expect(found.length >= count, `${count} requests to ${topic} within ${limit} ms, not ${found.length}`);
    return found[count - 1];
  }

  // Requests that come from now on stay here until the function that this returns is called.
  hold() {
    let release;
    this.released = new Promise(done => { release = done; });
    return release;
  }

  // Breaks all connections.
  cut() { for (const socket of this.sockets) socket.destroy(); }

  // Takes nothing from either side any more, so that it has to wait there.
  pause() { for (const socket of this.sockets) socket.pause(); }
  resume() { for (const socket of this.sockets) socket.resume(); }

  close() {
    this.server.close();
    this.cut();
  }
}

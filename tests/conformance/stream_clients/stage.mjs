// What a check has at hand: a server, a relay in front of it, and sources that read through it.
import { Program, ask, expectEqual, pause } from '../../peers/support.mjs';
import { Relay } from './relay.mjs';

export class Server extends Program {
  constructor(binary, port) {
    super(binary, '--port', String(port));
    this.binary = binary;
  }

  static async start(binary, port = 0) {
    const server = new Server(binary, port);
    const address = /http:\/\/127\.0\.0\.1:(\d+)/;
    server.port = Number(address.exec(await server.out.next(address))[1]);
    server.url = `http://127.0.0.1:${server.port}`;
    return server;
  }

  async again() {
    await this.end();
    return Server.start(this.binary, this.port);
  }

  expectRunning() {
    expectEqual([this.process.exitCode, this.process.signalCode], [null, null], 'exit status and signal of the server');
  }

  async publish(topic, event) {
    const { status } = await ask('POST', `${this.url}/topics/${topic}`,
      { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(event) });
    expectEqual(status, 202, `the status of POST /topics/${topic}`);
  }

  async drop(topic) {
    const { status } = await ask('POST', `${this.url}/drop/${topic}`);
    expectEqual(Math.floor(status / 100), 2, `the first digit of the status of POST /drop/${topic}`);
  }

  async stats() { return JSON.parse((await ask('GET', `${this.url}/stats`)).text); }

  async subscribers(topic, wanted) {
    let found;
    for (let end = Date.now() + 10_000; Date.now() < end; await pause(10)) {
      found = (await this.stats())[topic] ?? 0;
      if (found === wanted) return;
    }
    expectEqual(found, wanted, `the subscribers of ${topic} in /stats after 10 s`);
  }
}

export class Stage {
  static async set(binary, client) {
    const stage = new Stage();
    stage.client = client;
    stage.server = await Server.start(binary);
    stage.relay = await Relay.to(stage.server.port);
    stage.sources = [];
    return stage;
  }

  // A source's options: lastEventId to begin after, where the client can; page: what a browser has
  // loaded; withCredentials.
  async open(path, options = {}) {
    const source = await this.client.open(new URL(path, options.base ?? this.relay.url).href, options);
    this.sources.push(source);
    return source;
  }

  // A source that is subscribed already.
  async follow(topic, { query = '', ...options } = {}) {
    const source = await this.open(`/topics/${topic}${query}`, options);
    await this.server.subscribers(topic, 1);
    return source;
  }

  async restart() { this.server = await this.server.again(); }

  async clear() {
    for (const source of this.sources) await source.close();
    this.relay.close();
  }
}

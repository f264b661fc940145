const second = 1_000_000_000n;

// CLOCK_MONOTONIC in nanoseconds: the clock that the client reads too.
export const now = () => process.hrtime.bigint();

export class Publisher {
  published = 0;
  #took = new Float64Array(1 << 16); // the latest calls
  #channels;
  #options;
  #due;

  constructor(channels, options) {
    this.#channels = channels;
    this.#options = options;
  }

  run(start) {
    this.#due = start;
    if (this.#options.rate) this.#wait();
  }

  get took() {
    return this.#took.slice(0, Math.min(this.published, this.#took.length));
  }

  #wait() {
    const milliseconds = Math.ceil(Number(this.#due - now()) / 1e6);
    setTimeout(() => this.#publishDue(), Math.max(0, milliseconds));
  }

  // Ticks that fall due meanwhile wait for the next turn of the event loop: sockets need theirs.
  #publishDue() {
    const { rate, burst } = this.#options;
    const interval = BigInt(Math.round((burst / rate) * Number(second)));
    for (const began = now(); this.#due <= began; this.#due += interval)
      for (let count = 0; count < burst; ++count) this.#publish();
    const after = now();
    if (after - this.#due > second) this.#due = after;
    this.#wait();
  }

  #publish() {
    const topics = this.#channels.length;
    const text = `n=${Math.floor(this.published / topics)} t=${now()}`;
    const payload = text.length < this.#options.size ? `${text} `.padEnd(this.#options.size, 'x') : text;
    const began = now();
    this.#channels[this.published % topics].broadcast(payload, 'message', { eventId: String(this.published) });
    this.#took[this.published % this.#took.length] = Number(now() - began);
    ++this.published;
  }
}

export function report(published, took) {
  const sorted = took.sort();
  const at = share => sorted[Math.floor(sorted.length * share)];
  return JSON.stringify({ published, publish_ns: sorted.length ? { p50: at(0.5), p99: at(0.99) } : undefined });
}

// A small world with its own time: timers, sockets that fail, and a server that keeps the ledger.

/** Numbers from a seed, the same in every run. */
export function dice(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, under: (top) => Math.floor(next() * top), often: (share) => next() < share };
}

const real = { setTimeout: window.setTimeout, now: Date.now };

/** Replaces the page's timers; time passes only in `pass`. */
export class Clock {
  now = 1_800_000_000_000;
  #timers = new Map();
  #id = 0;

  constructor() {
    const add = (action, wait = 0, every = 0) => {
      this.#id += 1;
      this.#timers.set(this.#id, { at: this.now + Math.max(0, wait), action, every });
      return this.#id;
    };
    window.setTimeout = (action, wait) => add(action, wait);
    window.setInterval = (action, wait) => add(action, wait, wait);
    window.clearTimeout = window.clearInterval = (id) => this.#timers.delete(id);
    Date.now = () => this.now;
    window.Worker = class extends EventTarget {
      #timer = window.setInterval(() => this.dispatchEvent(new MessageEvent("message")), 5000);

      terminate() {
        window.clearInterval(this.#timer);
      }
    };
  }

  /** Let everything that was promised happen. */
  async settle() {
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve();
        port2.postMessage(0);
      });
    }
  }

  async pass(span) {
    const end = this.now + span;
    for (;;) {
      await this.settle();
      let first = null;
      for (const [id, timer] of this.#timers) {
        if (timer.at <= end && (!first || timer.at < first[1].at)) first = [id, timer];
      }
      if (!first) break;
      const [id, timer] = first;
      this.now = Math.max(this.now, timer.at);
      if (timer.every) timer.at = this.now + timer.every;
      else this.#timers.delete(id);
      timer.action();
    }
    this.now = end;
    await this.settle();
  }
}

const PAGE = 7;

/** The ledger of one conversation, and sockets to it that drop, double, delay and break. */
export class Server {
  log = [];
  epoch = "one";
  sockets = new Set();
  faults = { drop: 0, double: 0, delay: 0, break: 0, refuse: 0, nack: 0, http: 0 };
  #dice;

  constructor(random) {
    this.#dice = random;
    const server = this;
    window.WebSocket = class extends EventTarget {
      readyState = 0;
      sent = null;
      author = "";
      nacked = null;

      constructor(url) {
        super();
        this.author = new URL(url).searchParams.get("author");
        setTimeout(() => {
          if (this.readyState) return;
          if (random.often(server.faults.refuse)) return this.end(1006);
          this.readyState = 1;
          server.sockets.add(this);
          this.dispatchEvent(new Event("open"));
        }, random.under(100));
      }

      send(text) {
        if (this.readyState !== 1) throw new Error("not open");
        const at = this.lastIn = Math.max(this.lastIn ?? 0, Date.now() + random.under(40));
        setTimeout(() => {
          if (this.readyState === 1) server.hear(this, JSON.parse(text));
        }, at - Date.now());
      }

      /** Content comes in any order, as from several processes; answers in the order they were given. */
      push(frame) {
        let at = Date.now() + random.under(20 + server.faults.delay);
        if (frame.type.endsWith("ack")) at = this.lastOut = Math.max(this.lastOut ?? 0, at);
        setTimeout(() => {
          if (this.readyState !== 1) return;
          this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
        }, at - Date.now());
      }

      close() {
        this.readyState = 3;
        server.sockets.delete(this);
      }

      end(code) {
        this.close();
        this.dispatchEvent(new CloseEvent("close", { code }));
      }
    };
    setInterval(() => this.#checkPositions(), 15_000);
  }

  page(after, limit = PAGE) {
    const entries = this.log.slice(after, after + limit);
    return { entries, head: this.log.length, more: after + entries.length < this.log.length };
  }

  hear(socket, frame) {
    const { faults } = this;
    if (frame.type === "hello") {
      const last = frame.resume.chat ?? 0;
      socket.push({ type: "welcome", heads: { chat: this.log.length }, epoch: this.epoch });
      if (last > this.log.length) {
        socket.sent = 0;
        socket.push({ type: "resync", conversation: "chat" });
      } else {
        socket.sent = last;
        this.#catchUp(socket);
      }
    } else if (frame.type === "ping") {
      socket.push({ type: "pong" });
    } else if (frame.type === "message.send") {
      if (socket.nacked === frame.cid) socket.nacked = null;
      else if (socket.nacked || this.#dice.often(faults.nack)) {
        socket.nacked ??= frame.cid;
        socket.push({ type: "nack", cid: frame.cid, code: "rate", retry: true });
        return;
      }
      const seq = this.store(socket.author, frame);
      if (!this.#dice.often(faults.drop)) socket.push({ type: "ack", cid: frame.cid, seq });
    }
    if (this.#dice.often(faults.break)) socket.end(this.#dice.often(0.5) ? 1006 : 1012);
  }

  store(author, { cid, text }) {
    const known = this.log.find((entry) => entry.cid === cid && entry.author.id === author);
    if (known) return known.seq;
    const seq = this.log.length + 1;
    const entry = {
      id: `chat.${seq}`, seq, kind: "message", text, cid, attachments: [], data: {},
      author: { kind: author === "v" ? "visitor" : "agent", id: author, name: author },
      at: new Date(this.now?.() ?? Date.now()).toISOString(),
    };
    this.log.push(entry);
    for (const socket of this.sockets) {
      if (socket.sent === null || this.#dice.often(this.faults.drop)) continue;
      const frame = { type: "entries", conversation: "chat", entries: [entry], head: seq, more: false };
      socket.push(frame);
      if (this.#dice.often(this.faults.double)) socket.push(frame);
      if (socket.sent === seq - 1) socket.sent = seq;
    }
    return seq;
  }

  #catchUp(socket) {
    while (socket.sent < this.log.length) {
      const page = this.page(socket.sent);
      socket.sent += page.entries.length;
      socket.push({ type: "entries", conversation: "chat", ...page });
    }
  }

  #checkPositions() {
    for (const socket of this.sockets) if (socket.sent !== null) this.#catchUp(socket);
  }

  async http(answer) {
    const { faults } = this;
    await new Promise((resolve) => {
      setTimeout(resolve, this.#dice.under(50 + faults.delay));
    });
    if (this.#dice.often(faults.http)) throw new TypeError("network");
    const result = answer();
    await new Promise((resolve) => {
      setTimeout(resolve, this.#dice.under(50));
    });
    // The answer may be lost after the deed was done.
    if (this.#dice.often(faults.http)) throw new TypeError("network");
    return structuredClone(result);
  }
}

export const later = real.setTimeout;

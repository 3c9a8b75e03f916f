// @ts-check
/**
 * One live connection: connect, say hello, keep alive, come back, and HTTP when sockets are blocked.
 *
 * Events: `frame` (detail: a parsed frame of the server), `state` (detail: {state, reason}),
 * `epoch` (the server's history is another one: drop what you hold).
 *
 * @typedef {Record<string, any> & {type: string}} Frame
 * @typedef {"connecting"|"open"|"offline"|"polling"|"stopped"} State
 * @typedef {object} Fallback
 * @property {(frame: Frame) => Promise<Frame | null>} send  answers with an ack or nack frame
 * @property {(conversation: string, after: number) =>
 *   Promise<{entries: any[], head: number, more: boolean}>} entries
 * @typedef {object} Options
 * @property {string} url
 * @property {(refresh: boolean) => Promise<object>} [hello]  fields of the hello frame, such as the token
 * @property {() => Record<string, number>} [resume]  last seq by conversation
 * @property {Fallback} [fallback]
 */

const PING_EVERY = 25_000;
const SILENCE = 55_000;
const WELCOME_WITHIN = 10_000;
const HOLDS_AFTER = 5_000;
const BACK_OFF_TOP = 30_000;
const FRAME_BYTES = 64 * 1024;
/** What this script speaks. */
const PROTOCOL = 1;
/** Close codes after which coming back is pointless. */
const STOPS = { 4403: "forbidden", 4404: "gone", 4409: "replaced", 4426: "old" };

export class LiveSocket extends EventTarget {
  /** @type {Options} */ #options;
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {Worker | null} */ #worker = null;
  /** @type {State} */ state = "offline";
  /** @type {string | null} */ epoch = null;
  /** Failed sockets since one held. */ #failures = 0;
  #refreshed = false;
  /** Said by `bye` or by a full line: when to come back. */ #retryAfter = -1;
  /** Sends that left on this connection and are not answered, by cid. @type {Map<string, Frame>} */
  #left = new Map();
  /** The first that the server refused for its rate: it takes nothing else before that one.
   * @type {Frame | undefined} */
  #refused;
  #heard = 0;
  #pinged = 0;
  /** Which polling is wanted. @type {object | null} */ #polling = null;
  #timers = { retry: 0, welcome: 0, holds: 0, beat: 0 };
  /** Grows with every attempt, so that an answer to an older one is ignored. */ #attempt = 0;

  /** @param {Options} options */
  constructor(options) {
    super();
    this.#options = options;
  }

  /** Connect, and stay connected until `close`. */
  open() {
    if (this.state === "connecting" || this.state === "open" || this.state === "polling") return;
    addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    this.#failures = 0;
    this.#refreshed = false;
    this.#connect();
  }

  /** Leave for good. */
  close(reason = "closed") {
    this.#stop(reason);
  }

  /**
   * Hand a frame over. False means "not now": keep it and try again when the state changes.
   * @param {Frame} frame
   */
  send(frame) {
    const ready = this.#socket && this.state === "open";
    const text = JSON.stringify(frame);
    const small = text.length * 3 < FRAME_BYTES || new Blob([text]).size < FRAME_BYTES;
    if (ready && small) {
      if (frame.cid) {
        const first = this.#refused;
        this.#refused = undefined;
        this.#left.set(frame.cid, frame);
        // Even if another tab or path got it stored meanwhile, or its chat has been left.
        if (first && first.cid !== frame.cid) this.send(first);
      }
      /** @type {WebSocket} */ (this.#socket).send(text);
      return true;
    }
    if (!this.#options.fallback || (!ready && !this.#polling)) return false;
    if (frame.type === "message.send" || frame.type === "note.add" || frame.type === "read") {
      this.#sendByHttp(frame);
      return true;
    }
    return false;
  }

  async #connect() {
    const attempt = ++this.#attempt;
    clearTimeout(this.#timers.retry);
    this.#drop();
    if (this.state !== "polling") this.#become("connecting");
    let hello;
    try {
      hello = this.#options.hello ? await this.#options.hello(this.#refreshed) : {};
    } catch (error) {
      if (attempt !== this.#attempt) return;
      const { stop, retryAfter = 0 } = /** @type {any} */ (error) ?? {};
      // Whoever was turned away together must not come back together.
      if (retryAfter) this.#retryAfter = retryAfter * 1000 * (1 + Math.random() / 2);
      if (stop) this.#stop("forbidden");
      else this.#failed();
      return;
    }
    if (attempt !== this.#attempt || this.state === "stopped") return;
    let socket;
    try {
      socket = new WebSocket(this.#options.url);
    } catch {
      this.#failed();
      return;
    }
    this.#socket = socket;
    this.#timers.welcome = setTimeout(() => this.#lost(socket), WELCOME_WITHIN);
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return socket.close();
      const resume = this.#options.resume?.() ?? {};
      socket.send(JSON.stringify({ type: "hello", protocol: PROTOCOL, ...hello, resume }));
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    });
  }

  /** @param {string} data */
  #receive(data) {
    this.#heard = Date.now();
    /** @type {Frame} */
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame.type === "pong") return;
    if (frame.type === "bye") {
      this.#retryAfter = Math.max(0, Number(frame.retry_after) || 0) * 1000;
      return;
    }
    if (frame.type === "welcome") this.#welcome(frame);
    if (frame.code === "rate") this.#refused ??= this.#left.get(frame.cid);
    this.#left.delete(frame.cid);
    this.#emit("frame", frame);
  }

  /** @param {Frame} welcome */
  #welcome(welcome) {
    clearTimeout(this.#timers.welcome);
    this.#polling = null;
    this.#refreshed = false;
    this.#pinged = Date.now();
    this.#timers.holds = setTimeout(() => {
      this.#failures = 0;
    }, HOLDS_AFTER);
    this.#beat();
    const other = this.epoch !== null && this.epoch !== welcome.epoch;
    this.epoch = welcome.epoch ?? null;
    if (other) this.#emit("epoch", null);
    this.#become("open");
  }

  #beat() {
    if (this.#worker || this.#timers.beat) return;
    const beat = () => {
      const now = Date.now();
      if (this.state !== "open" || !this.#socket) return;
      if (now - this.#heard >= SILENCE) {
        this.#lost(this.#socket);
      } else if (now - this.#pinged >= PING_EVERY) {
        this.#pinged = now;
        this.#socket.send('{"type":"ping"}');
      }
    };
    const slower = () => {
      this.#worker = null;
      this.#timers.beat ||= setInterval(beat, 5000);
    };
    try {
      this.#worker = new Worker(import.meta.url, { type: "module" });
      this.#worker.addEventListener("message", beat);
      this.#worker.addEventListener("error", slower);
    } catch {
      slower();
    }
  }

  /** A dead connection may take minutes to tell: let go of it now. @param {WebSocket} socket */
  #lost(socket) {
    if (socket === this.#socket) this.#closed(1006);
  }

  /** @param {number} code */
  #closed(code) {
    this.#drop();
    if (code === 4426) renew();
    if (code in STOPS) return this.#stop(STOPS[/** @type {keyof typeof STOPS} */ (code)]);
    if (code === 4401) {
      if (this.#refreshed) return this.#stop("token");
      this.#refreshed = true;
      this.#connect();
      return;
    }
    this.#failed(code);
  }

  /** @param {number} [code] */
  #failed(code = 1006) {
    this.#failures += 1;
    let wait = Math.random() * Math.min(BACK_OFF_TOP, 500 * 2 ** this.#failures);
    if (code === 1012) wait = Math.max(wait, Math.random() * 2000);
    if (code === 4429) wait = Math.max(wait, 2000);
    if (this.#retryAfter >= 0) {
      wait = this.#retryAfter;
      this.#retryAfter = -1;
    }
    if (this.#failures >= 2 && this.#options.fallback) this.#poll();
    if (!this.#polling) this.#become("offline", String(code));
    this.#timers.retry = setTimeout(() => this.#connect(), wait);
  }

  /** Forget the current socket without waiting for its farewell. */
  #drop() {
    clearTimeout(this.#timers.welcome);
    clearTimeout(this.#timers.holds);
    this.#left.clear();
    this.#refused = undefined;
    const socket = this.#socket;
    this.#socket = null;
    // One that is still on its way is closed when it has arrived: before, browsers call it an error.
    if (socket?.readyState === 1) socket.close();
  }

  /** @param {string} reason */
  #stop(reason) {
    this.#attempt += 1;
    this.#drop();
    this.#polling = null;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers.beat = 0;
    this.#worker?.terminate();
    this.#worker = null;
    removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    this.#become("stopped", reason);
  }

  #wake = () => {
    if (document.visibilityState === "hidden" || this.#socket || !this.#timers.retry) return;
    if (this.state === "offline" || this.state === "polling") this.#connect();
  };

  /** HTTP instead of a socket, as most never need it. */
  async #poll() {
    if (this.#polling) return;
    const own = (this.#polling = {});
    const isWanted = () => this.#polling === own;
    try {
      const { poll } = await import("./polling.js");
      poll(this.#options, isWanted, (frame) => this.#emit("frame", frame), (...state) => this.#become(...state));
    } catch {
      if (!isWanted()) return;
      // Not to be had either; the next failure tries again.
      this.#polling = null;
      this.#become("offline", "unreachable");
    }
  }

  /** @param {Frame} frame */
  async #sendByHttp(frame) {
    try {
      const answer = await /** @type {Fallback} */ (this.#options.fallback).send(frame);
      if (answer) this.#emit("frame", answer);
    } catch {
      if (frame.cid) {
        this.#emit("frame", { type: "nack", cid: frame.cid, code: "unavailable", retry: true });
      }
    }
  }

  /** @param {State} state @param {string} [reason] */
  #become(state, reason = "") {
    if (this.state === state) return;
    this.state = state;
    this.#emit("state", { state, reason });
  }

  /** @param {string} name @param {any} detail */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Load the page anew for a newer script; once, or a page that stays old would turn in circles. */
function renew() {
  try {
    const tried = sessionStorage.imece === `${PROTOCOL}`;
    sessionStorage.imece = PROTOCOL;
    if (!tried) location.reload();
  } catch {
    // Without a memory it could not be just once.
  }
}

// This module is its own Worker: timers of hidden tabs are slowed down, timers of workers are not.
if (typeof document === "undefined") setInterval(() => postMessage("beat"), 5000);

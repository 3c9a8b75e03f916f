// @ts-check
import { emptyThread, nextToSend, reduce } from "./store.js";

/**
 * Keeps threads in step with the server: applies frames, repairs gaps, sends what waits.
 *
 * Events: `thread` (detail: the thread after changes, once per turn), `event` (detail: {name, data}),
 * `message` (detail: {conversation, entry}; entries that were pushed, not loaded).
 *
 * @typedef {import("./store.js").Thread} Thread
 * @typedef {import("./store.js").Entry} Entry
 * @typedef {import("./store.js").File} File
 * @typedef {object} Outbox  keeps unsent items through a reload
 * @property {(conversation: string) => any[]} load
 * @property {(conversation: string, item: any) => void} save  also once more
 * @property {(conversation: string, cid: string) => void} remove
 * @typedef {object} Options
 * @property {import("./socket.js").LiveSocket} socket
 * @property {(conversation: string, after: number) =>
 *   Promise<{entries: Entry[], head: number, more: boolean}>} fetchEntries
 * @property {import("./store.js").Author} me
 * @property {Outbox} [outbox]
 * @property {AbortSignal} [signal]  ends it: the socket may outlive it
 */

const ACK_WITHIN = 15_000;
const RATE_REST = 2_500;
const BEHIND_AFTER = 1_500;
const TYPING_LASTS = 6_000;
const TYPING_AGAIN = 3_000;
const TYPING_STOPS = 4_000;

export class ThreadSync extends EventTarget {
  /** @type {Options} */ #options;
  /** @type {Map<string, Thread>} */ #threads = new Map();
  /** @type {Set<string>} */ #changed = new Set();
  /** @type {Set<string>} */ #repairing = new Set();
  /** Conversations that rest after a nack. @type {Map<string, number>} */ #resting = new Map();
  /** @type {Map<string, number>} */ #timers = new Map();
  /** @type {Map<string, {sent: number, wanted: number}>} */ #read = new Map();
  /** @type {Map<string, number>} */ #typed = new Map();

  /** @param {Options} options */
  constructor(options) {
    super();
    this.#options = options;
    const { signal } = options;
    options.socket.addEventListener("frame", (event) => {
      this.#frame(/** @type {CustomEvent} */ (event).detail);
    }, { signal });
    options.socket.addEventListener("epoch", () => {
      for (const id of this.#threads.keys()) this.#resync(id);
    }, { signal });
    options.socket.addEventListener("state", () => {
      for (const id of this.#threads.keys()) {
        this.dispatch(id, { type: "lost" });
        const read = this.#read.get(id);
        if (read) read.sent = 0;
        this.#sendRead(id);
      }
    }, { signal });
  }

  /** What `hello` resumes from. @returns {Record<string, number>} */
  resume() {
    return Object.fromEntries([...this.#threads].map(([id, thread]) => [id, thread.last]));
  }

  /** @param {string} conversation @returns {Thread | undefined} */
  thread(conversation) {
    return this.#threads.get(conversation);
  }

  /** Start to hold a conversation: load it and send what an earlier page left unsent.
   * @param {string} conversation */
  hold(conversation) {
    if (this.#threads.has(conversation)) return;
    this.#threads.set(conversation, emptyThread(conversation, this.#options.me));
    for (const item of this.#options.outbox?.load(conversation) ?? []) {
      this.dispatch(conversation, { type: "sending", item });
    }
    this.#touch(conversation);
    this.repair(conversation);
  }

  /** @param {string} conversation */
  release(conversation) {
    this.#threads.delete(conversation);
    this.#read.delete(conversation);
  }

  /** Show a message at once and send it when possible.
   * @param {string} conversation @param {string} text
   * @param {{attachments?: File[], kind?: "message"|"note", cid?: string, whisper?: true}} [more] */
  send(conversation, text, { attachments = [], kind = "message", cid = newCid(), whisper } = {}) {
    const item = { cid, kind, text, attachments, at: new Date().toISOString(), whisper };
    this.#options.outbox?.save(conversation, item);
    this.typing(conversation, false);
    this.dispatch(conversation, { type: "sending", item });
    return cid;
  }

  /** @param {string} conversation @param {string} cid */
  retry(conversation, cid) {
    this.dispatch(conversation, { type: "retry", cid });
  }

  /** @param {string} conversation @param {string} cid */
  discard(conversation, cid) {
    this.#options.outbox?.remove(conversation, cid);
    this.dispatch(conversation, { type: "discard", cid });
  }

  /** Say that this person types; repeated and ended by itself.
   * @param {string} conversation @param {boolean} on @param {object} [more] mode, text */
  typing(conversation, on, more = {}) {
    const key = `typed ${conversation}`;
    const before = this.#typed.get(conversation) ?? 0;
    const now = Date.now();
    if (on && (now - before >= TYPING_AGAIN || "text" in more)) {
      this.#typed.set(conversation, now);
      this.#options.socket.send({ type: "typing", conversation, on: true, ...more });
    }
    if (on) this.#later(key, TYPING_STOPS, () => this.typing(conversation, false, more));
    if (!on && before) {
      this.#typed.delete(conversation);
      this.#clear(key);
      this.#options.socket.send({ type: "typing", conversation, on: false, ...more });
    }
  }

  /** @param {string} conversation @param {number} seq */
  read(conversation, seq) {
    const read = this.#read.get(conversation) ?? { sent: 0, wanted: 0 };
    read.wanted = Math.max(read.wanted, seq);
    this.#read.set(conversation, read);
    this.#sendRead(conversation);
  }

  /** @param {string} conversation */
  #sendRead(conversation) {
    const read = this.#read.get(conversation);
    if (!read || read.wanted <= read.sent) return;
    const { wanted } = read;
    if (this.#options.socket.send({ type: "read", conversation, seq: wanted })) read.sent = wanted;
  }

  /** @param {string} conversation @param {import("./store.js").Action} action */
  dispatch(conversation, action) {
    const before = this.#threads.get(conversation);
    if (!before) return;
    const after = reduce(before, action);
    if (after !== before) {
      this.#threads.set(conversation, after);
      this.#touch(conversation);
      for (const { cid, state } of before.pending) {
        const item = after.pending.find((left) => left.cid === cid);
        if (!item || item.state === "acked") this.#options.outbox?.remove(conversation, cid);
        // A reload must not send by itself what was refused.
        else if ((item.state === "failed") !== (state === "failed")) this.#options.outbox?.save(conversation, item);
      }
    }
    if (after.gap) this.repair(conversation);
    else if (after.head > after.last) this.#catchUpSoon(conversation);
    this.#flush(conversation);
  }

  /** @param {string} conversation */
  #touch(conversation) {
    if (!this.#changed.size) queueMicrotask(() => this.#tell());
    this.#changed.add(conversation);
  }

  #tell() {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const id of changed) {
      const thread = this.#threads.get(id);
      if (thread) this.dispatchEvent(new CustomEvent("thread", { detail: thread }));
    }
  }

  /** @param {string} conversation */
  #flush(conversation) {
    const thread = this.#threads.get(conversation);
    const item = thread && nextToSend(thread);
    if (!item || (this.#resting.get(conversation) ?? 0) > Date.now()) return;
    const { state } = this.#options.socket;
    if (state !== "open" && state !== "polling") return;
    this.dispatch(conversation, { type: "attempt", cid: item.cid });
    if (!this.#options.socket.send(sendFrame(conversation, item))) {
      this.#rest(conversation, 1000);
      this.dispatch(conversation, { type: "lost" });
      return;
    }
    this.#later(`ack ${conversation}`, ACK_WITHIN, () => {
      this.dispatch(conversation, { type: "lost" });
    });
  }

  /** @param {string} conversation @param {number} wait */
  #rest(conversation, wait) {
    this.#resting.set(conversation, Date.now() + wait);
    this.#later(`rest ${conversation}`, wait, () => {
      this.#resting.delete(conversation);
      this.#flush(conversation);
    });
  }

  /** @param {import("./socket.js").Frame} frame */
  #frame(frame) {
    switch (frame.type) {
      case "welcome":
        for (const [id, head] of Object.entries(frame.heads ?? {})) {
          this.dispatch(id, { type: "head", head });
        }
        break;
      case "entries":
        this.#entries(frame);
        break;
      case "ack":
      case "nack":
        this.#answer(frame);
        break;
      case "typing":
        this.#theyType(frame);
        break;
      case "resync":
        this.#resync(frame.conversation);
        break;
      case "event":
        this.#event(frame.name, frame.data ?? {});
        break;
      default: // A newer server may say more; it is none of our business.
    }
  }

  /** @param {any} frame */
  #entries(frame) {
    const before = this.#threads.get(frame.conversation);
    if (!before) return;
    this.dispatch(frame.conversation, frame);
    const after = /** @type {Thread} */ (this.#threads.get(frame.conversation));
    for (const entry of after.entries.slice(before.last)) {
      this.dispatchEvent(
        new CustomEvent("message", { detail: { conversation: frame.conversation, entry } }),
      );
    }
  }

  /** @param {any} frame */
  #answer(frame) {
    for (const [id, thread] of this.#threads) {
      const item = thread.pending.find(({ cid }) => cid === frame.cid);
      if (!item) continue;
      // A late answer to an earlier attempt must not stop the watch over the send under way.
      if (item.state === "sending") this.#clear(`ack ${id}`);
      if (frame.type === "nack" && frame.retry) {
        this.#rest(id, frame.code === "rate" ? RATE_REST : 1000);
      }
      this.dispatch(id, frame);
    }
  }

  /** @param {any} frame */
  #theyType(frame) {
    const { conversation, author } = frame;
    if (!this.#threads.has(conversation)) return;
    this.dispatch(conversation, frame);
    const key = `typing ${conversation} ${author.id ?? author.kind}`;
    if (frame.on) {
      this.#later(key, TYPING_LASTS, () => {
        this.dispatch(conversation, { type: "typing", author, on: false });
      });
    } else this.#clear(key);
  }

  /** @param {string} name @param {any} data */
  #event(name, data) {
    if (data.by !== this.#options.me.kind) {
      if (name === "conversation.read") {
        this.dispatch(data.conversation, { type: "marks", read: data.seq });
      } else if (name === "conversation.delivered") {
        this.dispatch(data.conversation, { type: "marks", delivered: data.seq });
      }
    }
    this.dispatchEvent(new CustomEvent("event", { detail: { name, data } }));
  }

  /** @param {string} conversation */
  #resync(conversation) {
    this.dispatch(conversation, { type: "resync" });
  }

  /** A push may have been missed: look, unless it comes in the meantime.
   * @param {string} conversation */
  #catchUpSoon(conversation) {
    if (this.#timers.has(`behind ${conversation}`)) return;
    this.#later(`behind ${conversation}`, BEHIND_AFTER, () => {
      const thread = this.#threads.get(conversation);
      if (thread && thread.head > thread.last) this.repair(conversation);
    });
  }

  /** Load what is missing after the newest entry held. @param {string} conversation */
  async repair(conversation) {
    if (this.#repairing.has(conversation)) return;
    this.#repairing.add(conversation);
    let fails = 0;
    for (;;) {
      const thread = this.#threads.get(conversation);
      if (!thread || this.#options.socket.state === "stopped") break;
      try {
        const page = await this.#options.fetchEntries(conversation, thread.last);
        this.dispatch(conversation, { type: "entries", ...page });
        const after = this.#threads.get(conversation);
        if (!after || (!page.more && !after.gap)) break;
        if (after.last > thread.last || after.generation !== thread.generation) continue;
      } catch (error) {
        if (/** @type {any} */ (error)?.stop) break;
      }
      fails += 1;
      await new Promise((resolve) => {
        setTimeout(resolve, Math.random() * Math.min(15_000, 500 * 2 ** fails));
      });
    }
    this.#repairing.delete(conversation);
  }

  /** @param {string} key @param {number} wait @param {() => void} action */
  #later(key, wait, action) {
    this.#clear(key);
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        action();
      }, wait),
    );
  }

  /** @param {string} key */
  #clear(key) {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }
}

/** @param {string} conversation @param {import("./store.js").Pending} item */
function sendFrame(conversation, { kind, cid, text, attachments, whisper }) {
  return {
    type: kind === "note" ? "note.add" : "message.send",
    cid,
    conversation,
    text,
    whisper,
    ...(attachments.length ? { attachments: attachments.map(({ id }) => id) } : {}),
  };
}

/** An id for one send. `randomUUID` is missing on plain http pages. @returns {string} */
export function newCid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20, 32].map((end, i, ends) => hex.slice(ends[i - 1] ?? 0, end)).join("-");
}

// @ts-check
import { isMine } from "./store.js";

/**
 * Draws a thread into an element that scrolls: keyed and incremental, text only as text.
 *
 * @typedef {import("./store.js").Thread} Thread
 * @typedef {import("./store.js").Entry} Entry
 * @typedef {import("./store.js").Pending} Pending
 * @typedef {object} Texts
 * @property {string} today
 * @property {string} yesterday
 * @property {string} sending
 * @property {string} sent
 * @property {string} delivered
 * @property {string} read
 * @property {string} failed
 * @property {string} retry
 * @property {string} discard
 * @property {string} newMessages  the button that leads down
 * @property {string} typing  with {name}
 * @property {string} [note]  who sees an internal note
 * @property {string} [edited]
 * @property {string} image  with {name}
 * @property {string} download  with {name} and {size}
 * @property {string} fileGone
 * @property {Record<string, string | Record<string, string>>} lines  system lines by "kind" or
 *   "kind.authorkind", with {name} and the values of the entry's data; several texts stand by the
 *   value that they tell of; a kind without a text is not drawn
 * @property {Record<string, string>} [refusals]  why a send failed, by code
 * @typedef {object} Options
 * @property {HTMLElement} element
 * @property {import("./store.js").Author} me
 * @property {Texts} texts
 * @property {string} locale
 * @property {string} [timeZone]
 * @property {string} [label]  what the log is called
 * @property {(file: import("./store.js").File) => string | Promise<string>} fileUrl
 * @property {Set<string>} spoken  kinds of entries that are words; all others are lines
 * @property {(entry: Entry, thread: Thread) => boolean} [skips]  lines that say nothing new here
 * @property {Set<string>} [overtaken]  kinds of lines of which only the newest stands, unless another
 *   line, a word or a day came in between
 * @property {(cid: string) => void} [onRetry]
 * @property {(cid: string) => void} [onDiscard]
 */

const NEAR_END = 80;
const GROUP_WITHIN = 5 * 60_000;

export class ThreadView {
  /** @type {Options} */ #options;
  /** @type {HTMLElement} */ #log;
  /** @type {HTMLElement} */ #waiting;
  /** @type {HTMLElement} */ #typing;
  /** @type {HTMLElement} */ #voice;
  /** @type {HTMLButtonElement} */ #jump;
  /** @type {Thread | null} */ #drawn = null;
  /** @type {Map<string, {item: Pending, node: HTMLElement}>} */ #pending = new Map();
  /** Own entries whose mark may still move: seq → where it is written. */
  #unread = /** @type {Map<number, HTMLElement>} */ (new Map());
  #last = { day: "", author: "", at: 0, node: /** @type {HTMLElement | null} */ (null) };
  /** The line that the next one of its sort takes the place of. @type {HTMLElement | null} */
  #passing = null;
  #formats;

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    const { locale, timeZone } = options;
    this.#formats = {
      key: new Intl.DateTimeFormat("en-CA", { timeZone }),
      month: new Intl.DateTimeFormat(locale, { timeZone, month: "short" }),
      time: new Intl.DateTimeFormat(locale, { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    };
    // New lines of others are spoken by #voice: the log itself also holds what this person typed.
    this.#log = el("div", "thread-log");
    this.#log.setAttribute("role", "log");
    this.#log.setAttribute("aria-live", "off");
    if (options.label) this.#log.setAttribute("aria-label", options.label);
    this.#waiting = el("div", "thread-pending");
    this.#typing = el("div", "thread-typing");
    this.#voice = el("div", "thread-voice");
    this.#voice.setAttribute("aria-live", "polite");
    this.#jump = /** @type {HTMLButtonElement} */ (el("button", "thread-jump"));
    this.#jump.type = "button";
    this.#jump.hidden = true;
    this.#jump.textContent = options.texts.newMessages;
    this.#jump.addEventListener("click", () => this.toEnd());
    const { element } = options;
    element.classList.add("thread");
    element.tabIndex = 0;
    element.replaceChildren(this.#log, this.#waiting, this.#typing, this.#jump, this.#voice);
    element.addEventListener("scroll", () => {
      // Scrolled by a box that has just become lower, not by a person: the newest line is still wanted.
      if (element.clientHeight !== this.#height) return;
      // Whoever reads back scrolls up. What lies below may also have grown since the end was scrolled to.
      if (this.atEnd()) this.#stuck = this.#jump.hidden = true;
      else if (element.scrollTop < this.#top) this.#stuck = false;
      this.#top = element.scrollTop;
    }, { passive: true });
    // An image that got its size, or a keyboard that came up, must not hide the newest line.
    const size = new ResizeObserver(() => {
      this.#height = element.clientHeight;
      if (this.#stuck) this.toEnd();
    });
    size.observe(this.#log);
    size.observe(element);
  }

  #stuck = true;
  #height = 0;
  #top = 0;

  /** Whether the newest line is in sight. */
  atEnd() {
    const { element } = this.#options;
    return element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
  }

  /** Scroll to the newest line. */
  toEnd() {
    const { element } = this.#options;
    element.scrollTop = element.scrollHeight;
    this.#top = element.scrollTop;
    this.#stuck = true;
    this.#jump.hidden = true;
  }

  /** Bring the screen in step with the thread. @param {Thread} thread */
  render(thread) {
    const before = this.#drawn;
    if (thread === before) return;
    const fresh =
      !before ||
      before.generation !== thread.generation ||
      before.conversation !== thread.conversation;
    if (fresh) this.#clear();
    const known = fresh ? 0 : before.entries.length;
    const stuck = this.#stuck;
    const added = thread.entries.slice(known);
    const sentNow = thread.pending.some(({ cid }) => !this.#pending.has(cid));
    this.#drawEntries(added, thread);
    if (fresh || thread.pending !== before.pending || added.length) this.#drawPending(thread);
    if (fresh || thread.marks !== before.marks) this.#drawMarks(thread);
    if (fresh || thread.typing !== before.typing) this.#drawTyping(thread);
    if (!fresh && known) this.#speak(added, thread);
    this.#drawn = thread;
    if (stuck || sentNow || fresh) this.toEnd();
    else if (added.some((e) => this.#options.spoken.has(e.kind) && !isMine(e.author, thread.me))) {
      this.#jump.hidden = false;
    }
  }

  #clear() {
    this.#log.replaceChildren();
    this.#waiting.replaceChildren();
    this.#pending.clear();
    this.#unread.clear();
    this.#last = { day: "", author: "", at: 0, node: null };
    this.#passing = null;
  }

  /** @param {Entry[]} entries @param {Thread} thread */
  #drawEntries(entries, thread) {
    if (!entries.length) return;
    const lot = document.createDocumentFragment();
    for (const entry of entries) {
      if (this.#options.skips?.(entry, thread)) continue;
      const at = new Date(entry.at);
      if (this.#options.spoken.has(entry.kind)) {
        this.#drawDay(at, lot);
        lot.append(this.#message(entry, at, thread));
        this.#passing = null;
      } else {
        const line = this.#line(entry);
        if (!line) continue;
        this.#drawDay(at, lot);
        const passes = this.#options.overtaken?.has(entry.kind);
        if (passes) this.#passing?.remove();
        this.#passing = passes ? line : null;
        lot.append(line);
        this.#last.author = "";
      }
    }
    this.#log.append(lot);
  }

  /** @param {Date} at @param {DocumentFragment} lot */
  #drawDay(at, lot) {
    const key = this.#formats.key.format(at);
    if (key === this.#last.day) return;
    this.#last.day = key;
    this.#last.author = "";
    this.#passing = null;
    const node = el("div", "thread-day");
    const time = document.createElement("time");
    time.dateTime = at.toISOString();
    node.append(time);
    lot.append(node);
    // What was today when it was drawn may be yesterday by now.
    for (const day of [time, ...this.#log.querySelectorAll(".thread-day time")]) this.#nameDay(/** @type {any} */ (day));
  }

  /** @param {HTMLTimeElement} time */
  #nameDay(time) {
    const at = new Date(time.dateTime);
    const own = this.#formats.key.format(at);
    const now = this.#formats.key.format(new Date());
    // By the calendar: where clocks change, a day has 23 or 25 hours.
    const before = new Date(Date.parse(now) - 86_400_000).toISOString().slice(0, 10);
    const { today, yesterday } = this.#options.texts;
    time.textContent =
      own === now ? today
      : own === before ? yesterday
      : this.#date(at, own.slice(0, 4) === now.slice(0, 4));
  }

  /** As the server writes it: browsers have commas and a "Sept". @param {Date} at @param {boolean} [isShort] */
  #date(at, isShort) {
    const [year, , day] = this.#formats.key.format(at).split("-");
    return `${Number(day)} ${this.#formats.month.format(at)}${isShort ? "" : ` ${year}`}`;
  }

  /** @param {Entry} entry @param {Date} at @param {Thread} thread */
  #message(entry, at, thread) {
    const { author } = entry;
    const mine = this.#side(entry.author) === "own";
    const sort = entry.data?.whisper ? "whisper" : entry.kind;
    const key = `${author.kind} ${author.id ?? ""} ${sort}`;
    const follows = key === this.#last.author && at.getTime() - this.#last.at < GROUP_WITHIN;
    if (follows) this.#last.node?.classList.add("is-followed");
    const node = el("div", `message is-${mine ? "own" : "other"} is-${entry.kind}`);
    node.dataset.seq = String(entry.seq);
    if (follows) node.classList.add("is-following");
    this.#fill(node, entry.text, entry.attachments ?? []);
    const meta = el("div", "message-meta");
    if (entry.kind === "note") meta.append(`${this.#options.texts[sort]} · `);
    if (!isMine(author, thread.me) && author.name) {
      meta.append(span("message-author", author.name), " · ");
    }
    meta.append(this.#time(at));
    if (isMine(author, thread.me) && entry.kind === "message") {
      const mark = span("message-mark", "");
      meta.append(" · ", mark);
      this.#mark(mark, entry.seq, thread);
      if (entry.seq > thread.marks.read) this.#unread.set(entry.seq, mark);
    }
    node.append(meta);
    this.#last = { ...this.#last, author: key, at: at.getTime(), node };
    return node;
  }

  /** The visitor's words are on one side, everything the company says on the other.
   * @param {import("./store.js").Author} author */
  #side(author) {
    return (author.kind === "visitor") === (this.#options.me.kind === "visitor") ? "own" : "other";
  }

  /** @param {HTMLElement} node @param {string} text @param {import("./store.js").File[]} files */
  #fill(node, text, files) {
    if (text) {
      const bubble = el("div", "message-bubble");
      bubble.append(text);
      if (/https?:/i.test(text)) {
        import("./links.js").then(({ linked }) => bubble.replaceChildren(...linked(text)), () => {});
      }
      node.append(bubble);
    }
    for (const file of files) {
      // Most chats have none, and need not wait for what draws them.
      const name = el("div", "message-file-name");
      name.textContent = file.name;
      node.append(name);
      import("./files.js").then(({ fileNode }) => name.replaceWith(fileNode(file, this.#options)));
    }
  }

  /** @param {Date} at */
  #time(at) {
    const time = document.createElement("time");
    time.dateTime = at.toISOString();
    time.textContent = this.#formats.time.format(at);
    time.title = `${this.#date(at)} ${time.textContent}`;
    return time;
  }

  /** @param {Entry} entry */
  #line(entry) {
    const { lines } = this.#options.texts;
    const texts = lines[`${entry.kind}.${entry.author.kind}`] ?? lines[entry.kind] ?? "";
    const told = typeof texts === "string" ? "" : Object.keys(texts).find((key) => entry.data?.[key]);
    const text = typeof texts === "string" ? texts : texts[told ?? ""];
    if (!text) return null;
    const node = el("div", `thread-line is-${entry.kind}`);
    node.dataset.seq = String(entry.seq);
    node.textContent = fill(text, { ...entry.data, name: entry.author.name ?? "" });
    // Agents see why a chat was passed on; visitors' entries have no reasons.
    if (entry.kind === "transferred" && entry.data?.reason) node.append(` · ${entry.data.reason}`);
    return node;
  }

  /** @param {Thread} thread */
  #drawPending(thread) {
    const left = new Set(thread.pending.map(({ cid }) => cid));
    for (const [cid, { node }] of this.#pending) {
      if (left.has(cid)) continue;
      node.remove();
      this.#pending.delete(cid);
    }
    for (const item of thread.pending) {
      const drawn = this.#pending.get(item.cid);
      if (drawn?.item === item) continue;
      const node = drawn?.node ?? el("div", `message is-own is-${item.kind} is-pending`);
      if (!drawn) {
        this.#fill(node, item.text, item.attachments);
        node.append(el("div", "message-meta"));
        this.#waiting.append(node);
      }
      node.classList.toggle("is-failed", item.state === "failed");
      this.#pendingMeta(/** @type {HTMLElement} */ (node.lastElementChild), item);
      this.#pending.set(item.cid, { item, node });
    }
  }

  /** @param {HTMLElement} meta @param {Pending} item */
  #pendingMeta(meta, item) {
    const { texts, onRetry, onDiscard } = this.#options;
    if (item.state !== "failed") {
      const word = item.state === "acked" ? texts.sent : texts.sending;
      meta.replaceChildren(this.#time(new Date(item.at)), " · ", span("message-mark", word));
      return;
    }
    meta.replaceChildren(texts.refusals?.[item.code ?? ""] ?? texts.failed);
    meta.setAttribute("role", "alert");
    /** @type {[string, ((cid: string) => void) | undefined][]} */
    const ways = [[texts.retry, onRetry], [texts.discard, onDiscard]];
    for (const [label, way] of ways) {
      if (!way) continue;
      const button = /** @type {HTMLButtonElement} */ (el("button", "message-action"));
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => way(item.cid));
      meta.append(" ", button);
    }
  }

  /** @param {Thread} thread */
  #drawMarks(thread) {
    for (const [seq, mark] of this.#unread) {
      this.#mark(mark, seq, thread);
      if (seq <= thread.marks.read) this.#unread.delete(seq);
    }
  }

  /** @param {HTMLElement} mark @param {number} seq @param {Thread} thread */
  #mark(mark, seq, { marks }) {
    const state = seq <= marks.read ? "read" : seq <= marks.delivered ? "delivered" : "sent";
    if (mark.dataset.state === state) return;
    mark.dataset.state = state;
    mark.textContent = this.#options.texts[state];
  }

  /** @param {Thread} thread */
  #drawTyping(thread) {
    this.#typing.replaceChildren(
      ...Object.values(thread.typing).map(({ author, text, mode }) => {
        const side = this.#side(author);
        const node = el("div", `message is-${side} is-typing is-${mode}`);
        const bubble = el("div", text ? "message-bubble is-peek" : "message-bubble is-dots");
        const says = fill(this.#options.texts.typing, { name: author.name ?? "" });
        if (text) bubble.textContent = text;
        else for (let i = 0; i < 3; i += 1) bubble.append(el("i", ""));
        bubble.append(span("thread-voice", says));
        node.append(bubble);
        return node;
      }),
    );
  }

  /** @param {Entry[]} entries @param {Thread} thread */
  #speak(entries, thread) {
    const words = entries
      .filter((entry) => !isMine(entry.author, thread.me))
      .map((entry) => {
        if (!this.#options.spoken.has(entry.kind)) return this.#line(entry)?.textContent ?? "";
        const files = (entry.attachments ?? []).map(({ name }) => name);
        const says = [entry.text, ...files].filter(Boolean).join(", ");
        // What nobody wrote has no name.
        return [entry.author.name, says].filter(Boolean).join(": ");
      })
      .filter(Boolean);
    if (!words.length) return;
    const line = el("div", "");
    line.textContent = words.join("\n");
    this.#voice.append(line);
    while (this.#voice.childElementCount > 5) this.#voice.firstElementChild?.remove();
  }
}

/** Put values into the {places} of a text. @param {string} text @param {Record<string, any>} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}

/** @param {string} tag @param {string} name @returns {HTMLElement} */
function el(tag, name) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  return node;
}

/** @param {string} name @param {string} text */
function span(name, text) {
  const node = el("span", name);
  node.textContent = text;
  return node;
}

// @ts-check
import { LiveSocket } from "../live/socket.js";
import { composes, isBlank } from "../live/words.js";
import { Api, ApiError } from "./api.js";
import { Bridge } from "./bridge.js";
import { h, iconButton, paint } from "./dom.js";
import { formScreen, homeScreen, noticeScreen, offlineScreen } from "./screens.js";

/** The widget inside its iframe: which screen is shown, and what all screens share. */

const config = JSON.parse(document.getElementById("config")?.textContent ?? "{}");
const BANNER_AFTER = 3_000;

export class App {
  config = config;
  texts = config.texts;
  locale = config.language;
  bridge = new Bridge(config);
  api = new Api(config);
  /** @type {any} */ session = null;
  /** @type {any} */ availability = { state: "offline", topics: [], says: null };
  /** The topic of the form: its id, null for a free one. @type {string | null} */ topic = null;
  /** What was typed into forms; survives a change of screen. @type {Record<string, string>} */
  draft = {};
  /** Fields that the site or an earlier form told us. @type {Record<string, string>} */ known = {};
  isOpen = false;
  /** @type {import("./chat.js").Chat | null} */ chat = null;
  /** @type {LiveSocket} */ socket;
  #root = /** @type {HTMLElement} */ (document.getElementById("app"));
  screen = "";
  /** @type {Promise<void> | null} */ #entering = null;
  #banner = h("p", { class: "banner", role: "status", hidden: true });
  #bannerTimer = 0;
  /** There are too many windows for this one. */ #replaced = false;

  constructor() {
    this.socket = new LiveSocket({
      url: new URL(config.socket, location.href).href.replace(/^http/, "ws"),
      hello: async (refresh) => {
        if (!this.session) await this.#enter();
        return { token: await this.api.token(refresh) };
      },
      resume: () => this.chat?.resume() ?? {},
      fallback: {
        send: async (frame) => (await import("./http.js")).sendFrame(this.api, frame),
        entries: (conversation, after) => this.api.entries(conversation, after),
      },
    });
    this.socket.addEventListener("frame", (event) => {
      const frame = /** @type {CustomEvent} */ (event).detail;
      if (frame.type === "event" && frame.name === "availability.changed") this.#available(frame.data);
      else if (frame.type === "welcome" && frame.availability) this.#available(frame.availability);
      else if (frame.type === "entries" || frame.type === "resync") this.#look(frame.conversation);
    });
    this.socket.addEventListener("state", (event) => {
      this.#connection(/** @type {CustomEvent} */ (event).detail);
    });
    this.bridge.listen({
      init: (data) => this.#init(data),
      open: (data) => this.#opened(data),
      close: () => this.#closed(),
      visitor: (data) => this.#become(data.visitor),
      identify: (data) => this.#identify(data.identity),
      set: (data) => {
        this.know(data.fields);
        if (this.waiting) return;
        if (this.screen === "form") this.form();
        if (this.screen === "offline") this.offline();
      },
      track: (data) => this.#track(data.name),
      theme: (data) => paint(config.brand, data.dark),
      shutdown: () => this.#shutdown(),
    });
    this.api.refused = (code) => this.bridge.event("identity:refused", { code });
    // Of many windows the one that somebody turns to goes on.
    const turned = () => {
      if (this.#replaced && document.visibilityState === "visible") this.socket.open();
    };
    addEventListener("focus", turned);
    document.addEventListener("visibilitychange", turned);
    addEventListener("keydown", (event) => {
      // A menu closes by itself, and alone.
      if (event.key === "Escape" && !composes(event) && !document.querySelector(":popover-open")) this.bridge.close();
    });
  }

  // What the host page says

  /** @param {any} data */
  #init(data) {
    this.api.visitor = data.visitor ?? "";
    if (data.visitor) this.told = null;
    this.api.identity = data.identity ?? "";
    this.api.page = data.page ?? {};
    this.know(data.fields);
    try {
      this.draft = JSON.parse(this.bridge.get("draft") ?? "{}");
    } catch {
      this.draft = {};
    }
    // Somebody who wrote before may have an answer waiting: count it, even if the panel is closed.
    if (data.open) this.#opened(data);
    else if (this.api.visitor) this.join();
  }

  /** @param {any} data */
  #opened(data) {
    this.isOpen = true;
    if (data.page) this.api.page = data.page;
    if (this.api.config.opened && !data.quiet) this.api.call("opened", {}).catch(() => {});
    if (this.session) {
      if (this.socket.state === "offline" || this.socket.state === "stopped") this.socket.open();
      this.chat?.opened();
      if (!data.quiet) this.focus();
      return;
    }
    if (!this.screen) this.show("notice", noticeScreen(this, { text: this.texts.state.loading }));
    this.join();
  }

  #closed() {
    this.isOpen = false;
    this.chat?.closed();
    this.#look(this.other);
  }

  /** @param {Record<string, string> | undefined} fields */
  know(fields) {
    for (const name of ["name", "email", "phone"]) {
      // Halves of characters can't be stored.
      const value = fields?.[name]?.replace(/[\p{Cs}\0]/gu, "") ?? "";
      if (name === "email" ? this.isAddress(value) : !isBlank(value)) this.known[name] = value;
      else if (value) console.warn(`İmece: set left "${name}" aside`);
    }
  }

  #address = new RegExp(`^${config.address}$`, "u");

  /** Whether the server takes it for an e-mail address. @param {string} text */
  isAddress(text) {
    return this.#address.test(text);
  }

  /** What the page told is not taken: the form asks. @param {string[]} names */
  askAgain(names) {
    for (const name of names) delete this.known[name];
    this.show(this.screen, this.screen === "form" ? formScreen(this) : offlineScreen(this));
  }

  /** What the page told before there is somebody to keep it of; null from then on.
   * @type {{name: string, at: number}[] | null} */
  told = [];

  /** @param {string} name */
  #track(name) {
    if (this.told) this.told = [...this.told, { name, at: Date.now() }].slice(-20);
    else this.api.call("events", { name }).catch(() => {});
  }

  /** Another tab wrote first, or somebody else is signed in: begin as that visitor, with nothing of
   * the one before in memory. @param {string} visitor */
  #become(visitor) {
    if (visitor !== this.api.visitor) location.reload();
  }

  /** @param {string} identity */
  async #identify(identity) {
    this.api.identity = identity;
    await this.#entering?.catch(() => {});
    if (!this.session || this.api.identity !== identity) return;
    this.socket.close();
    this.session = this.api.session = null;
    this.join();
  }

  #shutdown() {
    this.socket.close();
    this.bridge.clear();
    this.chat?.leave();
  }

  // Session

  /** Show where the visitor stands, or that nobody can say. */
  async join() {
    try {
      await this.#enter();
    } catch (error) {
      const { stop } = /** @type {any} */ (error);
      this.show("notice", noticeScreen(this, {
        text: this.texts.state.failed,
        retry: stop ? undefined : () => this.join(),
      }));
      // It tries again by itself, and enters first of all.
      if (!stop) this.socket.open();
    }
  }

  /** Open the session once. @returns {Promise<void>} */
  #enter() {
    this.#entering ??= this.#begun().catch((error) => {
      this.session = null;
      throw error;
    }).finally(() => {
      this.#entering = null;
    });
    return this.#entering;
  }

  async #begun() {
    const before = this.api.visitor;
    this.session = await this.api.open();
    if (before && before !== this.api.visitor) {
      // Until the page begins anew it must ask nothing more of what the one before had.
      this.dropChat();
      this.bridge.clear();
      this.bridge.unread(0);
      this.bridge.keep(this.api.visitor);
      return this.#become(before);
    }
    this.availability = this.session.availability;
    this.know(this.session.fields);
    if (this.session.conversation) await this.talk(this.session.conversation);
    else if (!this.bridge.get("start") || !(await (await import("./earlier.js")).startAgain(this))) this.home();
    this.socket.open();
  }

  /** @param {any} availability */
  #available(availability) {
    const topics = (availability.topics ?? []).map((/** @type {any} */ topic) => ({
      ...topic, name: topic.name ?? this.topicName(topic.id),
    }));
    const before = JSON.stringify(this.availability);
    const { state, says, reason } = availability;
    this.availability = { state, topics, says, reason };
    // Said with every welcome; a screen that says so already keeps its focus.
    if (this.waiting || JSON.stringify(this.availability) === before) return;
    if (this.screen === "home") this.home();
    else if (this.screen === "form" && this.#outlook(this.topic) === "offline") this.offline();
    else if (this.screen === "offline" && this.#outlook(this.topic) !== "offline") this.form();
  }

  /** @param {string | null} topic */
  #outlook(topic) {
    const found = this.availability.topics.find((/** @type {any} */ one) => one.id === topic);
    return (found ?? this.availability).state;
  }

  // Screens

  /** @param {string} name @param {HTMLElement} node */
  show(name, node) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const inside = this.#root.contains(focused);
    const key = focused?.dataset.key;
    const field = focused?.id;
    const same = name === this.screen;
    const top = this.#root.querySelector(".screen")?.scrollTop ?? 0;
    // A start that is drawn again keeps what has come below its topics.
    if (same) node.querySelector(".home-body")?.append(...this.#root.querySelectorAll(".card + .card"));
    this.screen = name;
    this.#root.replaceChildren(this.#banner, node);
    const again =
      (key && node.querySelector(`[data-key="${CSS.escape(key)}"]`)) ||
      (field && node.querySelector(`#${CSS.escape(field)}`));
    if (same || again) node.scrollTop = top;
    if (inside && again instanceof HTMLElement) again.focus({ preventScroll: true });
    else if (this.isOpen && (inside || (!same && document.hasFocus()))) this.focus();
  }

  /** Put the focus where the visitor goes on. */
  focus() {
    const title = this.#root.querySelector(".thanks-title, h1");
    // On a phone the keyboard comes up only when the visitor asks for it.
    const touch = matchMedia("(pointer: coarse)").matches;
    const target = touch ? title : this.#root.querySelector("form:not([hidden]) :is(textarea, input:not([hidden]))") ?? title;
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  }

  closeButton() {
    return iconButton("down", this.texts.chat.close, () => this.bridge.close(), { class: "icon-button is-close" });
  }

  home() {
    this.dropChat();
    this.show("home", homeScreen(this));
    if (this.bridge.get("last")) import("./end.js").then(({ offerRating }) => offerRating(this));
    this.#look(this.other);
    if (this.told) return;
    import("./tickets.js").then(({ showTickets }) => showTickets(this));
    import("./earlier.js").then(({ showEarlier }) => showEarlier(this));
  }

  /** @param {any} topic a topic, or null for a free one */
  pick(topic) {
    this.topic = topic?.id ?? null;
    if (this.#outlook(this.topic) === "offline") this.offline();
    else this.form();
  }

  form() {
    this.show("form", formScreen(this));
  }

  /** @param {{because?: string, back?: () => void}} [how] */
  offline(how) {
    this.show("offline", offlineScreen(this, how));
  }

  // What the visitor does

  keepDraft() {
    this.bridge.set("draft", JSON.stringify(this.draft));
  }

  /** @param {Record<string, string>} values */
  body(values) {
    const { text, topic_text: topicText, ...fields } = values;
    return {
      ...(this.topic ? { topic: this.topic } : {}),
      ...(topicText ? { topic_text: topicText } : {}),
      fields: { ...this.known, ...fields },
      text,
    };
  }

  /** Start a chat from the form. @param {Record<string, string>} values */
  async start(values) {
    const { text, ...rest } = this.body(values);
    const { newCid } = await import("../live/sync.js");
    const body = { ...rest, message: { cid: this.startCid ??= newCid(), text } };
    this.bridge.keep(this.api.visitor);
    this.bridge.set("start", JSON.stringify({ at: Date.now(), body }));
    await this.begin(body);
    this.startCid = null;
  }

  /** The same form sent again is the same chat. @type {string | null} */
  startCid = null;

  /** What the chat was started with, until the thread shows it. */
  firstWords = "";

  /** @param {any} body */
  async begin(body) {
    try {
      const events = this.told?.map(({ name, at }) => ({ name, ago: Math.round((Date.now() - at) / 1000) }));
      const started = await this.api.call("conversations", { ...body, events });
      this.told = null;
      this.know(body.fields);
      this.forgetDraft();
      this.firstWords = body.message.text;
      await this.talk(started);
      this.bridge.event("conversation:start", { id: started.id });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 409) {
        this.bridge.set("start", null);
        throw error;
      }
      const { cantBegin } = await import("./earlier.js");
      await cantBegin(this, error, body);
    }
  }

  forgetDraft() {
    this.draft = {};
    this.bridge.set("start", null);
    this.bridge.set("draft", null);
  }

  /** Leave a message that becomes a ticket. @param {Record<string, string>} values */
  async leave(values) {
    return (await import("./thanks.js")).leave(this, values);
  }

  /** A waiting visitor may leave a message instead; going back keeps the place in line.
   * @param {import("./chat.js").Chat} chat @param {string} because */
  offlineInstead(chat, because) {
    this.waiting = chat;
    this.offline({ because, back: () => this.backTo(chat) });
  }

  /** Somebody took the chat, or the visitor thought better of it.
   * @param {import("./chat.js").Chat} chat */
  backTo(chat) {
    if (this.waiting !== chat) return;
    this.waiting = null;
    chat.goOn();
    this.show("chat", chat.element);
    chat.opened();
  }

  /** The chat in line whose visitor leaves a message instead. @type {import("./chat.js").Chat | null} */
  waiting = null;

  /** Show a chat. @param {any} conversation */
  async talk(conversation) {
    if (typeof conversation === "string") conversation = { id: conversation, status: "queued" };
    const { Chat } = await import("./chat.js");
    this.dropChat();
    this.chat = new Chat(this, conversation);
    this.shown = conversation.id;
    this.other = "";
    // One of before is only read.
    if (conversation.is_open !== false) this.bridge.set("last", conversation.id);
    this.bridge.keep(this.api.visitor);
    this.show("chat", this.chat.element);
    if (this.isOpen) this.chat.opened();
  }

  dropChat() {
    this.chat?.leave();
    this.chat = null;
    this.shown = "";
  }

  /** The chat on the screen. */ shown = "";
  /** One that goes on, behind words that are being typed. */ other = "";

  /** Something was said in a chat. @param {string} id */
  #look(id) {
    if (id && id !== this.shown) import("./earlier.js").then(({ look }) => look(this, id));
  }

  /** Back to the start, with what is true now. */
  async again() {
    this.dropChat();
    this.show("notice", noticeScreen(this, { text: this.texts.state.loading }));
    try {
      this.#available(await this.api.call("availability"));
    } catch {
      // What was heard last has to do.
    }
    this.home();
  }

  // Connection

  /** @param {{state: string, reason: string}} what */
  #connection({ state, reason }) {
    const { reconnecting, offline, replaced, reload, failed } = this.texts.state;
    this.#replaced = reason === "replaced";
    if (state === "open" || state === "polling" || reason === "closed") {
      clearTimeout(this.#bannerTimer);
      this.#bannerTimer = 0;
      this.#banner.hidden = true;
      return;
    }
    if (state === "stopped") {
      const texts = /** @type {Record<string, string>} */ ({ replaced, old: reload });
      this.#say(texts[reason] ?? failed);
      return;
    }
    // A wait that began goes on through further attempts.
    this.#bannerTimer ||= setTimeout(() => {
      this.#say(navigator.onLine ? reconnecting : offline);
    }, BANNER_AFTER);
  }

  /** Say for a while that something did not work. @param {string} text */
  trouble(text) {
    this.#say(text);
    setTimeout(() => (this.#banner.hidden = /open|polling/.test(this.socket.state)), 6000);
  }

  /** @param {string} text */
  #say(text) {
    this.#banner.hidden = false;
    this.#banner.textContent = text;
  }

  // Words

  /** @param {string} id */
  topicName(id) {
    const { topics } = this.availability;
    const earlier = this.session?.availability?.topics ?? [];
    return [...topics, ...earlier].find((topic) => topic.id === id && topic.name)?.name ?? "";
  }

  /** @param {number} value */
  number(value) {
    return value.toLocaleString(this.locale);
  }
}

// By itself, as in an app, it has no page around it that says how it looks.
const isAlone = window.parent === window && config.brand.theme === "auto";
paint(config.brand, config.brand.theme === "dark" || (isAlone && matchMedia("(prefers-color-scheme: dark)").matches));
const app = new App();
app.bridge.start();

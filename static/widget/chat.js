// @ts-check
import { isMine } from "../live/store.js";
import { ThreadSync } from "../live/sync.js";
import { ThreadView } from "../live/thread.js";
import { Outbox } from "./bridge.js";
import { Composer } from "./composer.js";
import { face, h, icon, iconButton } from "./dom.js";
import { Sound } from "./sound.js";

/** One chat on the screen: header, place in line, thread, composer, end. */

const OPEN = new Set(["bot", "queued", "active", "waiting"]);
const ENDS = new Set(["ended", "resolved"]);

export class Chat {
  /** @type {import("./frame.js").App} */ #app;
  #chat;
  #sync;
  #view;
  #sound;
  #composer;
  /** @type {Set<string>} */ #spoken;
  /** Kinds of lines that say what becomes of the chat. @type {Set<string>} */ #turns;
  #listening = new AbortController();
  #readUpTo = 0;
  /** The newest line that the chat's state is known to include. */ #followed = 0;
  #left = false;
  /** The visitor adds to it after the end. */ #adds = false;
  /** Why the form was shown. */ #offered = "";
  #who = h("div", { class: "who" });
  #back;
  #queue = h("section", { class: "queue", hidden: true });
  #place = h("p", { class: "queue-place", role: "status" });
  #ended = h("div", { class: "ended", hidden: true });
  #over = h("p", { class: "ended-said", role: "status", hidden: true });
  #anew = h("button", { class: "button", onclick: () => this.#app.again() });
  #thread = h("div", { class: "chat-thread" });

  /** @param {import("./frame.js").App} app @param {any} chat */
  constructor(app, chat) {
    const { texts, config, locale } = app;
    this.#app = app;
    this.#chat = chat;
    this.#spoken = new Set(config.kinds.spoken);
    this.#turns = new Set(config.kinds.turns);
    this.#readUpTo = chat.read ?? 0;
    this.#followed = chat.head ?? 0;
    this.#sound = new Sound(app.bridge, this.#listening.signal);
    this.#sync = new ThreadSync({
      socket: app.socket,
      fetchEntries: (id, after) => app.api.entries(id, after),
      outbox: new Outbox(app.bridge),
      me: { kind: "visitor" },
      signal: this.#listening.signal,
    });
    this.#view = new ThreadView({
      element: this.#thread,
      me: { kind: "visitor" },
      texts: texts.thread,
      locale,
      label: texts.chat.messages,
      fileUrl: ({ id }) => app.api.blobUrl(id),
      spoken: this.#spoken,
      // The place in line says it already; only a return to the line is news.
      skips: (entry, thread) =>
        entry.kind === "queued" &&
        !thread.entries.some(({ kind, seq }) => kind === "accepted" && seq < entry.seq),
      // A chat may go back to the line and to somebody again and again before a word is said.
      overtaken: new Set(config.kinds.passing),
      onRetry: (cid) => this.#sync.retry(chat.id, cid),
      onDiscard: (cid) => this.#sync.discard(chat.id, cid),
    });
    this.#composer = new Composer({
      texts: { ...texts.chat, files: texts.files },
      limits: config.limits,
      locale,
      draft: { get: () => app.bridge.get(`say:${chat.id}`), set: (text) => app.bridge.set(`say:${chat.id}`, text) },
      upload: async (...file) => (await import("./uploads.js")).send(app.api, ...file),
      send: (text, files) => this.#sync.send(chat.id, text, { attachments: files }),
      typing: (on) => this.#sync.typing(chat.id, on),
    });
    this.#back = iconButton("back", texts.form.back, () => app.again());
    this.element = h(
      "section",
      { class: "screen chat" },
      h("header", { class: "bar" }, this.#who, this.#menu(), app.closeButton()),
      this.#queue,
      this.#thread,
      this.#ended,
      this.#composer.element,
    );
    this.#composer.takeDropsFrom(this.element);
    this.#buildQueue();
    this.#buildEnd();
    const { signal } = this.#listening;
    this.#sync.addEventListener("thread", (event) => this.#threadChanged(event), { signal });
    this.#sync.addEventListener("message", (event) => this.#arrived(event), { signal });
    this.#sync.addEventListener("event", (event) => this.#event(event), { signal });
    document.addEventListener("visibilitychange", () => this.#read(), { signal });
    this.#thread.addEventListener("click", ({ target }) => {
      if (/** @type {Element} */ (target).closest("a[target]")) app.bridge.link();
    });
    this.#thread.addEventListener("scroll", () => this.#read(), { signal, passive: true });
    this.#sync.hold(chat.id);
    this.#sync.dispatch(chat.id, {
      type: "marks", read: chat.agents_read ?? 0, delivered: chat.agents_delivered ?? 0,
    });
    this.#draw();
    // The page began anew while the form was there.
    if ("said" in app.draft) this.goOn();
    if (chat.head === undefined) this.#reload();
  }

  resume() {
    return this.#sync.resume();
  }

  /** @param {string} text @param {string} [cid] */
  send(text, cid) {
    this.#sync.send(this.#chat.id, text, { cid });
  }

  /** The panel is in sight. */
  opened() {
    this.#view.toEnd();
    this.#read();
  }

  closed() {
    this.#composer.calm();
  }

  /** This screen is over. */
  leave() {
    this.#left = true;
    this.#listening.abort();
    this.#sync.release(this.#chat.id);
    this.#app.bridge.unread(0);
  }

  async #reload() {
    if (this.#left) return;
    const before = this.#chat;
    try {
      const chat = await this.#app.api.call(`conversations/${before.id}`);
      // What happened meanwhile may be newer than the answer.
      if (this.#chat === before) this.#change(chat);
      else this.#reload();
    } catch {
      // Events tell what changes; the rest is in the thread.
    }
  }

  /** @param {any} changes */
  #change(changes) {
    if (this.#left) return;
    const was = this.#chat.status;
    this.#chat = { ...this.#chat, ...changes };
    this.#draw();
    if (was === "queued" && this.#chat.status === "active") this.#app.backTo(this);
    this.#offer();
    if (OPEN.has(was) && !this.#isOpen()) this.#app.bridge.event("conversation:end", { id: this.#chat.id });
  }

  /** Where nobody will come the form is there by itself, once it knows their words, until somebody does. */
  #offer() {
    const { form, status } = this.#chat;
    const offers = (status === "queued" && form) || "";
    if (offers === this.#offered || (offers && !this.#sync.thread(this.#chat.id)?.entries.length)) return;
    this.#offered = offers;
    if (offers) this.#leaveMessage();
    else this.#app.backTo(this);
  }

  #isOpen() {
    return OPEN.has(this.#chat.status);
  }

  // What is drawn

  #draw() {
    const { status, agent, topic, position } = this.#chat;
    const { chat: texts } = this.#app.texts;
    const { locale } = this.#app;
    const queued = status === "queued";
    // Rules may still look at it: nothing is promised before it has a place.
    this.#queue.hidden = !queued || !position;
    if (position) this.#drawPlace(position);
    const open = this.#isOpen();
    if (!open && this.#over.hidden) this.#finish();
    // It waits for the visitor, who may begin anew instead.
    this.#ended.hidden = open && (status !== "waiting" || agent);
    this.#over.hidden = open;
    this.#anew.classList.toggle("is-primary", !open);
    this.#adds &&= !open;
    if (open) this.#back.remove();
    else if (!this.#back.parentNode) this.#who.before(this.#back);
    this.#composer.element.hidden = !open && !this.#adds;
    const about = topic?.name || this.#chat.topic_text || "";
    if (agent && !queued) {
      this.#who.replaceChildren(
        face(agent, locale),
        h(
          "div",
          { class: "who-words" },
          h("h1", { tabIndex: -1 }, agent.name),
          h(
            "p",
            {},
            h("i", { class: `dot is-${agent.status}`, "aria-hidden": "true" }),
            [texts[agent.status], about].filter(Boolean).join(" · "),
          ),
        ),
      );
    } else {
      this.#who.replaceChildren(
        h(
          "div",
          { class: "who-words" },
          h("h1", { tabIndex: -1 }, this.#app.config.brand.title),
          about && h("p", {}, about),
        ),
      );
    }
  }

  #buildQueue() {
    const { queue: texts } = this.#app.texts;
    this.#queue.append(
      this.#place,
      h("p", { class: "queue-write" }, texts.write),
      h(
        "button",
        { class: "button", onclick: () => this.#leaveMessage() },
        icon("mail"),
        texts.leave,
      ),
    );
  }

  /** @param {number} position */
  #drawPlace(position) {
    const { queue: texts } = this.#app.texts;
    const { eta, form } = this.#chat;
    const words = texts[form] ?? (eta
      ? texts.eta.replace("{low}", this.#app.number(Math.round(eta.low / 60)))
          .replace("{high}", this.#app.number(Math.round(eta.high / 60)))
      : texts.soon);
    const said = [position, words].join(" ");
    if (this.#place.dataset.said === said) return;
    this.#place.dataset.said = said;
    this.#place.replaceChildren(
      h("span", { class: "queue-around" }, texts.before, " "),
      h("strong", {}, texts.place.replace("{n}", this.#app.number(position)), " "),
      h("span", { class: "queue-after" }, texts.after, " "),
      h("span", { class: "queue-eta" }, words),
    );
  }

  /** What was said goes into the message; the place in line is given up once it is stored. */
  async #leaveMessage() {
    const offered = this.#offered;
    const { takeAlong, untilKnown } = await import("./instead.js");
    await untilKnown(this.#app, this.#sync, this.#chat.id);
    // By now somebody may have come.
    if (this.#left || this.#chat.status !== "queued" || this.#offered !== offered) return;
    const app = this.#app;
    takeAlong(app, this.#chat, this.#sync.thread(this.#chat.id));
    app.topic = this.#chat.topic?.id ?? app.topic;
    app.offlineInstead(this, offered || "full");
  }

  /** The visitor is back from that. */
  async goOn() {
    const { bringBack } = await import("./instead.js");
    if (!this.#left && this.#isOpen()) bringBack(this.#app, this.#composer);
  }

  /** The visitor left a message instead of waiting. */
  async giveUp() {
    await this.#app.api.call(`conversations/${this.#chat.id}/end`, {});
  }

  #buildEnd() {
    const { chat: texts } = this.#app.texts;
    this.#over.append(texts.ended);
    this.#anew.append(texts.again);
    this.#ended.append(this.#over, this.#anew);
  }

  async #finish() {
    const { drawEnd } = await import("./end.js");
    const { id } = this.#chat;
    // Of one of before the thread is still under way, and what is offered depends on it.
    while (!this.#sync.thread(id)?.entries.length) {
      await new Promise((resolve) => this.#sync.addEventListener("thread", resolve, { once: true }));
    }
    drawEnd(this.#app, id, this.#ended, this.#anew, () => !!this.#sync.thread(id)?.entries.some(
      ({ kind, author }) => kind === "message" && author.kind === "agent",
    ), (on) => {
      this.#adds = on;
      this.#draw();
    });
  }

  #menu() {
    const { chat: texts } = this.#app.texts;
    const list = h("div", { class: "menu", id: "menu", popover: "auto" });
    list.addEventListener("toggle", async (/** @type {any} */ event) => {
      if (event.newState !== "open") return list.replaceChildren();
      const { drawMenu } = await import("./menu.js");
      const end = this.#isOpen() ? () => this.#end() : null;
      drawMenu(list, { texts, sound: this.#sound, end });
    });
    const button = iconButton("more", texts.menu, undefined, {
      "aria-controls": "menu", popoverTargetElement: list,
    });
    return h("div", { class: "menu-place" }, button, list);
  }

  async #end() {
    try {
      this.#change(await this.#app.api.call(`conversations/${this.#chat.id}/end`, {}));
    } catch {
      this.#app.trouble(this.#app.texts.form.failed);
    }
  }

  // What happens

  /** @param {Event} event */
  #threadChanged(event) {
    const thread = /** @type {CustomEvent} */ (event).detail;
    this.#view.render(thread);
    if (thread.entries.length) this.#follow(thread.entries);
    this.#read();
    this.#offer();
  }

  /** What the lines of the thread say about the chat itself. @param {any[]} entries */
  #follow(entries) {
    const line = entries.findLast(({ kind }) => this.#turns.has(kind));
    if (!line || line.seq <= this.#followed) return;
    this.#followed = line.seq;
    const isOther = line.author.id !== this.#chat.agent?.id;
    if (line.kind === "accepted" && (this.#chat.status === "queued" || (this.#isOpen() && isOther))) {
      this.#change({ status: "active", agent: line.author });
      // Without events nobody tells what the agent is doing.
      if (this.#app.socket.state === "polling") this.#reload();
    } else if (ENDS.has(line.kind) && this.#isOpen()) {
      this.#change({ status: "wrap_up" });
    } else if (line.kind === "queued" || line.kind === "reopened") {
      this.#reload();
    }
  }

  /** @param {Event} event */
  #arrived(event) {
    const { entry } = /** @type {CustomEvent} */ (event).detail;
    if (!this.#spoken.has(entry.kind) || isMine(entry.author, { kind: "visitor" })) return;
    this.#app.bridge.event("message", { author: entry.author.name ?? "" });
    const seen = this.#app.isOpen && document.visibilityState === "visible" && document.hasFocus();
    if (!seen) this.#sound.ring(entry.id);
  }

  /** @param {Event} event */
  #event(event) {
    const { name, data } = /** @type {CustomEvent} */ (event).detail;
    if (data.conversation !== this.#chat.id) return;
    if (name === "conversation.read" && data.by === "visitor") {
      // Read in another tab.
      this.#readUpTo = Math.max(this.#readUpTo, data.seq);
      this.#read();
    } else if (name === "queue.position") this.#change(data);
    else if (name === "conversation.assigned") {
      this.#change({ status: data.status ?? "active", agent: data.agent });
    } else if (name === "conversation.changed") {
      this.#change(data);
      if (data.status === "queued") this.#reload();
    } else if (name === "agent.status") {
      this.#change({ agent: { ...this.#chat.agent, status: data.status } });
    }
  }

  /** Tell the other side what was really seen, and the launcher what was not. */
  #read() {
    const thread = this.#sync.thread(this.#chat.id);
    if (!thread || this.#left) return;
    const visible = this.#app.isOpen && document.visibilityState === "visible";
    if (visible && this.#view.atEnd() && thread.last > this.#readUpTo) {
      this.#readUpTo = thread.last;
      this.#sync.read(this.#chat.id, thread.last);
    }
    const unread = thread.entries.filter(
      ({ seq, kind, author }) =>
        seq > this.#readUpTo && this.#spoken.has(kind) && author.kind !== "visitor",
    );
    // Of what is not loaded yet nothing is known.
    if (thread.last && thread.last >= thread.head) this.#app.bridge.unread(unread.length);
  }
}

// Screens of a visitor (two tabs) and an agent, driven at random through every kind of trouble.
import "/static/live/polling.js";
import { LiveSocket } from "/static/live/socket.js";
import { ThreadSync, newCid } from "/static/live/sync.js";
import { ThreadView } from "/static/live/thread.js";
import { Clock, Server, dice } from "/tests/live/world.js";

const TEXTS = {
  today: "today", yesterday: "yesterday", sending: "sending", sent: "sent", delivered: "delivered",
  read: "read", failed: "failed", retry: "retry", discard: "discard", newMessages: "new",
  typing: "{name} types", image: "", download: "", fileGone: "", lines: {}, refusals: {},
};

class Screen {
  wrongs = [];

  constructor(server, author, storage) {
    const me = author === "v" ? { kind: "visitor" } : { kind: "agent", id: author };
    const entries = (_, after) => server.http(() => server.page(after));
    this.socket = new LiveSocket({
      url: `ws://live.test/?author=${author}`,
      resume: () => this.sync.resume(),
      fallback: {
        entries,
        send: (frame) => server.http(() => {
          if (frame.type !== "message.send") return null;
          return { type: "ack", cid: frame.cid, seq: server.store(author, frame) };
        }),
      },
    });
    const outbox = {
      load: () => [...storage.values()].sort((a, b) => a.order - b.order),
      save: (_, item) => storage.set(item.cid, { ...item, order: storage.count = (storage.count ?? 0) + 1 }),
      remove: (_, cid) => storage.delete(cid),
    };
    this.sync = new ThreadSync({ socket: this.socket, fetchEntries: entries, me, outbox });
    this.element = document.createElement("div");
    document.body.append(this.element);
    this.view = new ThreadView({
      element: this.element, me, texts: TEXTS, locale: "en", fileUrl: () => "",
      spoken: new Set(["message"]),
    });
    this.sync.addEventListener("thread", ({ detail: thread }) => {
      this.#check(thread);
      this.view.render(thread);
    });
    this.sync.hold("chat");
    this.socket.open();
  }

  /** What must hold at every moment. */
  #check(thread) {
    const cids = new Set(thread.entries.map(({ cid }) => cid));
    if (thread.entries.some(({ seq }, index) => seq !== index + 1)) this.wrongs.push("a hole");
    if (thread.last !== thread.entries.length) this.wrongs.push("last is wrong");
    if (thread.pending.some(({ cid }) => cids.has(cid))) this.wrongs.push("shown twice");
    const flying = thread.pending.filter(({ state }) => state === "sending").length;
    if (flying > 1) this.wrongs.push("two sends under way");
  }

  /** What a person reads, from top to bottom. */
  get words() {
    return [...this.element.querySelectorAll(".message-bubble")].map((node) => node.textContent);
  }

  leave() {
    this.socket.close();
    this.sync.release("chat");
    this.element.remove();
  }
}

export async function run(seed, steps) {
  const random = dice(seed);
  Math.random = dice(seed + 1_000_000).next;
  const clock = new Clock();
  const server = new Server(random);
  document.body.replaceChildren();
  const storage = { v: new Map(), a: new Map() };
  const open = (author) => new Screen(server, author, storage[author]);
  const screens = [open("v"), open("a"), open("v")];
  const typed = new Map();
  const wrongs = [];
  let count = 0;
  const act = () => {
    const at = random.under(screens.length);
    const screen = screens[at];
    const author = at === 1 ? "a" : "v";
    const luck = random.next();
    if (luck < 0.45) {
      count += 1;
      const text = `${author}${count}`;
      typed.set(screen, [...(typed.get(screen) ?? []), text]);
      screen.sync.send("chat", text, { cid: newCid() });
    } else if (luck < 0.55) {
      for (const socket of [...server.sockets]) if (random.often(0.5)) socket.end(1006);
    } else if (luck < 0.62) {
      // Reload: what was not sent is found again in storage.
      wrongs.push(...screen.wrongs);
      screen.leave();
      screens[at] = open(author);
      typed.set(screens[at], typed.get(screen) ?? []);
      typed.delete(screen);
    } else if (luck < 0.75) {
      server.faults = {
        drop: random.next() * 0.4, double: random.next() * 0.4, delay: random.under(800),
        break: random.next() * 0.15, refuse: random.next() * 0.7, nack: random.next() * 0.3,
        http: random.next() * 0.5,
      };
    } else if (luck < 0.78) {
      for (const socket of [...server.sockets]) {
        socket.push({ type: "resync", conversation: "chat" });
      }
    }
  };
  for (let step = 0; step < steps; step += 1) {
    act();
    await clock.pass(random.under(random.often(0.1) ? 20_000 : 400));
  }
  server.faults = { drop: 0, double: 0, delay: 0, break: 0, refuse: 0, nack: 0, http: 0 };
  await clock.pass(180_000);
  for (const screen of screens) wrongs.push(...screen.wrongs);
  const log = server.log.map(({ text }) => text);
  const result = {
    log,
    wrongs,
    screens: screens.map((screen) => screen.words),
    pending: screens.map((screen) => screen.sync.thread("chat").pending.length),
    kept: storage.v.size + storage.a.size,
    typed: [...typed.values()],
    states: screens.map((screen) => screen.socket.state),
  };
  for (const screen of screens) screen.leave();
  return result;
}

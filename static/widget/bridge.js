// @ts-check
/**
 * Talks to the loader on the host page, and keeps what must survive a reload: in this origin's own
 * storage, in the host's where the browser refuses ours to a foreign frame, else in memory.
 */
export class Bridge {
  #config;
  /** The host's origin, known from its first word. */ #origin = "";
  /** @type {Record<string, (data: any) => void>} */ #handlers = {};
  /** @type {Record<string, string>} */ #kept = {};
  /** @type {Storage | null} */ #storage = null;
  #prefix;
  #last = { count: -1, visitor: "" };

  /** @param {any} config */
  constructor(config) {
    this.#config = config;
    this.#prefix = `imece:${config.site}:`;
    try {
      this.#storage = window.localStorage;
      this.#storage.getItem(this.#prefix);
    } catch {
      this.#storage = null;
    }
  }

  /** @param {Record<string, (data: any) => void>} handlers */
  listen(handlers) {
    this.#handlers = handlers;
  }

  /** Wait for the loader; a page that is not in a frame serves itself. */
  start() {
    if (window.parent === window) {
      const visitor = this.get("visitor") ?? undefined;
      this.#handlers.init({ visitor, open: true, page: { url: location.href } });
      return;
    }
    addEventListener("message", (event) => {
      if (event.source !== window.parent || typeof event.data?.imece !== "string") return;
      // Which pages may be our parent is decided by frame-ancestors, before this line runs.
      if (!this.#origin && event.data.imece === "hello") {
        this.#origin = event.origin;
        this.#ready();
      }
      if (event.origin !== this.#origin) return;
      const { imece: type, ...data } = event.data;
      if (type === "init") this.#kept = data.stored ?? {};
      if (Object.hasOwn(this.#handlers, type)) this.#handlers[type](data);
    });
  }

  #ready() {
    const { brand, launcher } = this.#config;
    this.#tell("ready", {
      look: {
        color: brand.colors.primary, on: brand.colors.on, side: brand.side, theme: brand.theme,
        title: brand.title, texts: launcher,
      },
    });
  }

  /** @param {string} type @param {object} [data] */
  #tell(type, data = {}) {
    if (this.#origin) window.parent.postMessage({ imece: type, ...data }, this.#origin);
  }

  close() {
    this.#tell("close");
  }

  /** The visitor chose a language: the page begins again in it. @param {string} language */
  speak(language) {
    this.#tell("speak", { language });
    const address = new URL(location.href);
    address.searchParams.set("language", language);
    location.replace(address);
  }

  /** The visitor follows a link. */
  link() {
    this.#tell("link");
  }

  /** @param {string} name @param {any} [detail] */
  event(name, detail) {
    this.#tell("event", { name, detail });
  }

  /** @param {number} count */
  unread(count) {
    if (count === this.#last.count) return;
    this.#last.count = count;
    this.#tell("unread", { count });
  }

  /** The visitor wrote: from now on the browser remembers who it is. @param {string} visitor */
  keep(visitor) {
    if (!visitor || visitor === this.#last.visitor) return;
    this.#last.visitor = visitor;
    if (this.#origin) this.#tell("keep", { visitor });
    else this.set("visitor", visitor);
  }

  // What survives a reload

  /** @param {string} key @returns {string | null} */
  get(key) {
    return this.#storage ? this.#storage.getItem(this.#prefix + key) : this.#kept[key] ?? null;
  }

  /** @param {string} key @param {string | null} value */
  set(key, value) {
    if (value === null) delete this.#kept[key];
    else this.#kept[key] = value;
    try {
      if (this.#storage && value === null) this.#storage.removeItem(this.#prefix + key);
      else if (this.#storage && value !== null) this.#storage.setItem(this.#prefix + key, value);
    } catch {
      // Full: memory has to do.
    }
    if (!this.#storage) this.#tell("store", { key, value });
  }

  /** The keys that begin with `prefix`. @param {string} prefix */
  keys(prefix) {
    const names = this.#storage
      ? Object.keys(this.#storage).filter((name) => name.startsWith(this.#prefix))
          .map((name) => name.slice(this.#prefix.length))
      : Object.keys(this.#kept);
    return names.filter((name) => name.startsWith(prefix));
  }

  clear() {
    for (const key of this.keys("")) this.set(key, null);
  }
}

/**
 * Unsent messages, one key each, so that tabs never overwrite each other's. Every tab sends what it
 * finds at its start, in the order typed: the server takes each `cid` once.
 */
export class Outbox {
  #bridge;
  #count = 0;

  /** @param {Bridge} bridge */
  constructor(bridge) {
    this.#bridge = bridge;
  }

  /** @param {string} conversation */
  load(conversation) {
    return this.#bridge
      .keys(`out:${conversation}:`)
      .map((key) => {
        try {
          return JSON.parse(this.#bridge.get(key) ?? "null");
        } catch {
          return null;
        }
      })
      .filter((item) => item && typeof item.cid === "string")
      .sort((a, b) => a.order - b.order);
  }

  /** @param {string} conversation @param {any} item */
  save(conversation, item) {
    this.#count = Math.max(this.#count + 1, Date.now() * 1000);
    const kept = { ...item, order: this.#count };
    this.#bridge.set(`out:${conversation}:${item.cid}`, JSON.stringify(kept));
  }

  /** @param {string} conversation @param {string} cid */
  remove(conversation, cid) {
    this.#bridge.set(`out:${conversation}:${cid}`, null);
  }
}

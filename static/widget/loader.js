// @ts-check
/*
 * The part of the widget that lives on the customer's page: launcher, panel and the bridge to the
 * iframe. It draws in a closed shadow root, through CSSOM only, and never sees what is said.
 */
(() => {
  "use strict";
  // A tag that a module, a tag manager or an optimizer has run is not known as the current one.
  const script = /** @type {HTMLScriptElement | null} */ (
    document.currentScript ?? document.querySelector('script[data-site][src*="/widget.js"]')
  );
  const site = script?.dataset.site;
  const queue = /** @type {any} */ (window).Imece;
  if (queue && !Array.isArray(queue)) return;
  if (!script?.src || !site) {
    console.warn('İmece: no widget. Its tag needs both: <script async src="…/widget.js" data-site="…">');
    return;
  }

  const origin = new URL(script.src).origin;
  const key = `imece:${site}`;
  const phone = matchMedia("(max-width: 480px), (max-height: 480px) and (pointer: coarse)");
  const night = matchMedia("(prefers-color-scheme: dark)");

  /** What survives a page change: o(pen), u(nread), v(isitor secret), the chosen l(anguage), and drafts
   * of the outbox. */
  /** @type {{o?: boolean, u?: number, v?: string, l?: string, s?: Record<string, string>}} */
  let state = {};
  const load = () => {
    try {
      state = JSON.parse(localStorage.getItem(key) || "{}") || {};
    } catch {
      // Storage is refused or spoilt: this page's memory has to do.
    }
  };
  /** Nothing is stored before the visitor did something. @param {typeof state} changes */
  const save = (changes) => {
    load();
    Object.assign(state, changes);
    try {
      localStorage.setItem(key, JSON.stringify(state));
    } catch {
      // As above.
    }
  };
  load();

  /** @type {any} */ let look = null;
  let ready = false;
  /** Whether the frame was told to be dark. @type {boolean | null} */ let dark = null;
  let announced = false;
  let hidden = false;
  /** After `shutdown`, until the page opens it again. */ let over = false;
  let identity = "";
  /** @type {Record<string, string>} */ let fields = {};
  /** What the server will take of a visitor. */
  /** @type {Record<string, number>} */ const TAKEN = { name: 120, email: 254, phone: 32 };
  /** @type {Map<string, Set<Function>>} */
  const listeners = new Map();
  /** @type {any[]} */ const waiting = [];
  /** @type {HTMLElement | null} */ let stilled = null;
  let scrolled = "";

  // What is drawn

  /** @param {string} tag @param {Record<string, string>} [attributes] */
  const make = (tag, attributes = {}) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  /** @param {string} shape */
  const icon = (shape) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", shape);
    svg.append(path);
    return svg;
  };

  const root = make("imece-chat");
  const shadow = root.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial !important; }
    [hidden] { display: none !important; }
    button { all: unset; position: fixed; z-index: 2147483000; bottom: 20px; inset-inline-end: 20px;
      box-sizing: border-box; width: 60px; height: 60px; border-radius: 50%; cursor: pointer;
      background: var(--c); color: var(--t); -webkit-tap-highlight-color: transparent;
      box-shadow: 0 2px 6px rgb(15 25 35 / 18%), 0 8px 24px rgb(15 25 35 / 20%);
      transition: transform .15s, box-shadow .15s; animation: in .15s ease-out; }
    button:hover { transform: translateY(-2px); }
    button:focus-visible { outline: 3px solid var(--c); outline-offset: 3px;
      box-shadow: 0 0 0 3px #fff; }
    svg { position: absolute; inset: 16px; width: 28px; height: 28px; fill: none;
      stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round;
      transition: opacity .15s, transform .15s; }
    svg + svg, button[aria-expanded=true] svg { opacity: 0; transform: rotate(-30deg) scale(.7); }
    button[aria-expanded=true] svg + svg { opacity: 1; transform: none; }
    b { position: absolute; top: -3px; inset-inline-end: -3px; min-width: 22px; height: 22px;
      box-sizing: border-box; padding: 0 6px; border: 2px solid #fff; border-radius: 11px;
      background: #b3261e; color: #fff; font: 600 12px/18px system-ui, sans-serif;
      text-align: center; }
    div { position: fixed; z-index: 2147483001; bottom: 92px; inset-inline-end: 20px;
      width: 384px; max-width: calc(100vw - 40px); height: 660px;
      max-height: calc(100vh - 112px); border-radius: 18px; overflow: hidden; background: #fff;
      box-shadow: 0 4px 12px rgb(15 25 35 / 10%), 0 20px 60px rgb(15 25 35 / 22%);
      transform-origin: bottom right; animation: in .15s ease-out; }
    div.off { visibility: hidden; pointer-events: none; animation: none; }
    div.phone { inset: 0; width: auto; height: auto; max-width: none; max-height: none;
      border-radius: 0; animation: none; }
    .left { inset-inline: 20px auto; }
    div.phone.left { inset-inline: 0; }
    iframe { display: block; width: 100%; height: 100%; border: 0; background: #fff;
      color-scheme: light; }
    .dark, .dark iframe { background: #161d22; color-scheme: dark; }
    @keyframes in { from { opacity: 0; transform: translateY(8px) scale(.98); } }
    @media (prefers-reduced-motion: reduce) {
      * { animation: none !important; transition: none !important; } }
    @media print { button, div { display: none !important; } }
    @media (forced-colors: active) { button { border: 2px solid ButtonText; } }
  `);
  shadow.adoptedStyleSheets = [sheet];
  const button = /** @type {HTMLButtonElement} */ (
    make("button", { type: "button", "aria-expanded": "false", "aria-haspopup": "dialog" })
  );
  const badge = make("b", { hidden: "", "aria-hidden": "true" });
  button.append(
    icon("M7.9 20A9 9 0 1 0 4 16.1L2 22Z"),
    icon("m6 9 6 6 6-6"),
    badge,
  );
  const panel = make("div", { role: "dialog", class: "off" });
  /** @type {HTMLIFrameElement | null} */ let frame = null;
  /** The frame of the visitor before, as long as it clears its storage. */
  /** @type {HTMLIFrameElement | null} */ let leaving = null;

  // The bridge

  /** @param {string} type @param {object} [data] */
  const tell = (type, data = {}) => {
    if (ready) frame?.contentWindow?.postMessage({ imece: type, ...data }, origin);
    else if (waiting.length < 50) waiting.push([type, data]);
  };
  const page = () => ({
    // Some pages keep a megabyte in their address.
    url: location.href.slice(0, 8000), title: document.title.slice(0, 2000), referrer: document.referrer,
  });
  /** @param {string} name @param {any} [detail] */
  const emit = (name, detail) => {
    for (const listener of listeners.get(name) ?? []) {
      try {
        listener(detail);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    }
  };

  /** @type {Record<string, (data: any) => void>} */
  const heard = {
    ready(data) {
      look = data.look;
      ready = true;
      dress();
      dark = null;
      shade();
      tell("init", {
        visitor: state.v, identity, fields, page: page(), open: !!state.o && !hidden,
        stored: state.s ?? {},
      });
      for (const [type, more] of waiting.splice(0)) tell(type, more);
      draw();
      if (!announced) emit("ready");
      announced = true;
    },
    close: () => close(true),
    // On a phone the panel would cover the page that was asked for.
    link: () => phone.matches && close(),
    unread(data) {
      const count = Math.max(0, Number(data.count) | 0);
      if (count === (state.u ?? 0)) return;
      save({ u: count });
      draw();
      emit("unread", count);
    },
    keep(data) {
      if (typeof data.visitor === "string") save({ v: data.visitor });
    },
    store(data) {
      load();
      const kept = { ...state.s };
      if (data.value === null) delete kept[String(data.key)];
      else kept[String(data.key)] = String(data.value);
      save({ s: kept });
    },
    speak: (data) => save({ l: String(data.language) }),
    event: (data) => emit(String(data.name), data.detail),
  };
  const hear = (/** @type {MessageEvent} */ event) => {
    if (event.origin !== origin || !frame || event.source !== frame.contentWindow) return;
    const type = event.data?.imece;
    if (typeof type === "string" && Object.hasOwn(heard, type)) heard[type](event.data);
  };

  const bring = () => {
    if (frame || over || leaving) return;
    // The first that is known counts, else the brand's own.
    const { language: own } = script.dataset;
    const language = [state.l, own, document.documentElement.lang, ...navigator.languages]
      .filter(Boolean).slice(0, 6).join();
    frame = /** @type {HTMLIFrameElement} */ (make("iframe", { allow: "autoplay; clipboard-write" }));
    // The frame learns our origin from this word, and answers to no other.
    frame.addEventListener("load", () => frame?.contentWindow?.postMessage({ imece: "hello" }, origin));
    frame.src = `${origin}/widget/frame/?${new URLSearchParams({ site, language })}`;
    panel.append(frame);
  };
  const dress = () => {
    root.style.setProperty("--c", look.color);
    root.style.setProperty("--t", look.on);
    for (const node of [button, panel]) node.classList.toggle("left", look.side === "left");
    panel.setAttribute("aria-label", look.title);
    frame?.setAttribute("title", look.title);
    if (!button.isConnected) shadow.prepend(button);
  };

  /** Whether the page around is dark: as it says, else as it looks. */
  const isDark = () => {
    if (look.theme !== "auto") return look.theme === "dark";
    const page = document.documentElement;
    const { colorScheme } = getComputedStyle(page);
    const said = colorScheme === "normal"
      ? document.querySelector("meta[name=color-scheme]")?.getAttribute("content") ?? "" : colorScheme;
    if (/dark/.test(said)) return night.matches || !/light/.test(said);
    for (const node of [document.body, page]) {
      const [red, green, blue, alpha = 1] = getComputedStyle(node).backgroundColor.match(/^rgb|[\d.]+/g)
        ?.slice(1).map(Number) ?? [];
      if (alpha && red + 1) return red * 2 + green * 5 + blue < 800;
    }
    return false;
  };
  const shade = () => {
    if (!ready || dark === isDark()) return;
    dark = !dark && isDark();
    panel.classList.toggle("dark", dark);
    tell("theme", { dark });
  };

  const draw = () => {
    shade();
    const open = !!state.o && !hidden && ready;
    const full = open && phone.matches;
    const unread = state.u ?? 0;
    panel.classList.toggle("off", !open);
    panel.classList.toggle("phone", full);
    panel.toggleAttribute("inert", !open);
    panel.setAttribute("aria-modal", String(full));
    button.hidden = hidden || full;
    button.setAttribute("aria-expanded", String(open));
    badge.hidden = !unread || open;
    badge.textContent = unread > 9 ? "9+" : String(unread);
    if (look) {
      const label = open ? look.texts.close : look.texts.open;
      button.setAttribute("aria-label", unread && !open
        ? `${label}. ${look.texts.unread.replace("{n}", unread)}` : label);
    }
    still(full);
    fit();
  };
  /** On a phone the panel is modal: the page behind it neither scrolls nor takes focus.
   * @param {boolean} on */
  const still = (on) => {
    const page = document.documentElement;
    if (on && stilled !== document.body) {
      still(false);
      stilled = document.body;
      stilled.inert = true;
      scrolled = page.style.overflow;
      page.style.overflow = "hidden";
    } else if (!on && stilled) {
      stilled.inert = false;
      stilled = null;
      page.style.overflow = scrolled;
    }
  };
  /** The keyboard of a phone covers the page: follow what is really visible. */
  const fit = () => {
    const view = window.visualViewport;
    const full = panel.classList.contains("phone") && view;
    panel.style.height = full ? `${view.height}px` : "";
    panel.style.top = full ? `${view.offsetTop}px` : "";
    panel.style.bottom = full ? "auto" : "";
  };

  // What the page may ask for

  const open = () => {
    revive();
    bring();
    if (state.o && ready && !hidden) return focus();
    hidden = false;
    save({ o: true });
    draw();
    tell("open", { page: page() });
    focus();
    emit("open");
  };
  const focus = () => {
    if (ready) frame?.focus();
  };
  const close = (back = false) => {
    if (!state.o) return;
    const inside = back || shadow.activeElement === frame;
    save({ o: false });
    draw();
    tell("close");
    if (inside && !hidden) button.focus();
    emit("close");
  };
  /** @type {Record<string, Function>} */
  const api = {
    open,
    close: () => close(),
    toggle: () => (state.o && !hidden ? close() : open()),
    hide() {
      hidden = true;
      draw();
      tell("close");
    },
    show() {
      revive();
      bring();
      hidden = false;
      draw();
      if (state.o) tell("open", { page: page() });
    },
    identify(/** @type {string} */ jwt) {
      identity = String(jwt);
      // The frame's first word from us carries it.
      if (ready) tell("identify", { identity });
    },
    set(/** @type {Record<string, any>} */ values) {
      for (const [name, given] of Object.entries(values ?? {})) {
        const value = String(given ?? "").trim();
        if (!(value.length <= TAKEN[name])) console.warn(`İmece: set left "${name}" aside, it is unknown or too long`);
        else if (value) fields = { ...fields, [name]: value };
      }
      tell("set", { fields });
    },
    track(/** @type {string} */ name) {
      name = [...String(name).trim().slice(0, 999)].slice(0, 60).join("");
      if (name) tell("track", { name });
    },
    on(/** @type {string} */ name, /** @type {Function} */ listener) {
      listeners.set(name, (listeners.get(name) ?? new Set()).add(listener));
      if (name === "ready" && ready) listener();
    },
    off(/** @type {string} */ name, /** @type {Function} */ listener) {
      listeners.get(name)?.delete(listener);
    },
    shutdown() {
      if (over) return;
      tell("shutdown");
      over = true;
      still(false);
      state = {};
      identity = "";
      fields = {};
      waiting.length = 0;
      try {
        localStorage.removeItem(key);
      } catch {
        // There was no storage to begin with.
      }
      leaving = frame;
      frame = null;
      ready = false;
      draw();
      button.remove();
      // The frame clears its own storage first.
      setTimeout(() => {
        leaving?.remove();
        leaving = null;
        if (over) root.remove();
        else bring();
      }, 50);
    },
  };
  /** Begin anew after `shutdown`, as somebody whom nobody knows yet. */
  const revive = () => {
    over = false;
    place();
  };
  const call = (/** @type {any} */ entry) => {
    const [name, ...values] = Array.isArray(entry) ? entry : [entry];
    if (Object.hasOwn(api, name)) api[name](...values);
  };
  /** Another page of ours may have stored something: be as it says. */
  const share = () => {
    if (over) return;
    const before = state;
    state = {};
    load();
    if (state.v && state.v !== before.v) {
      // Who is signed in there is signed in here: two tabs must not take turns.
      identity = "";
      tell("visitor", { visitor: state.v });
    }
    if (!!state.o !== !!before.o) {
      if (state.o) bring();
      tell(state.o ? "open" : "close", { page: page(), quiet: true });
    }
    draw();
  };

  // Beside the body: pages replace theirs, and transform it.
  let placed = -Infinity;
  const place = () => {
    if (over || root.isConnected) return;
    placed = performance.now();
    // A frame that was taken out begins again when it comes back.
    ready = false;
    draw();
    document.documentElement.append(root);
    guard.observe(document.documentElement, {
      childList: true, attributeFilter: ["class", "style", "data-theme", "data-bs-theme"],
    });
  };
  /** Whoever draws the whole page anew takes us out; we come back, and quarrel with nobody. */
  const guard = new MutationObserver(() => {
    if (root.isConnected) draw();
    else setTimeout(place, performance.now() - placed < 5_000 ? 5_000 : 0);
  });

  const start = () => {
    shadow.append(panel);
    guard.observe(document, { childList: true });
    place();
    draw();
    if (state.o || state.v) bring();
    else if ("requestIdleCallback" in window) requestIdleCallback(bring, { timeout: 2000 });
    else setTimeout(bring, 300);
    for (const entry of Array.isArray(queue) ? queue : []) call(entry);
  };

  button.addEventListener("click", () => api.toggle());
  button.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(true);
  });
  document.addEventListener("click", (event) => {
    const opener = event.target instanceof Element && event.target.closest("[data-imece-open]");
    if (!opener) return;
    event.preventDefault();
    open();
  });
  addEventListener("message", hear);
  addEventListener("storage", (event) => {
    if (event.key === key || event.key === null) share();
  });
  // As it was left, and deaf to what was stored meanwhile.
  addEventListener("pageshow", (event) => {
    if (event.persisted) share();
  });
  phone.addEventListener("change", draw);
  visualViewport?.addEventListener("resize", fit);
  visualViewport?.addEventListener("scroll", fit);
  /** @type {any} */ (window).Imece = { ...api, push: (...entries) => entries.forEach(call) };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();

// @ts-check
import { fetchFragment } from "../fragments.js";
import { onEvent, onState } from "../live.js";
import { byId, settings, texts, toastAbout } from "../page.js";
import { isPressed } from "../press.js";
import { draftsSettled, keepDraft, leaveComposer, mountComposer, noteSeen, returnToComposer, startComposer, write } from "./composer.js";
import { drawTicks, startMany } from "./many.js";

/** The ticket desk: the list, the open ticket, what colleagues do meanwhile, and what is new. */

const SOON = 300;
const ANSWERING_LASTS = 15_000;
const PAGE = 40;
/** So many rows are drawn anew together. */
const SHOWN_MAX = 400;

/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const waiting = new Map();
let isListDirty = false;
let isSideDirty = false;
/** The address of what is shown. */
let here = location.href;

/** Do something once, a moment after the last call. @param {string} key @param {() => void} act
 * @param {number} [after] */
function soon(key, act, after = SOON + Math.random() * SOON) {
  clearTimeout(waiting.get(key));
  waiting.set(key, setTimeout(act, after));
}

const isTicket = () => /\/tickets\/\d+\/$/.test(location.pathname);
const number = () => byId("ticket-pane")?.dataset.number ?? "";
const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".ticket-item")]);
/** @param {HTMLElement} row */
const linkOf = (row) => /** @type {HTMLAnchorElement} */ (row.querySelector("a"));

// The list

function refreshList() {
  isListDirty = true;
  // Nobody looks; and of more rows the last ones would go while they are being read.
  if (document.visibilityState === "hidden" || rows().length > SHOWN_MAX) return;
  soon("list", loadList);
}

async function loadList() {
  const list = byId("ticket-list");
  if (!list || isPressed(list, refreshList)) return;
  isListDirty = false;
  const shown = rows().length;
  const url = new URL(list.dataset.url ?? "", location.href);
  // In whole pages: with what is new the last one stays.
  if (shown > PAGE) url.searchParams.set("shown", String(Math.ceil(shown / PAGE) * PAGE));
  let top = 0;
  /** @type {string | undefined} */
  let focused;
  const answer = await fetchFragment("ticket-list", {
    url: url.pathname + url.search,
    how: "innerHTML",
    again: refreshList,
    isWanted: () => {
      // Older ones came meanwhile: they would go.
      if (rows().length > shown) refreshList();
      return rows().length <= shown;
    },
    before: () => {
      top = byId("ticket-rows")?.scrollTop ?? 0;
      focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest(".ticket-item"))?.dataset.number;
    },
  });
  if (answer?.status !== 200) return;
  byId("ticket-rows")?.scrollTo(0, top);
  const row = focused && rows().find((each) => each.dataset.number === focused);
  if (row && document.activeElement === document.body) linkOf(row).focus();
}

/** Mark the row of the open ticket. */
function markRow() {
  for (const row of rows()) {
    if (row.dataset.number === number()) linkOf(row).setAttribute("aria-current", "true");
    else linkOf(row).removeAttribute("aria-current");
  }
}

async function openFilters() {
  const panel = byId("ticket-filters");
  const fields = byId("ticket-filter-fields");
  if (!panel || !fields || fields.dataset.ready) return;
  await fetchFragment("ticket-filter-fields", { url: panel.dataset.url ?? "", how: "innerHTML" });
  fields.dataset.ready = "yes";
  fields.classList.remove("muted");
}

/** Empty fields say nothing, and make addresses long. @param {HTMLFormElement} form */
function submitSearch(form) {
  for (const field of form.elements) {
    const own = /** @type {HTMLInputElement} */ (field);
    if (own.name && !own.value) own.disabled = true;
  }
}

// The open ticket

/** Open a ticket beside the list. @param {string} url @param {boolean} [push] not by Back or Forward */
async function open(url, push = true) {
  leaveComposer();
  const part = new URL(url, location.href);
  part.searchParams.set("part", "ticket");
  if (push) history.pushState({}, "", url);
  show("thread");
  byId("ticket")?.setAttribute("aria-busy", "true");
  const isWanted = () => new URL(url, location.href).pathname === location.pathname;
  await draftsSettled();
  if (!isWanted()) return;
  const answer = await fetchFragment("ticket", { url: part.pathname + part.search, how: "innerHTML", isWanted });
  if (!answer) return;
  byId("ticket")?.removeAttribute("aria-busy");
  if (answer.status === 200) {
    here = location.href;
    mount();
    byId("ticket-thread")?.focus({ preventScroll: true });
    return;
  }
  toastAbout(url, answer.status === 404 ? texts.ticketGone : texts.failed);
  if (push) {
    history.back();
    return;
  }
  // One step back would be one too many: what is shown stays.
  history.replaceState({}, "", here);
  returnToComposer();
  show(isTicket() ? "thread" : "list");
}

/** One pane at a time on small screens. @param {"list"|"thread"} pane */
function show(pane) {
  const frame = byId("frame");
  frame?.setAttribute("data-pane", pane);
  frame?.classList.remove("shows-context");
}

function showList() {
  here = location.href;
  show("list");
}

/** Bring the ticket in the page to life. */
function mount() {
  const pane = byId("ticket-pane");
  markRow();
  if (!pane) return;
  document.title = pane.dataset.title ?? document.title;
  mountComposer();
  toEnd();
  loadSide();
  if (byId("ticket-answering")?.textContent) soon("answering", () => showAnswering({ on: false }), ANSWERING_LASTS);
}

function toEnd() {
  const thread = byId("ticket-thread");
  thread?.scrollTo(0, thread.scrollHeight);
}

/** Whether somebody writes or chooses beside the thread: they go on. */
function isSideUsed() {
  const own = /** @type {HTMLInputElement | null} */ (document.activeElement);
  if (!own || !byId("ticket-side")?.contains(own)) return false;
  return own.matches("select") || (own.matches("input") && own.value !== own.defaultValue);
}

async function loadSide() {
  const pane = byId("ticket-pane");
  isSideDirty = true;
  if (!pane || isSideUsed()) return;
  const isWanted = () => byId("ticket-pane") === pane && !isSideUsed();
  const answer = await fetchFragment("ticket-side", { url: pane.dataset.side ?? "", how: "innerHTML", isWanted, again: loadSide });
  if (answer) isSideDirty = false;
}

function refreshTicket() {
  if (number()) soon("ticket", loadThread);
}

async function loadThread() {
  const thread = byId("ticket-thread");
  const pane = byId("ticket-pane");
  if (!thread || !pane) return;
  const url = new URL(pane.dataset.url ?? "", location.href);
  url.searchParams.set("part", "thread");
  const first = /** @type {HTMLElement | null} */ (thread.querySelector("[data-seq]"))?.dataset.seq;
  if (thread.querySelector(".ticket-earlier") && first) url.searchParams.set("from", first);
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60;
  const { scrollTop } = thread;
  const hadFocus = thread === document.activeElement;
  const answer = await fetchFragment("ticket-thread", {
    url: url.pathname + url.search,
    how: "outerHTML",
    isWanted: () => byId("ticket-pane") === pane,
    again: refreshTicket,
  });
  if (answer?.status === 404) {
    toastAbout(url.pathname, texts.ticketGone);
    for (const control of document.querySelectorAll("#ticket :is(button, input, select)")) {
      /** @type {HTMLButtonElement} */ (control).disabled = true;
    }
  }
  if (answer?.status !== 200) return;
  if (atEnd) toEnd();
  else byId("ticket-thread")?.scrollTo(0, scrollTop);
  if (hadFocus) byId("ticket-thread")?.focus({ preventScroll: true });
  noteSeen();
  loadSide();
}

/** @param {{name?: string, on: boolean}} said */
function showAnswering({ name = "", on }) {
  const words = byId("ticket-answering");
  if (!words) return;
  const text = on ? (words.dataset.text ?? "").replace("{name}", () => name) : "";
  if (words.textContent !== text) words.textContent = text;
  if (on) soon("answering", () => showAnswering({ on: false }), ANSWERING_LASTS);
}

// Keys

/** @param {number} step */
function move(step) {
  const all = rows();
  const at = all.findIndex((row) => row.dataset.number === number());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length];
  if (next && next.dataset.number !== number()) open(linkOf(next).href);
  next?.scrollIntoView({ block: "nearest" });
}

/** @type {Record<string, () => void>} */
const WITH_ALT = {
  KeyJ: () => move(1),
  KeyK: () => move(-1),
  KeyE: () => byId("ticket-resolve")?.click(),
  KeyA: () => byId("ticket-take")?.click(),
  KeyP: () => write("note"),
  KeyL: () => write("reply"),
  KeyN: () => byId("ticket-new")?.click(),
};

/** @param {KeyboardEvent} event */
function key(event) {
  const isPlain = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  const act = WITH_ALT[event.code];
  if (!isPlain || !act || event.getModifierState("AltGraph") || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  // A key that is held down goes through the list, and is one press for all else.
  if (!event.repeat || /Key[JK]/.test(event.code)) act();
}

// Together

function listenForClicks() {
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("a");
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (!link || !isPlain || event.defaultPrevented) return;
    if (link.matches(".ticket-row") && byId("ticket")) {
      event.preventDefault();
      open(link.href);
    } else if (link.matches(".ticket-back") && rows().length) {
      event.preventDefault();
      keepDraft();
      history.pushState({}, "", link.href);
      showList();
    }
  });
  byId("ticket-filters")?.addEventListener("toggle", openFilters);
  const search = /** @type {HTMLFormElement | null} */ (byId("ticket-search"));
  search?.addEventListener("submit", () => submitSearch(search));
  search?.addEventListener("click", (event) => {
    if (!(/** @type {Element} */ (event.target).closest("[data-clear-filters]"))) return;
    for (const field of byId("ticket-filter-fields")?.querySelectorAll("input, select") ?? []) {
      const own = /** @type {HTMLInputElement} */ (field);
      if (own.type === "checkbox") own.checked = false;
      else own.value = "";
    }
    search.requestSubmit();
  });
}

startComposer();
startMany();
listenForClicks();
mount();
document.querySelector(".ticket-row[aria-current]")?.scrollIntoView({ block: "nearest" });
document.addEventListener("keydown", key, { capture: true });
document.body.addEventListener("ticket:changed", () => {
  refreshTicket();
  refreshList();
});
document.body.addEventListener("htmx:afterSwap", () => {
  markRow();
  drawTicks();
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = /** @type {CustomEvent} */ (event).detail;
  if (successful && elt.id === "ticket-tag-form") elt.reset();
});
document.addEventListener("focusout", () => setTimeout(() => isSideDirty && loadSide()));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && isListDirty) refreshList();
});
addEventListener("popstate", () => {
  if (isTicket()) open(location.href, false);
  else showList();
});
onEvent((name, data) => {
  if (name === "ticket.changed") {
    refreshList();
    if (data.ticket === number()) refreshTicket();
  }
  if (name === "ticket.typing" && data.ticket === number() && data.agent !== settings.me.id) {
    showAnswering({ name: data.name, on: data.on });
  }
});
onState((state) => {
  if (state !== "open") return;
  refreshList();
  refreshTicket();
});

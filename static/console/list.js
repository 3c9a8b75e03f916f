// @ts-check
import { tick } from "./clock.js";
import { fetchFragment } from "./fragments.js";
import { onEvent, onFrame, onState } from "./live.js";
import { byId, isLookedAt, settings, texts } from "./page.js";
import { isPressed } from "./press.js";

/**
 * The list of chats. Preview, unread count and place of a row come from the socket; the server's
 * fragment follows at most once a second, and only while somebody looks.
 */

const AT_MOST_EVERY = 1000;
const JITTER = 500;
const TYPING_LASTS = 6000;
const TRY_AGAIN_AFTER = 5000;

/** @type {Map<string, number>} */
const typing = new Map();
let current = "";
let etag = "";
let last = 0;
let timer = 0;
let retry = 0;
let isDirty = false;
/** Whether my chats of other brands than the one looked at are shown. */
let showsOthers = false;
/** The chat whose row must be seen. */
let wanted = "";
/** Where the list comes from. */
let source = "";
/** How far the list is scrolled when it is drawn anew. */
let top = 0;
/** @type {Set<() => void>} */
const redrawn = new Set();

const list = () => byId("list");
const isInbox = () => list()?.dataset.kind === "inbox";
/** @param {string} id */
export const rowOf = (id) => /** @type {HTMLElement | null} */ (byId(`row-${id}`));
export const rows = () => [...document.querySelectorAll(".row-item")];
/** @param {Element} row */
export const linkOf = (row) => /** @type {HTMLAnchorElement | null} */ (row.querySelector("a"));

/** @param {() => void} tell */
export function onRedraw(tell) {
  redrawn.add(tell);
}

/** Ask the server for list and counters soon. */
export function refresh() {
  if (timer) return;
  const wait = Math.max(0, last + AT_MOST_EVERY - Date.now()) + Math.random() * JITTER;
  timer = setTimeout(() => {
    timer = 0;
    if (document.visibilityState === "hidden") {
      isDirty = true;
      return;
    }
    last = Date.now();
    isDirty = false;
    if (isInbox()) load();
    else fetchFragment("foot", { url: `${settings.console}?part=counters`, how: "none", again: refresh });
  }, wait);
}

/** Ask anew, also for what was known already. */
function reload() {
  etag = "";
  refresh();
}

async function load() {
  source ||= list()?.dataset.source ?? "";
  const url = source;
  const answer = await fetchFragment("list", {
    url,
    how: "innerHTML",
    etag,
    isWanted: () => url === source,
    again: reload,
    before: () => (top = byId("rows")?.scrollTop ?? 0),
  });
  if (!answer) return;
  list()?.removeAttribute("aria-busy");
  sayStale(![200, 304].includes(answer.status));
  if (answer.status !== 200) return;
  etag = answer.etag;
  takeUp();
}

/** Say that the list could not be fetched, and try again. @param {boolean} isStale */
function sayStale(isStale) {
  clearTimeout(retry);
  if (isStale) retry = setTimeout(refresh, TRY_AGAIN_AFTER);
  const words = byId("list-stale");
  const text = isStale ? words?.dataset.text ?? "" : "";
  // Said anew, it would be heard anew.
  if (words && words.textContent !== text) words.textContent = text;
}

/** Go on in the list that has just been drawn. */
function takeUp() {
  showOthers(showsOthers || Boolean(rowOf(wanted)?.closest("#others-rows")));
  byId("rows")?.scrollTo(0, top);
  if (current) {
    rowOf(current)?.querySelector("a")?.setAttribute("aria-current", "true");
    if (isLookedAt()) clearUnread(current);
  }
  for (const id of typing.keys()) drawTyping(id);
  tell();
}

/** Show another tab of the list; the chat beside it stays. @param {string} href */
export function showTab(href) {
  const url = new URL(href, location.href);
  const isChat = location.pathname.includes("/chats/");
  history.replaceState(history.state, "", (isChat ? location.pathname : url.pathname) + url.search);
  url.searchParams.set("part", "list");
  if (!url.searchParams.has("tab")) url.searchParams.set("tab", "mine");
  const box = list();
  if (!box) return;
  source = url.pathname + url.search;
  box.dataset.tab = url.searchParams.get("tab") ?? "mine";
  box.setAttribute("aria-busy", "true");
  byId("rows")?.scrollTo(0, 0);
  etag = "";
  last = Date.now();
  load();
}

export const tab = () => list()?.dataset.tab ?? "";

/** Show or hide my chats of other brands. @param {boolean} [shows] */
export function showOthers(shows = !showsOthers) {
  showsOthers = shows;
  if (!shows) wanted = "";
  const others = byId("others-rows");
  if (others) others.hidden = !shows;
  byId("others-toggle")?.setAttribute("aria-expanded", String(shows));
}

/** A chat that rings, or is open, has its row in sight, also one of another brand. @param {string} id */
export function reveal(id) {
  wanted = id;
  if (rowOf(id)?.closest("#others-rows")) showOthers(true);
}

/** Mark the chat that is open. @param {string} id */
export function select(id) {
  current = id;
  for (const row of rows()) {
    const link = linkOf(row);
    if (/** @type {HTMLElement} */ (row).dataset.id === id) link?.setAttribute("aria-current", "true");
    else link?.removeAttribute("aria-current");
  }
  if (id) reveal(id);
  if (id) rowOf(id)?.scrollIntoView({ block: "nearest" });
}

/** @param {string} id @param {boolean} has */
export function markDraft(id, has) {
  const line = rowOf(id)?.querySelector(".row-line");
  const chip = line?.querySelector(".draft-chip");
  if (!line || Boolean(chip) === has) return;
  etag = "";
  if (chip) chip.remove();
  else line.prepend(span("chip warn draft-chip", texts.draft));
}

/** @param {string} id */
export function clearUnread(id) {
  const row = rowOf(id);
  if (row) setUnread(row, 0);
}

/** @param {Element} row @param {number} count */
function setUnread(row, count) {
  const badge = /** @type {HTMLElement | null} */ (row.querySelector(".unread"));
  if (!badge || Number(badge.dataset.unread) === count) return;
  etag = "";
  badge.dataset.unread = String(count);
  if (count) badge.replaceChildren(span("visually-hidden", `${texts.unread} `), String(count));
  else badge.replaceChildren();
  tell();
}

function tell() {
  redrawn.forEach((hear) => hear());
}

/** @param {string} className @param {string} text */
function span(className, text) {
  const node = document.createElement("span");
  node.className = className;
  node.textContent = text;
  return node;
}

/** @param {Record<string, any>} frame */
function entries({ conversation, entries: added }) {
  const spoken = added.filter((/** @type {any} */ e) => e.kind === "message");
  const newest = spoken.at(-1);
  if (!newest || !isInbox()) return;
  const row = rowOf(conversation);
  if (!row) {
    refresh();
    return;
  }
  const seen = Number(row.dataset.seq ?? 0);
  if (newest.seq <= seen) return;
  row.dataset.seq = String(newest.seq);
  etag = "";
  const isTheirs = newest.author.kind === "visitor";
  const preview = row.querySelector(".row-preview");
  if (preview) {
    const who = isTheirs ? "" : newest.author.id === settings.me.id ? `${texts.you} ` : `${newest.author.name}: `;
    const words = newest.text || newest.attachments?.[0]?.name || texts.attachment;
    preview.textContent = who + words.replace(/\s+/g, " ").slice(0, 140);
  }
  const from = spoken.filter((/** @type {any} */ e) => e.author.kind === "visitor" && e.seq > seen);
  if (from.length && tab() === "mine" && !(conversation === current && isLookedAt())) {
    const badge = /** @type {HTMLElement | null} */ (row.querySelector(".unread"));
    setUnread(row, Number(badge?.dataset.unread ?? 0) + from.length);
  }
  showTyping(conversation, false);
  place(row, isTheirs, newest.at);
}

/** Move a row to where its newest message puts it. @param {HTMLElement} row @param {boolean} isTheirs
 * @param {string} at */
function place(row, isTheirs, at) {
  const { section } = row.dataset;
  if (section === "queue" || section === "wrap_up") return;
  const time = row.querySelector("time");
  const waits = section !== "customer";
  if (time && !(isTheirs && waits)) {
    time.className = isTheirs ? "wait" : "";
    time.dataset.since = at;
    if (isTheirs) {
      time.dataset.target = "";
      delete time.dataset.format;
    } else {
      delete time.dataset.target;
      time.dataset.format = "ago";
    }
    tick(row);
  }
  if (section === "others") return refresh();
  const box = list();
  if (box && isPressed(box, reload)) return;
  const wanted = isTheirs ? (tab() === "mine" ? "reply" : "answer") : "customer";
  if (section !== wanted) {
    const to = byId(`section-${wanted}`)?.parentElement?.querySelector("ul");
    const from = row.closest("section");
    if (to) {
      const hadFocus = row.contains(document.activeElement);
      if (isTheirs) to.append(row);
      else to.prepend(row);
      row.dataset.section = wanted;
      if (hadFocus) linkOf(row)?.focus();
      if (from && !from.querySelector("li")) from.remove();
    }
  } else if (!isTheirs && row.previousElementSibling) {
    row.parentElement?.prepend(row);
  }
  refresh();
}

/** @param {string} id @param {boolean} on */
function showTyping(id, on) {
  clearTimeout(typing.get(id));
  if (on) typing.set(id, setTimeout(() => showTyping(id, false), TYPING_LASTS));
  else typing.delete(id);
  drawTyping(id);
}

/** @param {string} id */
function drawTyping(id) {
  const row = rowOf(id);
  const words = /** @type {HTMLElement | null} */ (row?.querySelector(".row-typing"));
  if (!words) return;
  words.hidden = !typing.has(id);
  row?.classList.toggle("is-typing", typing.has(id));
}

const EVENTS = new Set([
  "list.changed", "counters", "conversation.queued", "conversation.assigned",
  "conversation.changed", "offer.made", "offer.withdrawn", "agent.status",
]);

/** Older rows take the place of the button that asked for them: the focus goes on in the first. */
function goOnWithOlderRows() {
  /** @type {Element | null} */
  let before = null;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { target } = /** @type {CustomEvent} */ (event).detail;
    const isAsked = target.matches(".more") && target.contains(document.activeElement);
    before = isAsked ? target.previousElementSibling : null;
  });
  document.body.addEventListener("htmx:afterSwap", () => {
    if (before?.nextElementSibling) linkOf(before.nextElementSibling)?.focus();
    before = null;
  });
}

export function startList() {
  goOnWithOlderRows();
  onFrame((frame) => {
    if (frame.type === "entries") entries(frame);
    if (frame.type === "typing" && frame.author?.kind === "visitor") {
      showTyping(frame.conversation, frame.on);
    }
  });
  onEvent((name) => {
    if (EVENTS.has(name)) refresh();
  });
  onState((state) => {
    if (state === "open") refresh();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && isDirty) refresh();
  });
}

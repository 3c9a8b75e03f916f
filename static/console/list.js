// @ts-check
import { fetchFragment } from "./fragments.js";
import { onEvent, onState } from "./live.js";
import { byId, isLookedAt, settings, texts } from "./page.js";

/**
 * The list of chats as the server draws it, at most once a second and only while somebody looks; else
 * only what counts in the title, now and then. What the socket tells meanwhile of preview, unread count
 * and place of a row is put in by arrivals.js.
 */

const AT_MOST_EVERY = 1000;
const UNSEEN_EVERY = 5000;
const JITTER = 500;
const TRY_AGAIN_AFTER = 5000;

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

export const list = () => byId("list");
export const isChatList = () => list()?.dataset.kind === "chats";
/** @param {string} id */
export const rowOf = (id) => /** @type {HTMLElement | null} */ (byId(`row-${id}`));
export const rows = () => [...document.querySelectorAll(".row-item")];
/** @param {Element} row */
export const linkOf = (row) => /** @type {HTMLAnchorElement | null} */ (row.querySelector("a"));

/** @param {() => void} tell */
export function onRedraw(tell) {
  redrawn.add(tell);
}

export const isHidden = () => document.visibilityState === "hidden";

/** Ask the server for list and counters soon. */
export function refresh() {
  if (timer) return;
  const every = isHidden() ? UNSEEN_EVERY : AT_MOST_EVERY;
  const wait = Math.max(0, last + every - Date.now()) + Math.random() * JITTER;
  timer = setTimeout(() => {
    timer = 0;
    last = Date.now();
    isDirty = isHidden();
    if (isChatList() && !isDirty) load();
    else fetchFragment("foot", { url: `${settings.console}?part=counters`, how: "none", again: refresh });
  }, wait);
}

/** What stands here is no longer what the server drew. */
export const isChanged = () => {
  etag = "";
};

/** Ask anew, also for what was known already. */
export function reload() {
  isChanged();
  refresh();
}

async function load() {
  // What is asked now needs no other try.
  clearTimeout(retry);
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

/** The chat that is open. */
export const selected = () => current;

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
  // It is opened and then drawn: who has scrolled on meanwhile stays there.
  const isOther = id !== current;
  current = id;
  for (const row of rows()) {
    const link = linkOf(row);
    if (/** @type {HTMLElement} */ (row).dataset.id === id) link?.setAttribute("aria-current", "true");
    else link?.removeAttribute("aria-current");
  }
  if (id) reveal(id);
  if (id && isOther) rowOf(id)?.scrollIntoView({ block: "nearest" });
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
export function setUnread(row, count) {
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

const EVENTS = new Set([
  "list.changed", "counters", "conversation.queued", "conversation.assigned",
  "conversation.changed", "visitor.changed", "offer.made", "offer.withdrawn", "agent.status",
]);

export function startList() {
  onEvent((name) => {
    if (EVENTS.has(name)) refresh();
  });
  onState((state) => {
    if (state === "open") refresh();
  });
  document.addEventListener("visibilitychange", () => {
    if (isDirty && !isHidden()) reload();
  });
}

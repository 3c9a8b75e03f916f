// @ts-check
import { ThreadView } from "../live/thread.js";
import { awaitReply, closeComposer, draftUnderWay, keepDraftHere, mountComposer, unmountComposer } from "./composer.js";
import { fetchFragment } from "./fragments.js";
import * as list from "./list.js";
import { onEvent, onState, socket, sync } from "./live.js";
import { unsent } from "./outbox.js";
import { byId, isLookedAt, part, settings, texts, toastAbout } from "./page.js";

/** The open chat: its thread, its head, what has been read. */

const KEPT = 10;

/**
 * Threads drawn earlier, so that coming back is instant and keeps the scroll.
 * @type {Map<string, {element: HTMLElement, view: ThreadView, top: number, wasAtEnd: boolean}>}
 */
const drawn = new Map();
let current = "";
let opening = 0;
let headTimer = 0;
/** How many requests that change something are on their way. */
let acting = 0;
/** Whether visitors are on the page, as far as the server says. @type {Map<string, string>} */
const presence = new Map();
/** @type {Set<(id: string) => void>} */
const opened = new Set();

export const currentChat = () => current;

/** @param {(id: string) => void} tell */
export function onOpen(tell) {
  opened.add(tell);
}

/** What the server said of the open chat. @returns {Record<string, any>} */
export function live() {
  return JSON.parse(byId("chat-head")?.dataset.live ?? "{}");
}

/** @param {string} id */
function addressOf(id) {
  const row = list.rowOf(id);
  return (row && list.linkOf(row)?.getAttribute("href")) || `${settings.console}chats/${id}/${location.search}`;
}

/** Open a chat beside the list.
 * @param {string} id @param {{push?: boolean, url?: string, focuses?: boolean}} [how] */
export async function open(id, { push = true, url = addressOf(id), focuses = true } = {}) {
  if (isShown(id) && !byId("chat-left")) {
    show("thread");
    if (push && location.pathname !== new URL(url, location.href).pathname) history.pushState({}, "", url);
    refreshHead();
    focusComposer();
    return;
  }
  const attempt = ++opening;
  leave();
  current = id;
  list.select(id);
  byId("chat")?.setAttribute("aria-busy", "true");
  const part = new URL(url, location.href);
  part.searchParams.set("part", "chat");
  if (push) history.pushState({}, "", url);
  show("thread");
  // The words come over the socket while the page around them is fetched.
  watch(id);
  const draft = draftUnderWay(id);
  if (draft) await draft;
  if (attempt !== opening) return;
  const answer = await fetchFragment("chat", {
    url: part.pathname + part.search,
    how: "innerHTML",
    isWanted: () => attempt === opening,
    // A drawn thread is kept; htmx would clear up after every word of it, for longer than all the rest.
    before: () => byId("thread")?.remove(),
  });
  if (!answer || attempt !== opening) return;
  byId("chat")?.removeAttribute("aria-busy");
  if (answer.status === 200) {
    mount();
    if (focuses) focusComposer();
  } else {
    const isGone = [204, 403, 404].includes(answer.status);
    toastAbout(url, isGone ? answer.told || texts.chatGone : texts.failed);
    list.refresh();
    goBack();
  }
}

/** Another chat could not be opened: the one that still stands here goes on. */
function goBack() {
  if (!byId("thread-pane")?.dataset.conversation) return close();
  mount();
  if (byId("chat-left")) closeComposer();
  history.replaceState({}, "", live().address);
}

/** Show no chat. @param {{push?: boolean}} [how] */
export function close({ push = true } = {}) {
  opening += 1;
  const back = byId("chat-head")?.querySelector("a.back")?.getAttribute("href") || settings.console;
  const before = current;
  leave();
  current = "";
  list.select("");
  const none = /** @type {HTMLTemplateElement | null} */ (byId("no-chat"));
  const slot = byId("chat");
  if (none && slot) slot.replaceChildren(none.content.cloneNode(true));
  slot?.removeAttribute("aria-busy");
  // The list beside the chat may show another tab by now.
  if (push) history.pushState({}, "", new URL(back, location.href).pathname + location.search);
  show("list");
  document.title = settings.title;
  opened.forEach((tell) => tell(""));
  const row = before && list.rowOf(before);
  if (row) list.linkOf(row)?.focus();
}

/** Not on touch screens: the keyboard would cover what was just opened. */
function focusComposer() {
  if (matchMedia("(pointer: fine)").matches) byId("composer-text")?.focus({ preventScroll: true });
}

/** One pane at a time on small screens. @param {"list"|"thread"} pane */
function show(pane) {
  const frame = byId("frame");
  frame?.setAttribute("data-pane", pane);
  frame?.classList.remove("shows-context");
}

/** Put away the chat that is open. */
function leave() {
  if (!current) return;
  unmountComposer();
  const kept = drawn.get(current);
  if (kept) {
    kept.wasAtEnd = kept.view.atEnd();
    kept.top = kept.element.scrollTop;
  }
  unwatch(current);
  for (const [id] of drawn) {
    if (drawn.size <= KEPT) break;
    // What waits to be sent, or failed, is not let go of.
    if (id === current || sync.thread(id)?.pending.length) continue;
    drawn.delete(id);
    presence.delete(id);
    sync.release(id);
  }
}

/** Hear no more of a chat that is not on the screen; of the agent's own the server goes on telling.
 * @param {string} id */
function unwatch(id) {
  if (!sync.thread(id)?.pending.length) socket.send({ type: "unwatch", conversation: id });
}

/** Hold a thread and hear what is new in it, from what is known on. @param {string} id */
function watch(id) {
  sync.hold(id);
  socket.send({ type: "watch", conversation: id, after: sync.thread(id)?.last ?? 0 });
}

/** Bring the chat in the page to life. */
function mount() {
  const pane = byId("thread-pane");
  const id = pane?.dataset.conversation;
  const place = byId("thread");
  if (!id || !place) return;
  current = id;
  let kept = drawn.get(id);
  if (kept) {
    place.replaceWith(kept.element);
    drawn.delete(id);
  } else {
    place.replaceChildren();
    const view = new ThreadView({
      element: place,
      me: settings.me,
      texts: texts.thread,
      label: texts.thread.label,
      locale: settings.locale,
      timeZone: settings.timeZone,
      spoken: new Set(settings.kinds.spoken),
      fileUrl: (file) => `/api/v1/attachments/${file.id}`,
      onRetry: (cid) => sync.retry(id, cid),
      onDiscard: (cid) => sync.discard(id, cid),
    });
    kept = { element: place, view, top: 0, wasAtEnd: true };
  }
  drawn.set(id, kept);
  if (!sync.thread(id)) watch(id);
  const { delivered, read } = live();
  sync.dispatch(id, { type: "marks", delivered, read });
  draw();
  drawPresence();
  if (kept.wasAtEnd) kept.view.toEnd();
  else kept.element.scrollTop = kept.top;
  kept.element.addEventListener("scroll", markRead, { passive: true });
  mountComposer(id, live());
  list.select(id);
  document.title = `${byId("chat-name")?.textContent ?? ""} · ${settings.title}`;
  opened.forEach((tell) => tell(id));
  markRead();
}

function draw() {
  const thread = sync.thread(current);
  const shown = drawn.get(current);
  if (!thread || !shown) return;
  shown.view.render(thread);
  const runs = byId("thread-pane")?.dataset.runs;
  if (runs) import("./runs.js").then(({ linkRuns }) => linkRuns(runs, shown.element, thread.entries), () => {});
}

function drawPresence() {
  const state = live().status === "resolved" ? "" : presence.get(current) ?? "";
  document.querySelectorAll(".presence").forEach((place) => {
    const node = /** @type {HTMLElement} */ (place);
    const text = node.dataset[state] ?? "";
    node.dataset.visitor = text && state;
    node.title = text;
    if (node.lastElementChild) node.lastElementChild.textContent = text;
  });
}

/** Tell the server what the agent has seen. */
function markRead() {
  const thread = sync.thread(current);
  const view = drawn.get(current)?.view;
  if (!thread || !view || !thread.last || !isLookedAt() || !view.atEnd()) return;
  sync.read(current, thread.last);
  list.clearUnread(current);
}

/** Fetch head and customer panel again; not while an answer is awaited with which the chat may leave. */
export function refreshHead() {
  clearTimeout(headTimer);
  headTimer = setTimeout(() => {
    if (acting) refreshHead();
    else loadHead();
  }, 120);
}

/** Whether the chat that was asked for is the one on the screen by now. @param {string} id */
const isShown = (id) => id === current && byId("thread-pane")?.dataset.conversation === id;

async function loadHead() {
  const id = current;
  const url = byId("chat-head")?.dataset.source;
  if (!url || !isShown(id)) return;
  let hadFocus = false;
  const answer = await fetchFragment("chat-head", {
    url,
    how: "outerHTML",
    isWanted: () => isShown(id),
    again: refreshHead,
    before: (head) => (hadFocus = head.contains(document.activeElement)),
  });
  if (answer?.status === 204 || answer?.status === 404) {
    if (!byId("chat-left")) {
      keepDraftHere();
      closeComposer();
      list.refresh();
    }
    // Another chat may be opened meanwhile.
    const left = await part(import("./chat_gone.js"));
    if (isShown(id)) left?.stayToRead(answer.told);
  }
  if (answer?.status !== 200) return;
  if (byId("chat-left")) {
    // It has come back: somebody passed it on to this agent.
    byId("chat-left")?.remove();
    watch(id);
  }
  mountComposer(id, live());
  drawPresence();
  const shows = byId("frame")?.classList.contains("shows-context") ?? false;
  byId("context-toggle")?.setAttribute("aria-expanded", String(shows));
  // The button that was pressed may be one that makes no sense any more.
  if (hadFocus && document.activeElement === document.body) focusComposer();
}

/** Count what the agent does to chats until the answer has been heard.
 * @param {Record<string, any>} sent  what htmx tells of a request */
export function countAct({ requestConfig, xhr }) {
  if (requestConfig.verb === "get") return;
  acting += 1;
  const lets = /\/(accept|reopen|join|take-over)\/$/.test(requestConfig.path);
  if (lets) awaitReply();
  // A button that is drawn anew hears nothing of its own answer.
  xhr.addEventListener("loadend", () => {
    acting -= 1;
    // Also where nothing has changed: nobody waits any longer.
    if (lets) refreshHead();
  });
}

export function startChat() {
  sync.addEventListener("thread", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.conversation !== current) return;
    draw();
    markRead();
  });
  onEvent((name, data) => {
    if (name === "presence") {
      presence.set(data.conversation, data.visitor);
      drawPresence();
      return;
    }
    const marks = name === "conversation.read" || name === "conversation.delivered";
    // Its status stands in the head.
    if (name === "ticket.changed" && data.ticket === live().ticket) refreshHead();
    const changed = name.startsWith("conversation.") || name === "visitor.changed";
    if (data.conversation === current && changed && !marks) refreshHead();
  });
  onState((state) => {
    if (state !== "open") {
      // Said again by `watch`, if it is known.
      presence.clear();
      drawPresence();
      return;
    }
    // What is held is watched again by `hello` itself, also what is only kept to come back to.
    for (const id of drawn.keys()) if (id !== current) unwatch(id);
    if (current) refreshHead();
  });
  addEventListener("focus", markRead);
  document.addEventListener("visibilitychange", markRead);
  addEventListener("popstate", () => {
    const [, id] = location.pathname.match(/\/(?:chats|archive)\/([\w-]+)\/$/) ?? [];
    if (id) open(id, { push: false, url: location.pathname + location.search });
    else close({ push: false });
  });
  mount();
  for (const id of unsent()) if (!sync.thread(id)) watch(id);
}

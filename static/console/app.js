// @ts-check
import { close, countAct, open, startChat } from "./chat.js";
import { startClock, tick } from "./clock.js";
import { hasWords, startComposer } from "./composer.js";
import { fetchFragment } from "./fragments.js";
import { showOthers, showTab, startList } from "./list.js";
import { isPressed, startPress } from "./press.js";
import { onEvent, onState, socket } from "./live.js";
import { unsent } from "./outbox.js";
import { byId, part, settings, texts } from "./page.js";

/** Joins the parts of the console. */

const SHOW_OFFLINE_AFTER = 3000;

/** @type {Record<string, (button: HTMLElement) => void>} */
const DOES = {
  "test-sound": () => part(import("./alerts.js")).then((alerts) => alerts?.testSound()),
  "unlock-sound": () => {},
  reload: () => location.reload(),
  "close-chat": () => close(),
  "toggle-others": () => showOthers(),
  shortcuts: () => part(import("./keys.js")).then((keys) => keys?.showShortcuts()),
  "close-dialog": (button) => button.closest("dialog")?.close(),
  "toggle-context": () => {
    const shows = byId("frame")?.classList.toggle("shows-context") ?? false;
    byId("context-toggle")?.setAttribute("aria-expanded", String(shows));
    byId(shows ? "context-close" : "context-toggle")?.focus();
  },
};

function listenForClicks() {
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const button = /** @type {HTMLElement | null} */ (target.closest("[data-do]"));
    if (button) {
      /** @type {HTMLElement | null} */ (button.closest("[popover]"))?.hidePopover();
      DOES[button.dataset.do ?? ""]?.(button);
    }
    const link = target.closest("a");
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (!link || !isPlain || event.defaultPrevented) return;
    const row = /** @type {HTMLElement | null} */ (link.closest(".row-item"));
    if (row?.dataset.id) {
      event.preventDefault();
      open(row.dataset.id, { url: link.getAttribute("href") ?? undefined });
    } else if (link.matches(".list-tabs a")) {
      event.preventDefault();
      showTab(link.href);
    } else if (link.matches("a.back")) {
      event.preventDefault();
      close();
    }
  });
}

/** What the server says beside its answers is heard by a part that comes a little later. */
function listenToAnswers() {
  document.body.addEventListener("htmx:beforeSend", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    countAct(detail);
    part(import("./answers.js")).then((answers) => answers?.hear(detail));
  });
  // htmx rejects a promise of its own that nobody can catch, with nothing in it.
  addEventListener("unhandledrejection", (event) => event.reason === undefined && event.preventDefault());
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    const answered = new URL(detail.xhr.responseURL || location.href).pathname;
    const { id } = detail.target;
    if (answered.startsWith(settings.console)) {
      // Nothing is replaced under a finger.
      const again = () => refreshPart(id);
      if (["offers", "status"].includes(id) && isPressed(detail.target, again)) detail.shouldSwap = false;
      return;
    }
    // Signed out: the answer is the door, not a part of this page.
    detail.shouldSwap = false;
    leaveTheScreen();
  });
  document.body.addEventListener("console:signed-out", leaveTheScreen);
}

/** Words that nobody got yet stay in sight until a person goes. */
function leaveTheScreen() {
  if (hasWords() || unsent().length) socket.close("token");
  else location.reload();
}

/** Draw the offers or the status anew. @param {string} id */
function refreshPart(id) {
  const url = byId(id)?.dataset.source;
  const how = id === "offers" ? "innerHTML" : "outerHTML";
  if (url) fetchFragment(id, { url, how, again: () => refreshPart(id) });
}

function watchConnection() {
  let timer = 0;
  const bar = byId("connection");
  const [words, button] = /** @type {HTMLElement[]} */ ([...(bar?.children ?? [])]);
  onState((state, reason) => {
    document.documentElement.dataset.socket = state;
    const isOver = state === "stopped";
    if (!bar || (isOver && reason === "closed")) return;
    if (isOver || state === "open") {
      clearTimeout(timer);
      timer = 0;
      bar.hidden = !isOver;
    }
    words.textContent = isOver ? (reason === "old" ? texts.old : texts.stopped) : state === "polling" ? texts.polling : texts.offline;
    button.hidden = !isOver;
    // Counted from the loss: each attempt to come back is no new beginning.
    if (!isOver && state !== "open") timer ||= setTimeout(() => (bar.hidden = false), SHOW_OFFLINE_AFTER);
  });
}

function watchDesk() {
  onEvent((name, data) => {
    if (name === "offer.made" || name === "offer.withdrawn") refreshPart("offers");
    if (name === "agent.status" && data.agent === settings.me.id) {
      const status = byId("status");
      const drawn = status?.dataset.status === data.status && status?.dataset.reason === String(data.reason ?? "");
      // Our own change is drawn by its own answer: drawn again, the menu would close under the hand.
      if (drawn || status?.querySelector(".htmx-request")) return;
      refreshPart("status");
    }
  });
  onState((state) => {
    if (state === "open") refreshPart("offers");
  });
}

settings.title = [byId("list-title")?.textContent, "İmece"].filter(Boolean).join(" · ");
startClock();
listenForClicks();
listenToAnswers();
watchConnection();
watchDesk();
startList();
startPress();
startComposer();
startChat();
tick();
socket.open();
// What nobody needs in the first moment comes after the page is drawn.
requestAnimationFrame(() => setTimeout(async () => (await part(import("./late.js")))?.startLate()));
addEventListener("pagehide", () => socket.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// @ts-check
import { close, currentChat, open, refreshHead, startChat } from "./chat.js";
import { startClock, tick } from "./clock.js";
import { hasWords, startComposer } from "./composer.js";
import { fetchFragment } from "./fragments.js";
import { refresh, rowOf, rows, showOthers, showTab, startList, tab } from "./list.js";
import { isPressed, startPress } from "./press.js";
import { onEvent, onState, socket } from "./live.js";
import { unsent } from "./outbox.js";
import { byId, settings, texts, toast, toastAbout } from "./page.js";
import { isLeaving, refreshUndo, startUndo } from "./undo.js";

/** Joins the parts of the console. */

const SHOW_OFFLINE_AFTER = 3000;

/** @type {Record<string, (button: HTMLElement) => void>} */
const DOES = {
  "test-sound": () => import("./alerts.js").then((alerts) => alerts.testSound()),
  "unlock-sound": () => {},
  reload: () => location.reload(),
  "close-chat": () => close(),
  "toggle-others": () => showOthers(),
  shortcuts: () => import("./keys.js").then((keys) => keys.showShortcuts()),
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

/** What the server says beside its answers. */
function listenToAnswers() {
  document.body.addEventListener("htmx:beforeSend", (event) => {
    const { xhr, requestConfig, target } = /** @type {CustomEvent} */ (event).detail;
    // A button that is drawn anew meanwhile hears nothing of its answer; the request itself does.
    xhr.addEventListener("loadend", () => {
      if (xhr.status >= 200 && xhr.status < 400) return;
      if (xhr.status === 404 && requestConfig.verb !== "get") {
        // It has changed hands: the head says how.
        toastAbout(requestConfig.path, texts.gone);
        refresh();
        refreshHead();
      } else if (requestConfig.verb !== "get") toastAbout(requestConfig.path, texts.failed);
      else if (target.id === "dialogs") toastAbout(requestConfig.path, xhr.status === 404 ? texts.gone : texts.failed);
    });
    xhr.addEventListener("load", () => {
      const events = JSON.parse(xhr.getResponseHeader("Console-Events") ?? "{}");
      for (const [name, detail] of Object.entries(events)) {
        document.body.dispatchEvent(new CustomEvent(name, { detail }));
      }
    });
  });
  /** @param {string} name @param {(detail: Record<string, any>) => void} hear */
  const on = (name, hear) =>
    document.body.addEventListener(name, (event) => hear(/** @type {CustomEvent} */ (event).detail));
  on("console:toast", ({ text }) => toast(text));
  on("console:refresh", () => refresh());
  on("console:open", ({ id }) => {
    byId("dialogs")?.replaceChildren();
    const mine = new URL(location.href);
    mine.searchParams.delete("tab");
    if (byId("list")?.dataset.kind !== "inbox") {
      location.assign(`${settings.console}chats/${id}/${mine.search}`);
      return;
    }
    if (tab() !== "mine") showTab(settings.console + mine.search);
    else refresh();
    open(id, { url: `${settings.console}chats/${id}/${mine.search}` });
  });
  on("console:changed", ({ id }) => {
    /** @type {HTMLDialogElement | null} */ (document.querySelector("#dialogs dialog"))?.close();
    refresh();
    if (id === currentChat()) refreshHead();
  });
  /** A chat leaves my list. @param {string} id */
  const letGo = (id) => {
    byId("dialogs")?.replaceChildren();
    const all = /** @type {HTMLElement[]} */ (rows()).filter((row) => row.dataset.id === id || !isLeaving(row.dataset.id ?? ""));
    const at = all.findIndex((row) => row.dataset.id === id);
    const next = all[at + 1] ?? all[at - 1];
    if (id === currentChat()) {
      const isWide = matchMedia("(width >= 720px)").matches;
      if (next?.dataset.id && isWide && tab() === "mine") open(next.dataset.id);
      else close();
    }
    refresh();
  };
  on("customer:changed", ({ id, name }) => {
    for (const node of document.querySelectorAll(`[data-customer="${id}"]`)) node.textContent = name;
  });
  on("console:resolved", ({ id }) => {
    // In a moment, that is: it can be undone until then.
    refreshUndo();
    letGo(id);
  });
  on("console:gone", ({ id, text }) => {
    letGo(id);
    rowOf(id)?.remove();
    // Not before: in the dialog that has just gone nobody would see it.
    toast(text);
  });
  on("console:status", () => {
    byId("dialogs")?.replaceChildren();
    refresh();
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const { target, requestConfig } = /** @type {CustomEvent} */ (event).detail;
    // The menu has gone with the choice that was made in it.
    const isChosen = target.id === "status" && requestConfig.verb === "post";
    if (isChosen && document.activeElement === document.body) byId("status-button")?.focus();
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
  on("console:signed-out", leaveTheScreen);
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
  onState((state, reason) => {
    document.documentElement.dataset.socket = state;
    if (!bar || (state === "stopped" && reason === "closed")) return;
    if (state === "open") {
      clearTimeout(timer);
      timer = 0;
      bar.hidden = true;
      return;
    }
    if (state === "stopped") {
      const button = document.createElement("button");
      button.className = "button small";
      button.dataset.do = "reload";
      button.textContent = texts.reload;
      bar.replaceChildren(reason === "old" ? texts.old : texts.stopped, button);
      bar.hidden = false;
      return;
    }
    bar.textContent = state === "polling" ? texts.polling : texts.offline;
    // Counted from the loss: each attempt to come back is no new beginning.
    timer ||= setTimeout(() => (bar.hidden = false), SHOW_OFFLINE_AFTER);
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
startUndo();
startChat();
tick();
socket.open();
// What nobody needs in the first moment comes after the page is drawn.
requestAnimationFrame(() => setTimeout(async () => {
  const parts = [import("./dialogs.js"), import("./keys.js"), import("./alerts.js"), import("./tags.js"), import("./tickets/counter.js"), import("./only.js")];
  const [dialogs, keys, alerts, tags, counter, only] = await Promise.all(parts);
  dialogs.startDialogs();
  tags.startTags();
  counter.startCounter();
  keys.startKeys();
  alerts.startAlerts();
  only.startOnly();
  document.documentElement.dataset.ready = "yes";
}));
addEventListener("pagehide", () => socket.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// @ts-check
import { close, currentChat, open, refreshHead } from "./chat.js";
import { linkOf, refresh, rowOf, rows, showTab, tab } from "./list.js";
import { byId, part, settings, texts, toast, toastAbout } from "./page.js";
import { isLeaving, refreshUndo } from "./undo.js";

/** What the server says beside its answers. */

/** Hear what becomes of a request. @param {Record<string, any>} sent  what htmx tells of it */
export function hear({ xhr, requestConfig, target }) {
  const ended = () => {
    if (xhr.status >= 200 && xhr.status < 400) {
      const events = JSON.parse(xhr.getResponseHeader("Console-Events") ?? "{}");
      for (const [name, detail] of Object.entries(events)) {
        document.body.dispatchEvent(new CustomEvent(name, { detail }));
      }
      return;
    }
    if (xhr.status === 404 && requestConfig.verb !== "get") {
      // It has changed hands: the head says how.
      toastAbout(requestConfig.path, texts.gone);
      refresh();
      refreshHead();
    } else if (requestConfig.verb !== "get") toastAbout(requestConfig.path, texts.failed);
    else if (target.id === "dialogs") toastAbout(requestConfig.path, xhr.status === 404 ? texts.gone : texts.failed);
  };
  // It may have been faster than this script. A button that is drawn anew meanwhile hears nothing of its
  // answer; the request itself does.
  if (xhr.readyState === XMLHttpRequest.DONE) ended();
  else xhr.addEventListener("loadend", ended);
}

/** A chat leaves my list. @param {string} id */
function letGo(id) {
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
}

/** @type {Record<string, (detail: Record<string, any>) => void>} */
const HEARS = {
  "console:toast": ({ text }) => toast(text),
  "console:refresh": () => refresh(),
  "console:open": ({ id }) => {
    byId("dialogs")?.replaceChildren();
    const mine = new URL(location.href);
    mine.searchParams.delete("tab");
    if (byId("list")?.dataset.kind !== "chats") {
      location.assign(`${settings.console}chats/${id}/${mine.search}`);
      return;
    }
    if (tab() !== "mine") showTab(settings.console + mine.search);
    else refresh();
    open(id, { url: `${settings.console}chats/${id}/${mine.search}` });
  },
  "console:changed": ({ id }) => {
    /** @type {HTMLDialogElement | null} */ (document.querySelector("#dialogs dialog"))?.close();
    refresh();
    if (id === currentChat()) refreshHead();
  },
  "customer:changed": ({ id, name }) => {
    for (const node of document.querySelectorAll(`[data-customer="${id}"]`)) node.textContent = name;
  },
  "console:resolved": ({ id }) => {
    // In a moment, that is: it can be undone until then.
    refreshUndo();
    letGo(id);
  },
  "console:gone": ({ id, text }) => {
    letGo(id);
    rowOf(id)?.remove();
    // Not before: in the dialog that has just gone nobody would see it.
    toast(text);
  },
  "console:status": () => {
    byId("dialogs")?.replaceChildren();
    refresh();
  },
};

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

/** Dialogs are opened, and asked before something final, by a part that comes with the first. */
function waitForDialogs() {
  const show = () =>
    part(import("./dialogs.js")).then((dialogs) => (dialogs ? dialogs.openDialog() : byId("dialogs")?.replaceChildren()));
  const isComing = () =>
    document.querySelector("[hx-target='#dialogs'].htmx-request, #dialogs > dialog[data-open]:not([open])");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !isComing()) return;
    // It was meant for the dialog: what lies below would send what is written there.
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const { target } = /** @type {CustomEvent} */ (event).detail;
    if (target?.id === "dialogs" && target.childElementCount) show();
  });
  document.body.addEventListener("htmx:confirm", (event) => {
    const { elt, question, issueRequest, verb, path } = /** @type {CustomEvent} */ (event).detail;
    if (!question) return;
    event.preventDefault();
    part(import("./dialogs.js")).then(async (dialogs) => {
      if (!(await dialogs?.confirmed(question, elt.textContent))) return;
      // What was pressed may have been drawn anew while the question stood: htmx would ask nothing.
      if (elt.isConnected) issueRequest(true);
      else /** @type {any} */ (window).htmx.ajax(verb, path, { source: document.body, swap: "none" });
    });
  });
  // One may have come before this script has.
  if (byId("dialogs")?.childElementCount) show();
}

/** Tags are suggested by a part that comes with the first look at their field. */
function waitForTags() {
  document.addEventListener("focusin", ({ target }) => {
    if (/** @type {Element} */ (target).id === "tag-input") part(import("./tags.js")).then((tags) => tags?.startTags());
  });
}

export function startAnswers() {
  for (const [name, does] of Object.entries(HEARS)) {
    document.body.addEventListener(name, (event) => does(/** @type {CustomEvent} */ (event).detail));
  }
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const { target, requestConfig } = /** @type {CustomEvent} */ (event).detail;
    // The menu has gone with the choice that was made in it.
    const isChosen = target.id === "status" && requestConfig.verb === "post";
    if (isChosen && document.activeElement === document.body) byId("status-button")?.focus();
  });
  goOnWithOlderRows();
  waitForDialogs();
  waitForTags();
}

// @ts-check
import { composes } from "../live/words.js";
import { close, currentChat, open } from "./chat.js";
import { setMode } from "./composer.js";
import { linkOf, rows } from "./list.js";
import { byId } from "./page.js";

/** Shortcuts, bound to the place of a key, so that they hold on every Turkish layout. */

/** @param {number} step */
function move(step) {
  const all = /** @type {HTMLElement[]} */ (rows().filter((row) => !row.closest("[hidden]")));
  if (!all.length) return;
  const at = all.findIndex((row) => row.dataset.id === currentChat());
  const to = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length;
  const { id } = all[to].dataset;
  if (id) open(id, { url: linkOf(all[to])?.getAttribute("href") ?? undefined });
}

/** @param {string} mode */
function write(mode) {
  setMode(mode);
  byId("composer-text")?.focus();
}

/** @type {Record<string, () => void>} */
const WITH_ALT = {
  KeyJ: () => move(1),
  KeyK: () => move(-1),
  KeyE: () => byId("resolve-button")?.click(),
  KeyP: () => write("note"),
  KeyL: () => write("reply"),
  KeyW: () => byId("whisper-button")?.click(),
  KeyA: () => /** @type {HTMLElement | null} */ (document.querySelector("[data-shortcut=KeyA]"))?.click(),
};

/** @param {EventTarget | null} target */
const isWriting = (target) =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

export function showShortcuts() {
  /** @type {HTMLDialogElement | null} */ (byId("shortcuts"))?.showModal();
}

export function startKeys() {
  document.addEventListener("click", (event) => {
    if (/** @type {Element} */ (event.target).closest("#whisper-button")) write("whisper");
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || composes(event) || document.querySelector("dialog[open]")) return;
    const isAltGr = event.getModifierState("AltGraph") || event.ctrlKey || event.metaKey;
    if (event.altKey && !isAltGr && !event.shiftKey && WITH_ALT[event.code]) {
      event.preventDefault();
      // A key that is held down goes through the list, and is one press for all else.
      if (!event.repeat || /Key[JK]/.test(event.code)) WITH_ALT[event.code]();
    } else if (event.key === "?" && !isWriting(event.target) && !event.altKey) {
      event.preventDefault();
      showShortcuts();
    } else if (event.key === "Escape") escape();
  });
}

function escape() {
  if (document.querySelector(":popover-open")) return;
  if (byId("frame")?.classList.contains("shows-context")) byId("context-close")?.click();
  else if (document.activeElement === byId("composer-text")) byId("composer-text")?.blur();
  else if (currentChat()) close();
}

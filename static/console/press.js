// @ts-check
import { htmx } from "./page.js";

/**
 * Nothing is replaced under a finger: a click whose element goes away between its two halves is lost.
 */

/** @type {Element | null} */
let pressed = null;
/** What was to be replaced meanwhile: it asks again. @type {Set<() => void>} */
const held = new Set();

/** Whether somebody is pressing something in `box`; then `again` is called afterwards.
 * @param {Element} box @param {() => void} again */
export function isPressed(box, again) {
  if (!pressed || !box.contains(pressed)) return false;
  held.add(again);
  return true;
}

function release() {
  // After the click, which comes last.
  setTimeout(() => {
    pressed = null;
    const waiting = [...held];
    held.clear();
    waiting.forEach((again) => again());
  });
}

export function startPress() {
  document.addEventListener("pointerdown", (event) => {
    pressed = /** @type {Element} */ (event.target);
  }, { capture: true });
  for (const name of ["pointerup", "pointercancel", "dragend", "contextmenu"]) {
    addEventListener(name, release, { capture: true });
  }
  // The window's own: a press takes the focus from something else, too.
  addEventListener("blur", release);
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    const { elt } = detail.requestConfig;
    // The list holds itself back; another chat was asked for, and nothing would ask for it again.
    if (["list", "chat"].includes(detail.target.id)) return;
    const again = () => htmx().trigger(elt, "refresh");
    // What somebody has just asked for in there would come back to an element that is gone, and be lost.
    const asking = elt === detail.target ? elt.querySelector(".htmx-request") : null;
    asking?.addEventListener("htmx:afterRequest", again, { once: true });
    if (asking || isPressed(detail.target, again)) detail.shouldSwap = false;
  });
}

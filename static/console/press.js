// @ts-check
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
}

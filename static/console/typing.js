// @ts-check
import { onRedraw, rowOf } from "./list.js";
import { onFrame } from "./live.js";

/** Which customers of the list are typing. */

const LASTS = 6000;
/** @type {Map<string, number>} */
const typing = new Map();

/** @param {string} id @param {boolean} on */
function show(id, on) {
  clearTimeout(typing.get(id));
  if (on) typing.set(id, setTimeout(() => show(id, false), LASTS));
  else typing.delete(id);
  draw(id);
}

/** @param {string} id */
function draw(id) {
  const row = rowOf(id);
  const words = /** @type {HTMLElement | null} */ (row?.querySelector(".row-typing"));
  if (!words) return;
  words.hidden = !typing.has(id);
  row?.classList.toggle("is-typing", typing.has(id));
}

export function startTyping() {
  onFrame(({ type, conversation, author, on, entries }) => {
    if (type === "typing" && author?.kind === "visitor") show(conversation, on);
    if (type === "entries" && entries.some((/** @type {any} */ { kind }) => kind === "message")) show(conversation, false);
  });
  onRedraw(() => [...typing.keys()].forEach(draw));
}

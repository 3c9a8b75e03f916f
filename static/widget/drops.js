// @ts-check
import { h } from "./dom.js";

/** Say over a panel that files may be dropped; loaded with the first that is dragged over it, which may
 * have been dropped meanwhile. @param {HTMLElement} panel @param {(event: DragEvent) => unknown} carries
 * @param {string} words */
export function showDrops(panel, carries, words) {
  let depth = 0;
  const veil = h("div", { class: "drop", hidden: true }, words);
  panel.append(veil);
  panel.addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    depth += 1;
    veil.hidden = false;
  });
  panel.addEventListener("dragover", (event) => {
    if (carries(event)) veil.hidden = false;
  });
  panel.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    veil.hidden = depth === 0;
  });
  panel.addEventListener("drop", () => {
    depth = 0;
    veil.hidden = true;
  });
}

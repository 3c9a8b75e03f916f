// @ts-check
import { h } from "./dom.js";

/** Take the files that are dragged over a panel; loaded with the first of them.
 * @param {HTMLElement} panel @param {HTMLElement} composer  takes none while it is hidden
 * @param {string} words @param {(files: File[]) => void} take */
export function takeDrops(panel, composer, words, take) {
  // They are over the panel already.
  let depth = 1;
  const veil = h("div", { class: "drop" }, words);
  panel.append(veil);
  const carries = (/** @type {DragEvent} */ event) =>
    !composer.hidden && event.dataTransfer?.types.includes("Files");
  panel.addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    depth += 1;
    veil.hidden = false;
  });
  panel.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    veil.hidden = depth === 0;
  });
  panel.addEventListener("dragover", (event) => {
    if (carries(event)) event.preventDefault();
  });
  panel.addEventListener("drop", (event) => {
    depth = 0;
    veil.hidden = true;
    if (!carries(event)) return;
    event.preventDefault();
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

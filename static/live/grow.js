// @ts-check
/** A box as high as its words, where the browser has no `field-sizing` to see to it. */

/** How wide each was when it was measured. @type {WeakMap<HTMLTextAreaElement, number>} */
const widths = new WeakMap();

/** @param {HTMLTextAreaElement} box */
export function fit(box) {
  if (!widths.has(box)) {
    box.addEventListener("input", () => fit(box));
    // It may be shown only later, and its words break elsewhere when it gets narrower. In the frame
    // after: a height set while sizes are told would have to be told again.
    new ResizeObserver(() => requestAnimationFrame(() => {
      if (box.offsetWidth !== widths.get(box)) fit(box);
    })).observe(box);
  }
  const width = box.offsetWidth;
  widths.set(box, width);
  if (!width) return;
  // Measured beside it: made low for a moment, the box itself would move what stands above.
  const copy = /** @type {HTMLTextAreaElement} */ (box.cloneNode());
  copy.removeAttribute("id");
  Object.assign(copy.style, {
    position: "absolute", visibility: "hidden", overflow: "hidden", width: `${width}px`, height: "0",
  });
  box.after(copy);
  const height = copy.scrollHeight + box.offsetHeight - box.clientHeight;
  copy.remove();
  box.style.height = `${height}px`;
}

// @ts-check
import { clockOffset, fill, settings, texts } from "./page.js";

/**
 * One tick a second keeps every <time> that counts: `data-since` counts up, `data-until` down,
 * `data-target` colours by the reply target. Stops while the tab is hidden.
 */

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

/** @param {number} seconds @param {string | undefined} format */
function elapsed(seconds, format) {
  const s = Math.max(0, Math.floor(seconds));
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  if (format === "ago") {
    if (s < 60) return texts.now;
    if (s < 3600) return fill(texts.minutes, { n: m });
    if (s < 86_400) return fill(texts.hours, { n: h });
    return fill(texts.days, { n: Math.floor(s / 86_400) });
  }
  // A status of weeks: nobody reads its seconds.
  if (h > 99) return fill(texts.days, { n: Math.floor(s / 86_400) });
  if (h || format === "long") return `${two(h)}:${two(m)}:${two(s % 60)}`;
  return `${two(m)}:${two(s % 60)}`;
}

/** Bring the times under `root` up to date. @param {ParentNode} [root] */
export function tick(root = document) {
  const now = Date.now() + clockOffset;
  for (const node of root.querySelectorAll("time[data-since]")) {
    const { dataset } = /** @type {HTMLElement} */ (node);
    const seconds = (now - Date.parse(dataset.since ?? "")) / 1000;
    const text = elapsed(seconds, dataset.format);
    if (node.textContent !== text) node.textContent = text;
    if (dataset.target !== undefined) colour(node, seconds / settings.replyTarget);
  }
  for (const node of root.querySelectorAll("time[data-until]")) {
    const left = (Date.parse(/** @type {HTMLElement} */ (node).dataset.until ?? "") - now) / 1000;
    node.textContent = String(Math.max(0, Math.ceil(left)));
  }
}

/** @param {Element} node @param {number} share of the target */
function colour(node, share) {
  node.classList.toggle("wait-warn", share >= 0.5 && share < 1);
  node.classList.toggle("wait-danger", share >= 1);
}

export function startClock() {
  tick();
  setInterval(() => {
    if (document.visibilityState === "visible") tick();
  }, 1000);
  document.addEventListener("visibilitychange", () => tick());
  document.addEventListener("htmx:afterSwap", () => tick());
}

// @ts-check
import { texts } from "./page.js";

/** Lead from what a rule did to its log, where whoever reads may open that.
 * @param {string} runs the log's address @param {HTMLElement} element @param {import("../live/store.js").Entry[]} entries */
export function linkRuns(runs, element, entries) {
  for (const line of element.querySelectorAll(".is-status:not(:has(a))")) {
    const rule = entries[Number(/** @type {HTMLElement} */ (line).dataset.seq) - 1]?.data?.rule;
    if (!rule) continue;
    const link = document.createElement("a");
    link.href = `${runs}&rule__id__exact=${rule.id}`;
    link.textContent = texts.thread.log;
    line.append(" ", link);
  }
}

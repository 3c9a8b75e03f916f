// @ts-check
import { refreshHead } from "./chat.js";
import { fetchFragment } from "./fragments.js";
import { onEvent, onFrame, onState } from "./live.js";
import { byId, clockOffset, fill, texts, toast } from "./page.js";

/** Ends, resolves and tickets that can be undone: drawn by the server, fetched again when they change. */

/** How long after its time a row that is still there is asked after: a word of it may have been lost. */
const GRACE = 1500;
/** What was said to have been dropped. @type {Set<string>} */
const told = new Set();
let timer = 0;

/** Fetch them anew. */
export async function refreshUndo() {
  const url = byId("undo")?.dataset.source;
  if (url) await fetchFragment("undo", { url, how: "innerHTML", again: refreshUndo });
}

/** @param {string} id @param {string} because @param {string} name */
function tellDropped(id, because, name) {
  if (told.has(id)) return;
  told.add(id);
  toast(fill(texts.dropped[because] ?? "", { name }));
}

/** Say what will not be done, and look again when the next one is over. */
function look() {
  const rows = /** @type {HTMLElement[]} */ ([...(byId("undo")?.querySelectorAll("[data-due]") ?? [])]);
  for (const { dataset } of rows) {
    if (dataset.dropped) tellDropped(dataset.due ?? "", dataset.dropped, dataset.customer ?? "");
  }
  const times = rows.map((row) => Date.parse(row.querySelector("time")?.dataset.until ?? ""));
  const last = Math.max(...times.filter((time) => time));
  clearTimeout(timer);
  if (last > 0) timer = setTimeout(refreshUndo, Math.max(0, last - Date.now() - clockOffset) + GRACE);
}

/** Whether a chat is about to be resolved: nobody wants to be led to it. @param {string} id */
export const isLeaving = (id) => Boolean(byId("undo")?.querySelector(`[data-act=resolve][data-chat="${CSS.escape(id)}"], [data-act=spam][data-chat="${CSS.escape(id)}"]`));

export function startUndo() {
  document.body.addEventListener("console:due", refreshUndo);
  onEvent((name, data) => {
    if (name !== "undo.changed") return;
    if (data.dropped) tellDropped(String(data.dropped.id), data.dropped.because, data.dropped.customer);
    refreshUndo();
  });
  // A customer's word calls an end off.
  onFrame(({ type, conversation, entries }) => {
    if (type !== "entries" || !byId("undo")?.querySelector(`[data-chat="${CSS.escape(conversation)}"]`)) return;
    if (entries.some((/** @type {any} */ { author }) => author.kind === "visitor")) {
      refreshUndo();
      refreshHead();
    }
  });
  onState((state) => state === "open" && refreshUndo());
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.target?.id === "undo") look();
  });
  look();
}

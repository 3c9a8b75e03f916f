// @ts-check
import { byId, htmx, texts, toast } from "../page.js";
import { post } from "./composer.js";

/** Several tickets at once: ticks in the list, one change for all of them, and back. */

/** What is ticked stays so while the list is drawn anew. @type {Set<string>} */
const ticked = new Set();

const pane = () => byId("ticket-list-pane");
const ticks = () => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll(".ticket-tick input")]);

/** @param {boolean} on */
function pick(on) {
  pane()?.classList.toggle("is-picking", on);
  byId("ticket-pick")?.setAttribute("aria-pressed", String(on));
  const bar = byId("ticket-many");
  if (bar) bar.hidden = !on;
  if (!on) ticked.clear();
  drawTicks();
}

/** Draw what is ticked, also after the list was drawn anew. */
export function drawTicks() {
  for (const tick of ticks()) tick.checked = ticked.has(tick.value);
  const count = byId("ticket-many-count");
  if (count) count.textContent = String(ticked.size);
  const change = /** @type {HTMLButtonElement | null} */ (byId("ticket-many-change"));
  if (change) change.disabled = !ticked.size;
}

export function startMany() {
  byId("ticket-pick")?.addEventListener("click", () => pick(!pane()?.classList.contains("is-picking")));
  pane()?.addEventListener("change", (event) => {
    const tick = /** @type {HTMLInputElement} */ (event.target);
    if (!tick.matches(".ticket-tick input")) return;
    if (tick.checked) ticked.add(tick.value);
    else ticked.delete(tick.value);
    drawTicks();
  });
  byId("ticket-many-all")?.addEventListener("click", () => {
    const all = ticks();
    const isAll = all.every((tick) => tick.checked);
    for (const { value } of all) {
      if (isAll) ticked.delete(value);
      else ticked.add(value);
    }
    drawTicks();
  });
  byId("ticket-many-change")?.addEventListener("click", (event) => {
    const { url } = /** @type {HTMLElement} */ (event.target).dataset;
    const query = new URLSearchParams([...ticked].map((value) => ["ticket", value]));
    htmx().ajax("GET", `${url}?${query}`, { target: "#dialogs", swap: "innerHTML" });
  });
  document.body.addEventListener("ticket:many", () => {
    byId("dialogs")?.replaceChildren();
    pick(false);
    byId("ticket-pick")?.focus();
  });
  document.body.addEventListener("ticket:undoable", (event) => {
    const { text, url, seconds } = /** @type {CustomEvent} */ (event).detail;
    toast(text, { label: texts.undo, seconds, act: () => post(url) });
  });
}

// @ts-check
import { fetchFragment } from "../fragments.js";
import { onEvent, onState } from "../live.js";
import { byId, settings } from "../page.js";

/** The number of own tickets in the main menu, on pages that show no tickets. */

const AT_MOST_EVERY = 3000;
const JITTER = 2000;
let timer = 0;
let isDirty = false;

function refresh() {
  isDirty = true;
  if (timer || document.visibilityState === "hidden") return;
  timer = setTimeout(() => {
    timer = 0;
    isDirty = false;
    fetchFragment("rail-tickets", { url: `${settings.console}tickets/?part=counter`, how: "none", again: refresh });
  }, AT_MOST_EVERY + Math.random() * JITTER);
}

export function startCounter() {
  // The desk's own list brings it along.
  if (!byId("rail-tickets") || byId("ticket-list")) return;
  onEvent((name) => name === "ticket.changed" && refresh());
  let wasOpen = false;
  onState((state) => {
    if (state === "open" && wasOpen) refresh();
    wasOpen ||= state === "open";
  });
  document.addEventListener("visibilitychange", () => isDirty && refresh());
}

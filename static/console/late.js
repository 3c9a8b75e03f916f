// @ts-check
import { startAlerts } from "./alerts.js";
import { startAnswers } from "./answers.js";
import { startArrivals } from "./arrivals.js";
import { startDrops } from "./drops.js";
import { startHasty } from "./hasty.js";
import { startKeys } from "./keys.js";
import { onFrame } from "./live.js";
import { startOnly } from "./only_chat.js";
import { settings } from "./page.js";
import { startCounter } from "./tickets/counter.js";
import "./toasts.js";
import { startTyping } from "./typing.js";
import { startUndo } from "./undo.js";

/** What nobody needs before the page is drawn. */

/** The compact window has no connection: it hears from this one. */
function tellGadget() {
  const gadget = new BroadcastChannel(`imece:gadget:${settings.me.id}`);
  onFrame(({ type }) => (type === "event" || type === "entries") && gadget.postMessage(type));
}

export function startLate() {
  startHasty();
  startArrivals();
  startTyping();
  startAnswers();
  startUndo();
  startCounter();
  startKeys();
  startDrops();
  tellGadget();
  startAlerts();
  startOnly();
  document.documentElement.dataset.ready = "yes";
}

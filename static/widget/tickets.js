// @ts-check
import { h } from "./dom.js";

/**
 * On the start: this browser's tickets, and where each stands; a link where the server gives one.
 * Loaded only for somebody who has been here before.
 * @typedef {import("./frame.js").App} App
 */

/** Asked anew once in a while; the start is drawn again whenever somebody comes or goes. */
const FRESH = 30_000;
/** @type {Promise<any> | null} */
let asked = null;
let at = 0;
/** What the card shows. @type {any} */
let shown = null;

/** There is one more. */
export function askAnew() {
  asked = null;
}

/** @param {App} app */
export async function showTickets(app) {
  if (!asked || Date.now() - at > FRESH) {
    at = Date.now();
    asked = app.api.call("tickets").catch(() => null);
  }
  const tickets = await asked;
  const home = document.querySelector(".home-body");
  const before = home?.querySelector(".own-tickets");
  if (!home || !tickets?.length || (before && shown === tickets)) return;
  shown = tickets;
  before?.remove();
  const row = (/** @type {any} */ { number, subject, says, url }) => h(
    "li",
    {},
    h(
      "a",
      { class: "topic", href: url, target: "_blank", rel: "noopener" },
      h("span", { class: "topic-name", dir: "auto" }, `#${number} ${subject}`),
      h("span", { class: "outlook" }, says),
    ),
  );
  const card = h(
    "section",
    { class: "card own-tickets", "aria-labelledby": "tickets" },
    h("h2", { class: "card-title", id: "tickets" }, app.texts.home.tickets),
    h("ul", { class: "topics" }, ...tickets.map(row)),
  );
  // Whichever answer comes first, chats stand last.
  home.insertBefore(card, home.querySelector(".own-chats"));
}

// @ts-check
import { newCid } from "../live/sync.js";
import { h, icon } from "./dom.js";
import { bar } from "./screens.js";
import { askAnew } from "./tickets.js";

/** Leaving a message, and what is shown once it was left. Loaded before anything is sent: what was left
 * must not seem to have failed.
 * @typedef {import("./frame.js").App} App
 */

/** The same form sent again is the same message. @type {string | null} */
let cid = null;

/** @param {App} app @param {Record<string, string>} values */
export async function leave(app, values) {
  const { topic_text: _, ...body } = app.body(values);
  cid ??= newCid();
  app.bridge.keep(app.api.visitor);
  const answer = await app.api.call("offline-messages", { cid, ...body });
  cid = app.told = null;
  app.know(body.fields);
  app.forgetDraft();
  const { waiting } = app;
  app.waiting = null;
  if (waiting) {
    // The words are safe in the ticket; a place in line that stays would only be asked about.
    await waiting.giveUp().catch(() => {});
    app.dropChat();
  }
  app.show("thanks", thanksScreen(app, { ...answer, email: body.fields.email }));
}

/** @param {App} app @param {{ticket: string, reply?: string, email?: string}} answer */
function thanksScreen(app, { ticket, reply, email }) {
  const { offline } = app.texts;
  askAnew();
  return h(
    "section",
    { class: "screen" },
    bar(app, { title: app.config.brand.title }),
    h(
      "div",
      { class: "body thanks" },
      h("span", { class: "thanks-sign" }, icon("check")),
      h("h2", { tabIndex: -1, class: "thanks-title" }, offline.thanks),
      h("p", { class: "thanks-number" }, h("span", {}, offline.number), h("strong", {}, `#${ticket}`)),
      email && h("p", { class: "muted" }, offline.reply.replace("{email}", email)),
      reply && h("p", { class: "thanks-reply", dir: "auto" }, reply),
      h("button", { class: "button", onclick: () => app.home() }, offline.done),
    ),
  );
}

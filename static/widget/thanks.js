// @ts-check
import { h, icon } from "./dom.js";
import { bar } from "./screens.js";
import { askAnew } from "./tickets.js";

/** What is shown once a message was left.
 * @typedef {import("./frame.js").App} App
 */

/** @param {App} app @param {{ticket: string, reply?: string, email?: string}} answer */
export function thanksScreen(app, { ticket, reply, email }) {
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

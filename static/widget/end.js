// @ts-check
import { grow } from "../live/words.js";
import { bar } from "./screens.js";
import { h, icon } from "./dom.js";
import { askAnew } from "./earlier.js";

/**
 * What is asked and offered once a chat has ended: how it was, to add something, and its mail. Loaded
 * only then.
 * @typedef {import("./frame.js").App} App
 */

const SCORES = [1, 2, 3, 4, 5];
/** What a timer holds: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Beside the words that it has ended, and the way to a new one. @param {App} app @param {string} id
 * @param {HTMLElement} place @param {HTMLElement} again @param {() => boolean} isAnswered by a person
 * @param {(on: boolean) => void} write shows or hides where words are typed */
export async function drawEnd(app, id, place, again, isAnswered, write) {
  clearTimeout(closing);
  askAnew();
  // What an end before this one has drawn goes.
  place.replaceChildren(/** @type {Element} */ (place.firstElementChild), again);
  const chat = await app.api.call(`conversations/${id}`).catch(() => null);
  last = chat;
  // It may go on by now, or have ended once more.
  if (place.hidden || place.children.length > 2) return;
  if (chat?.can_rate) again.before(ratingForm(app, chat));
  if (chat?.add_until) again.before(addButton(app, chat, write));
  if (!app.config.transcripts || !isAnswered()) return;
  const mail = h("button", {
    class: "button",
    onclick: async () => {
      const { askAddress } = await import("./transcript.js");
      askAddress(app, id, mail);
    },
  }, app.texts.chat.mail);
  place.append(mail);
}

/** Until when something may be added. */
let closing = 0;

/** @param {App} app @param {any} chat @param {(on: boolean) => void} write */
function addButton(app, chat, write) {
  const { add, adds } = app.texts.chat;
  const place = h("div", { class: "ended-add" });
  const button = h("button", {
    class: "button",
    onclick: () => {
      place.replaceChildren(h("p", { class: "muted" }, adds));
      write(true);
      document.getElementById("text")?.focus();
    },
  }, add);
  place.append(button);
  const left = Date.parse(chat.add_until) - Date.now();
  // Where this clock is ahead the server's word counts: it takes the words or says why not.
  if (left > 0) {
    closing = setTimeout(() => {
      place.remove();
      write(false);
    }, Math.min(left, LONGEST_MS));
  }
  return place;
}

/** The last chat that may still be rated, when the start is shown. @type {any} */
let last = null;

/** @param {App} app */
export async function offerRating(app) {
  const id = app.bridge.get("last");
  if (!id) return;
  if (last?.id !== id) {
    last = await app.api.call(`conversations/${id}`).catch((error) => (error.stop ? { id } : null));
    if (last && !last.is_open && !last.can_rate) app.bridge.set("last", null);
  }
  const home = document.querySelector(".home-body");
  if (!last?.can_rate || last.is_open || !home || home.querySelector(".rate-last")) return;
  const { rating: texts } = app.texts;
  const name = last.rating ? texts.change : texts.last;
  const back = () => app.home();
  const open = () => app.show("rating", h(
    "section",
    { class: "screen" },
    bar(app, { title: app.config.brand.title, back }),
    h("div", { class: "body" }, ratingForm(app, last)),
  ));
  const button = h("button", { class: "topic", "data-key": "rate", onclick: open },
    h("span", { class: "topic-name" }, name), icon("next"));
  home.insertBefore(h("div", { class: "card rate-last" }, button), home.querySelector(".own-chats"));
}

/** @param {App} app @param {any} chat */
function ratingForm(app, chat) {
  const { rating: texts, form: words } = app.texts;
  const said = h("p", { class: "muted", role: "status" });
  const word = h("p", { class: "rating-word", "aria-hidden": "true" }, texts.words[chat.rating - 1]);
  const comment = h("textarea", { id: "comment", rows: 2, maxLength: 1000, dir: "auto" });
  comment.value = chat.rating_comment;
  grow(comment);
  const more = h(
    "div",
    { class: "rating-more", hidden: !chat.rating },
    h(
      "div",
      { class: "field" },
      h("label", { for: "comment" }, texts.comment,
        h("span", { class: "field-hint" }, ` · ${words.optional}`)),
      comment,
    ),
    h("button", { class: "button", type: "submit" }, texts.send),
  );
  let score = chat.rating;
  // One after the other: the newest counts, and that is the one that arrives last.
  let before = Promise.resolve();
  const send = () => {
    const body = { score, comment: comment.value.trim().replace(/[\p{Cs}\0]/gu, "") };
    before = before.then(async () => {
      try {
        Object.assign(chat, await app.api.call(`conversations/${chat.id}/rating`, body));
        said.textContent = texts.thanks;
      } catch (error) {
        const { status } = /** @type {any} */ (error);
        said.textContent = status === 409 ? texts.late : status === 429 ? words.rate : words.failed;
      }
    });
  };
  const star = (/** @type {number} */ value) => {
    const input = h("input", {
      type: "radio", name: "score", value, checked: value === score,
      onchange: () => {
        score = value;
        word.textContent = texts.words[value - 1];
        more.hidden = false;
      },
    });
    return h(
      "label",
      {
        class: "star",
        title: texts.words[value - 1],
        // A tap is an answer; with the keys somebody may be on the way to another star.
        onclick: (/** @type {MouseEvent} */ { target }) => {
          if (target !== input) setTimeout(send);
        },
      },
      input,
      h("span", { class: "visually-hidden" },
        texts.star.replace("{n}", app.number(value)).replace("{word}", texts.words[value - 1])),
    );
  };
  return h(
    "form",
    {
      class: "rating",
      noValidate: true,
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        send();
      },
    },
    h("fieldset", {}, h("legend", {}, texts.ask), h("div", { class: "rating-stars" }, ...SCORES.map(star))),
    word,
    more,
    said,
  );
}

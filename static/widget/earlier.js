// @ts-check
import { h } from "./dom.js";

/**
 * On the start: this browser's chats of before, each to be read again; and what goes on of
 * before. Loaded only for somebody who has been here before.
 * @typedef {import("./frame.js").App} App
 */

const FIRST = 5;
const START_AGAIN_WITHIN = 10 * 60_000;
/** Asked anew once in a while; the start is drawn again whenever somebody comes or goes. */
const FRESH = 30_000;
/** @type {Promise<any> | null} */
let asked = null;
let at = 0;
/** What the card shows. @type {any} */
let shown = null;

/** One more has ended. */
export function askAnew() {
  asked = null;
}

/** A chat that was being started when the page went away is started now. @param {App} app */
export async function startAgain(app) {
  try {
    const { at, body } = JSON.parse(app.bridge.get("start") ?? "");
    if (Date.now() - at > START_AGAIN_WITHIN) throw new Error("too old");
    await app.begin(body);
    return true;
  } catch {
    app.bridge.set("start", null);
    return false;
  }
}

/** Nobody is left to begin with, or it has begun. @param {App} app
 * @param {import("./api.js").ApiError} error @param {any} body */
export async function cantBegin(app, { code, problem }, { fields, message: { cid, text } }) {
  if (code === "offline") {
    app.bridge.set("start", null);
    app.draft = { ...app.draft, ...fields, text };
    app.availability = { ...app.availability, ...(problem.availability ?? {}) };
    app.offline();
    return;
  }
  // Another tab was faster: say it there.
  await app.talk(problem.conversation);
  app.chat?.send(text, cid);
  app.forgetDraft();
}

/** Another tab began a chat, or an agent goes on with one: show it, but not in the place of words that
 * are being typed. @param {App} app @param {string} id */
export async function look(app, id) {
  // Of one that is over every welcome tells.
  const chat = await app.api.call(`conversations/${id}`).catch(() => null);
  if (!chat?.is_open || id === app.shown) return;
  const { value } = /** @type {any} */ (document.activeElement ?? {});
  if (!app.isOpen || (!value && /home|chat|notice/.test(app.screen))) {
    app.shown = id;
    return app.talk(chat).catch(() => {
      // With what is said there next it is tried again.
      app.shown = "";
    });
  }
  app.other = id;
  if (!app.startCid) app.trouble(app.texts.thread.lines.reopened);
}

/** @param {App} app */
export async function showEarlier(app) {
  if (!asked || Date.now() - at > FRESH) {
    at = Date.now();
    asked = app.api.call("conversations").catch(() => null);
  }
  // What was left with nobody there was no chat: it stands among the requests.
  const answer = await asked;
  const chats = answer?.conversations.filter(
    (/** @type {any} */ chat) => !chat.is_open && (chat.agent || !chat.ticket),
  );
  const home = document.querySelector(".home-body");
  const before = home?.querySelector(".own-chats");
  if (!home || !chats?.length || (before && shown === answer)) return;
  shown = answer;
  before?.remove();
  const { earlier, all } = app.texts.home;
  const row = (/** @type {any} */ chat) => h(
    "li",
    {},
    h(
      "button",
      { class: "topic", "data-key": chat.id, onclick: () => app.talk(chat) },
      h("span", { class: "topic-name", dir: "auto" },
        chat.preview || chat.topic?.name || chat.topic_text || app.config.brand.title),
      h("time", { class: "outlook", dateTime: chat.started_at }, day(chat.started_at, app.locale)),
    ),
  );
  const list = h("ul", { class: "topics" }, ...chats.slice(0, FIRST).map(row));
  const rest = chats.slice(FIRST).map(row);
  if (rest.length) {
    const more = h("li", {}, h("button", {
      class: "topic",
      "data-key": "chats",
      onclick: () => {
        more.replaceWith(...rest);
        rest[0].firstChild.focus();
      },
    }, all));
    list.append(more);
  }
  home.append(h(
    "section",
    { class: "card own-chats", "aria-labelledby": "chats" },
    h("h2", { class: "card-title", id: "chats" }, earlier),
    list,
  ));
}

/** @param {string} moment @param {string} locale */
function day(moment, locale) {
  const date = new Date(moment);
  const isNow = date.getFullYear() === new Date().getFullYear();
  return date.toLocaleDateString(locale, {
    day: "numeric", month: "short", ...(isNow ? {} : { year: "numeric" }),
  });
}

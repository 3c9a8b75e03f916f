// @ts-check
import { fold, score } from "../live/fold.js";
import { byId, fill, request, selectBlank, settings, texts } from "./page.js";

/** The list of canned replies above the composer. */

const SHOWN = 20;
const LIST = "picker-list";
/** From this rank on the letters of a query are all that fits. */
const SCATTERED = 20;
const FRESH = 60_000;

/**
 * @typedef {import("./uploads.js").CannedFile} CannedFile
 * @typedef {{id: number | string, shortcut: string, title: string, text: string, keys: string[],
 *   files?: CannedFile[]}} Reply
 * @typedef {object} Wish
 * @property {string} conversation
 * @property {string} [url]  where the replies come from; else from the chat's own address
 * @property {HTMLTextAreaElement} box
 * @property {string} query folded
 * @property {{sendNow: boolean} | null} early  Enter was pressed before there was a list
 * @property {(reply: Reply, sendNow: boolean) => void} insert
 * @property {Promise<Reply[]>} [items]  something else than canned replies
 * @property {Promise<{label: string, none: string}>} [says]  what such a list is called
 * @property {string} [sign]  what stands before each; else a slash
 * @property {boolean} [isOptional]  where nothing fits nothing is shown
 */
/** @type {Map<string, {at: number, replies: Promise<Reply[]>}>} */
const loaded = new Map();
/** @type {Wish | null} */
let wish = null;
/** What the list answers that stands there. @type {Wish | null} */
let drawn = null;
/** @type {Reply[]} */
let shown = [];
let chosen = 0;
/** What stands there when nothing is shown. */
let nothing = "";
let label = "";

/** @param {Wish} wish @returns {Promise<Reply[]>} */
function load({ conversation, url = `${settings.console}chats/${conversation}/canned/` }) {
  const known = loaded.get(conversation);
  if (known && Date.now() - known.at < FRESH) return known.replies;
  const replies = request(url)
    .then((response) => (response.ok ? response.json() : Promise.reject(response)))
    .then((answer) => answer.replies);
  loaded.set(conversation, { at: Date.now(), replies });
  replies.catch(() => loaded.delete(conversation));
  return replies;
}

/** Offer replies for what follows the slash before the caret, or all of them.
 * @param {HTMLTextAreaElement} box
 * @param {{always: boolean, early: Wish["early"], conversation: string, url?: string,
 *   done: (sendNow: boolean, files: CannedFile[]) => void}} how  `always`: also without a slash; `done` hears
 *   of a choice and the files that go along */
export function offerCanned(box, { always, early, conversation, url, done }) {
  const before = box.value.slice(0, box.selectionStart);
  const query = /(?:^|\s)\/(\S*)$/.exec(before)?.[1];
  if (query === undefined && !always) return;
  const from = query === undefined ? box.selectionStart : before.length - query.length - 1;
  openPicker({
    early,
    conversation,
    url,
    box,
    query: fold(query ?? ""),
    insert: (reply, sendNow) => {
      box.setRangeText(reply.text, from, box.selectionStart, "end");
      box.dataset.canned = String(reply.id);
      box.focus();
      selectBlank(box);
      done(sendNow, reply.files ?? []);
    },
  });
}

/** Offer what fits a wish. @param {Wish} wanted */
export async function openPicker(wanted) {
  wanted.early ??= wish === drawn ? null : wish?.early ?? null;
  wish = wanted;
  /** @type {Reply[] | null} */
  const replies = await (wanted.items ?? load(wanted)).catch(() => null);
  const says = await wanted.says?.catch(() => null);
  if (wish !== wanted) return;
  label = says?.label ?? texts.cannedTitle;
  nothing = replies ? says?.none ?? texts.noCanned : texts.failed;
  shown = (replies ?? [])
    .map((reply) => ({ reply, rank: score(reply.keys, wanted.query) }))
    // Letters that merely come in this order are no name.
    .filter(({ rank }) => rank >= 0 && (!wanted.items || rank < SCATTERED))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, SHOWN)
    .map(({ reply }) => reply);
  if (wanted.isOptional && !shown.length) {
    closePicker();
    return;
  }
  chosen = 0;
  drawn = wish;
  const { early } = wish;
  wish.early = null;
  if (early && shown.length) pick(0, early.sendNow);
  else draw();
}

export function closePicker() {
  wish?.box.removeAttribute("aria-activedescendant");
  wish?.box.removeAttribute("aria-controls");
  wish = null;
  byId("picker")?.remove();
}

function draw() {
  if (!wish) return;
  let box = byId("picker");
  if (!box) {
    box = document.createElement("div");
    box.id = "picker";
    box.className = "picker";
    // It scrolls; the keys reach it through the box above which it stands.
    box.tabIndex = 0;
    wish.box.form?.append(box);
    box.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = /** @type {Element} */ (event.target).closest("[role=option]");
      if (option) pick(Number(/** @type {HTMLElement} */ (option).dataset.at), false);
    });
  }
  const manage = wish.items || nothing === texts.failed ? [] : [manageLink()];
  if (!shown.length) {
    const none = document.createElement("div");
    none.className = "none";
    none.textContent = nothing;
    box.replaceChildren(none, ...manage);
    wish.box.removeAttribute("aria-activedescendant");
    return;
  }
  const list = document.createElement("div");
  list.id = LIST;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label);
  list.append(...shown.map(option));
  box.replaceChildren(list, ...manage);
  wish.box.setAttribute("aria-controls", LIST);
  choose(chosen);
}

/** Where an agent writes own replies. */
function manageLink() {
  const link = document.createElement("a");
  link.className = "manage";
  link.href = settings.cannedPage;
  link.textContent = texts.manageCanned;
  return link;
}

/** @param {Reply} reply @param {number} at */
function option(reply, at) {
  const node = document.createElement("div");
  node.id = `picker-${at}`;
  node.dataset.at = String(at);
  node.setAttribute("role", "option");
  const parts = [["shortcut", `${wish?.sign ?? "/"}${reply.shortcut}`], ["title", reply.title], ["body", reply.text]];
  const names = (reply.files ?? []).map((file) => file.name).join(", ");
  if (names) parts.push(["files", fill(texts.cannedFiles, { names })]);
  for (const [name, text] of parts) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    node.append(part);
  }
  return node;
}

/** @param {number} at */
function choose(at) {
  chosen = (at + shown.length) % shown.length;
  for (const [place, node] of [...(byId(LIST)?.children ?? [])].entries()) {
    node.setAttribute("aria-selected", String(place === chosen));
    if (place === chosen) node.scrollIntoView({ block: "nearest" });
  }
  wish?.box.setAttribute("aria-activedescendant", `picker-${chosen}`);
}

/** @param {number} at @param {boolean} sendNow */
function pick(at, sendNow) {
  const reply = shown[at];
  const insert = wish?.insert;
  closePicker();
  if (reply) insert?.(reply, sendNow);
}

/** Whether the picker took the key. @param {KeyboardEvent} event */
export function pickerKey(event) {
  if (!wish) return false;
  const isEnter = event.key === "Enter" && !event.shiftKey && !event.altKey;
  if (event.key === "Escape") closePicker();
  else if (wish !== drawn && isEnter) wish.early = { sendNow: event.ctrlKey };
  else if (wish !== drawn || !byId("picker")) return false;
  else if (!shown.length) return false;
  else if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else if (event.key === "Enter" && !event.shiftKey) pick(chosen, event.ctrlKey);
  else if (event.key === "Tab" && !event.shiftKey) pick(chosen, false);
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

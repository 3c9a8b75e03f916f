// @ts-check
import { openPicker } from "./canned.js";
import { fold } from "../live/fold.js";
import { request } from "./page.js";

/** The list of colleagues whom a note can name: loaded when somebody writes an @ into one. */

export { closePicker, offerCanned, openPicker, pickerKey } from "./canned.js";

const FRESH = 60_000;
/** A name has letters, and of several words the first two are enough to find it. What stands before the
 * @ of an address is no name's business. */
const NAME = /(?:^|[^\p{L}\p{N}])@([\p{L}\p{M}\p{N}.'’-]*(?: [\p{L}\p{M}\p{N}.'’-]+)?)$/u;

/** @typedef {{label: string, none: string, colleagues: {id: string, name: string, teams: string, keys: string[]}[]}} Answer */
/** @type {Map<string, {at: number, answer: Promise<Answer>}>} */
const loaded = new Map();

/** @param {string} url @returns {Promise<Answer>} */
function load(url) {
  const known = loaded.get(url);
  if (known && Date.now() - known.at < FRESH) return known.answer;
  const answer = request(url).then((response) => (response.ok ? response.json() : Promise.reject(response)));
  loaded.set(url, { at: Date.now(), answer });
  answer.catch(() => loaded.delete(url));
  return answer;
}

/** Offer whom the @ before the caret may mean; false where there is none.
 * @param {HTMLTextAreaElement} box @param {string} url who may see what the note is about
 * @param {() => void} changed a name was put in */
export function suggestNames(box, url, changed) {
  const found = NAME.exec(box.value.slice(0, box.selectionStart));
  if (!found) return false;
  const query = fold(found[1]);
  const from = box.selectionStart - found[1].length - 1;
  const answer = load(url);
  openPicker({
    early: null,
    conversation: url,
    box,
    query,
    // Words that follow a name are no name any more.
    isOptional: query.includes(" "),
    says: answer.then(({ label, none }) => ({ label, none })),
    sign: "@",
    items: answer.then(({ colleagues }) =>
      colleagues.map(({ id, name, teams, keys }) => ({ id, shortcut: name, title: teams, text: "", keys }))),
    insert: ({ shortcut }) => {
      box.setRangeText(`@${shortcut} `, from, box.selectionStart, "end");
      box.focus();
      changed();
    },
  });
  return true;
}

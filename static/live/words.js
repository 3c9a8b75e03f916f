// @ts-check
/** What people write and press: signs that nobody sees, what a clipboard holds, input methods; and
 * the box they write in. */

/** Of these alone nothing is seen; config/text/cleaning.py has the same. */
const UNSEEN = /^[\s\p{Cc}\p{Z}\p{DI}\u2800\ufff9-\ufffb\u{1d159}]*$/u;

/** @param {string} text */
export const isBlank = (text) => UNSEEN.test(text);

/** Whether a key belongs to an input method; some browsers say so only by its code.
 * @param {KeyboardEvent} event */
export const composes = (event) => event.isComposing || event.keyCode === 229;

/** The files that were meant by a paste: cells of a spreadsheet come with their picture, and a copied
 * file with its name. @param {ClipboardEvent} event @returns {File[]} */
export function pastedFiles({ clipboardData }) {
  const files = [...(clipboardData?.files ?? [])];
  const text = clipboardData?.getData("text/plain").trim();
  const named = text?.split(/\s*\n/).every((line) => files.some(({ name }) => line.endsWith(name)));
  return text && !named ? [] : files;
}

/** Keep a box as high as its words; to be said again when a script has changed them. Firefox, and
 * Safari before 26.2, can't by their style sheet. @param {HTMLTextAreaElement} box */
export function grow(box) {
  if (!CSS.supports("field-sizing", "content")) import("./grow.js").then(({ fit }) => fit(box), () => {});
}

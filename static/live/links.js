// @ts-check
/** Web addresses in what people write: loaded with the first text that has one. */

// An address ends at a space, a sign that is not seen, and quotes; its host at any other, too.
const LINK = /\bhttps?:\/\/[^\s\p{C}<>"`\u2018-\u201f«»‹›'(){},;!/?#]+(?:[/?#][^\s\p{C}<>"`\u2018-\u201f«»‹›]*)?/giu;
const END = /[.,;:!?'…]+$/;
/** What Turkish adds to a name, and English. */
const SUFFIX = /'(?:[yns]?[aeıiuü]n?|[dt][ae](?:n|ki\p{L}*)?|y?l[ae]|l[ae]r\p{L}*|s)$/u;
/** Nobody writes by hand what is longer, or has more signs in a row behind it. */
const LONGEST = 2000;
const ENDINGS = 20;
const PAIRS = { ")": "(", "]": "[", "}": "{" };

/** An address without what the sentence around it adds. @param {string} link */
function trimmed(link) {
  for (let before = "", round = 0; before !== link && round < ENDINGS; round += 1) {
    before = link;
    link = link.replace(END, "").replace(SUFFIX, "");
    const close = /** @type {keyof PAIRS} */ (link.at(-1));
    const open = PAIRS[close];
    if (open && link.split(close).length > link.split(open).length) link = link.slice(0, -1);
  }
  return link;
}

/** Text with its web addresses as links. @param {string} text @returns {(string | Node)[]} */
export function linked(text) {
  /** @type {(string | Node)[]} */
  const parts = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    if (found.length > LONGEST) continue;
    const address = trimmed(found);
    if (!URL.canParse(address)) continue;
    const link = document.createElement("a");
    link.href = link.textContent = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    parts.push(text.slice(from, index), link);
    from = index + address.length;
  }
  parts.push(text.slice(from));
  return parts;
}

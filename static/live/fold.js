// @ts-check
/**
 * Fold a text as the server does: İ I ı i are one letter, marks are gone, all is small, quotation
 * marks are straight and dashes short.
 * @param {string} text
 */
export function fold(text) {
  return text
    .replace(/[İIı]/g, "i")
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[‘’‚‛]/g, "'")
    .replace(/[“”„‟]/g, '"')
    .replace(/[‐‒–—―]/g, "-")
    .replace(/ı/g, "i");
}

/**
 * How well folded `keys` (most telling first) answer a folded query; lower is better, -1 is no.
 * @param {string[]} keys @param {string} query
 */
export function score(keys, query) {
  if (!query) return 0;
  for (let i = 0; i < keys.length; i += 1) {
    if (keys[i].startsWith(query)) return i;
  }
  for (let i = 0; i < keys.length; i += 1) {
    if (keys[i].includes(query)) return 10 + i;
  }
  const inOrder = (/** @type {string} */ key) => {
    let from = 0;
    for (const letter of query) {
      from = key.indexOf(letter, from) + 1;
      if (!from) return false;
    }
    return true;
  };
  return query.length > 1 && keys.slice(0, 2).some(inOrder) ? 20 : -1;
}

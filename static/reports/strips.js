// @ts-check
/** Brings what is current into view where a strip of names is longer than the screen is wide. */

for (const strip of document.querySelectorAll(".report-tabs, .report-menu")) {
  const current = strip.querySelector("[aria-current]");
  if (!current) continue;
  const [whole, part] = [strip.getBoundingClientRect(), current.getBoundingClientRect()];
  strip.scrollLeft += part.left + part.width / 2 - whole.left - whole.width / 2;
}

// @ts-check
import { composes } from "../live/words.js";
import { fetchFragment } from "./fragments.js";
import { byId } from "./page.js";

/** The field that puts tags on a chat: known ones are suggested, Enter adds. */

const TYPING_MS = 120;
let timer = 0;

const field = () => /** @type {HTMLInputElement | null} */ (byId("tag-input"));
const options = () =>
  /** @type {HTMLElement[]} */ ([...(byId("tag-options")?.querySelectorAll("[role=option]") ?? [])]);

/** @param {HTMLElement | undefined} wanted */
function choose(wanted) {
  for (const option of options()) option.setAttribute("aria-selected", String(option === wanted));
  if (wanted) field()?.setAttribute("aria-activedescendant", wanted.id);
  else field()?.removeAttribute("aria-activedescendant");
  wanted?.scrollIntoView({ block: "nearest" });
}

const chosen = () => options().find((option) => option.getAttribute("aria-selected") === "true");

/** @param {boolean} shows */
function show(shows) {
  const box = byId("tag-options");
  if (box) box.hidden = !shows;
  field()?.setAttribute("aria-expanded", String(shows));
  if (!shows) choose(undefined);
}

async function suggest() {
  const input = field();
  const box = byId("tag-options");
  if (!input || !box) return;
  const words = input.value;
  /** @type {string | undefined} */
  let name;
  const url = `${box.dataset.url}?q=${encodeURIComponent(words)}`;
  await fetchFragment("tag-options", {
    url,
    how: "innerHTML",
    before: () => (name = chosen()?.dataset.name),
  });
  // Chosen from the list of an earlier letter: it may stand in this one, too.
  if (name) choose(options().find(({ dataset }) => dataset.name === name));
  if (document.activeElement === input && input.value === words) show(options().length > 0);
}

function suggestSoon() {
  clearTimeout(timer);
  timer = setTimeout(suggest, TYPING_MS);
}

/** @param {HTMLElement} option */
function add(option) {
  const input = field();
  if (!input) return;
  input.value = option.dataset.name ?? "";
  input.form?.requestSubmit();
}

/** @param {KeyboardEvent} event */
function key(event) {
  if (composes(event)) return;
  const all = options();
  const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const isOpen = !byId("tag-options")?.hidden;
  if (move && isOpen) {
    event.preventDefault();
    const at = all.findIndex((option) => option === chosen());
    choose(all[at < 0 ? (move > 0 ? 0 : all.length - 1) : (at + move + all.length) % all.length]);
  } else if (event.key === "Enter") {
    const option = isOpen && chosen();
    if (option) {
      event.preventDefault();
      add(option);
    } else if (!field()?.value.trim()) event.preventDefault();
  } else if (event.key === "Escape" && isOpen) {
    event.preventDefault();
    show(false);
  }
}

let isStarted = false;

/** Suggest tags from now on. */
export function startTags() {
  if (isStarted) return;
  isStarted = true;
  if (document.activeElement === field()) suggestSoon();
  const isField = (/** @type {Event} */ event) => event.target === field();
  document.addEventListener("input", (event) => isField(event) && suggestSoon());
  document.addEventListener("focusin", (event) => isField(event) && suggestSoon());
  document.addEventListener("focusout", (event) => isField(event) && show(false));
  // Before the shortcuts of the page.
  document.addEventListener("keydown", (event) => isField(event) && key(event), { capture: true });
  document.addEventListener("pointerdown", (event) => {
    const option = /** @type {Element} */ (event.target).closest("#tag-options [role=option]");
    if (!(option instanceof HTMLElement)) return;
    // The field keeps the focus, or its list would be gone before the click.
    event.preventDefault();
    add(option);
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const { target, requestConfig } = /** @type {CustomEvent} */ (event).detail;
    const input = field();
    if (target?.id !== "tags" || requestConfig?.verb !== "post" || !input) return;
    show(false);
    if (!byId("tags")?.querySelector("[role=alert]")) input.value = "";
    input.focus();
  });
}

// @ts-check
import { fold, score } from "../live/fold.js";
import { composes } from "../live/words.js";
import { byId } from "./page.js";

/** Dialogs that come as fragments, the question before something final, the picker of topics and recipients. */

/** Ask before something final.
 * @param {string} question @param {string | null} act  what the button says @returns {Promise<boolean>} */
export function confirmed(question, act) {
  const dialog = /** @type {HTMLDialogElement | null} */ (byId("confirm"));
  const words = byId("confirm-text");
  const button = byId("confirm-act");
  if (!dialog || !words || !button) return Promise.resolve(true);
  words.textContent = question;
  button.textContent = act;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Type to filter, arrows to choose, Enter to send. @param {HTMLElement} dialog */
function startPicker(dialog) {
  const filter = dialog.querySelector("input[role=combobox]");
  const value = /** @type {HTMLInputElement | null} */ (dialog.querySelector("input[type=hidden]"));
  const list = dialog.querySelector("[role=listbox]");
  if (!(filter instanceof HTMLInputElement) || !value || !list) return;
  const options = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=option]")]);
  const none = /** @type {HTMLElement | null} */ (list.querySelector("[data-none]"));
  const groups = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=group]")]);
  /** @param {HTMLElement | undefined} wanted */
  const choose = (wanted) => {
    for (const option of options) option.setAttribute("aria-selected", String(option === wanted));
    value.value = wanted?.dataset.value ?? "";
    if (wanted) filter.setAttribute("aria-activedescendant", wanted.id);
    else filter.removeAttribute("aria-activedescendant");
    wanted?.scrollIntoView({ block: "nearest" });
  };
  // Fewer options must not make the dialog jump under the hand. The list itself has an id: htmx would
  // carry its style over into the next answer, where the policy refuses it.
  const room = /** @type {HTMLElement} */ (list.parentElement);
  room.style.minBlockSize = `${room.offsetHeight}px`;
  const isFree = (/** @type {HTMLElement} */ option) => option.getAttribute("aria-disabled") !== "true";
  const shown = () => options.filter((option) => !option.hidden && isFree(option));
  const chosen = () => shown().findIndex((option) => option.getAttribute("aria-selected") === "true");
  filter.addEventListener("input", () => {
    const query = fold(filter.value.trim());
    const ranks = options.map((option) => score([option.dataset.search ?? ""], query));
    options.forEach((option, at) => (option.hidden = ranks[at] < 0));
    const best = shown().sort((a, b) => ranks[options.indexOf(a)] - ranks[options.indexOf(b)])[0];
    choose(best);
    for (const group of groups) {
      group.hidden = ![...group.querySelectorAll("[role=option]")].some((option) => !(/** @type {HTMLElement} */ (option).hidden));
    }
    if (none) none.hidden = options.some((option) => !option.hidden);
  });
  filter.addEventListener("keydown", (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!move || composes(event)) return;
    event.preventDefault();
    const all = shown();
    const at = chosen();
    choose(all[at < 0 ? (move > 0 ? 0 : all.length - 1) : (at + move + all.length) % all.length]);
  });
  list.addEventListener("click", (event) => {
    const option = /** @type {Element} */ (event.target).closest("[role=option]");
    if (option instanceof HTMLElement && isFree(option)) choose(option);
    filter.focus();
  });
  list.addEventListener("dblclick", () => value.value && dialog.querySelector("form")?.requestSubmit());
  choose(options.find((option) => option.getAttribute("aria-selected") === "true"));
}

/** Open the dialog that has come. */
export function openDialog() {
  const dialog = document.querySelector("#dialogs dialog[data-open]");
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return;
  const from = document.activeElement;
  dialog.showModal();
  dialog.addEventListener("close", () => {
    dialog.remove();
    // The head of the chat may have been drawn anew behind the dialog.
    const back = from?.isConnected ? from : byId(from?.id ?? "");
    if (!back) return;
    // What stood in a menu has gone with it; the menu's button is still there.
    const menu = back.checkVisibility() ? null : back.closest("[popover]");
    const home = menu ? document.querySelector(`[popovertarget="${menu.id}"]`) : back;
    if (home instanceof HTMLElement) home.focus();
  });
  if (dialog.hasAttribute("data-picker")) startPicker(dialog);
}

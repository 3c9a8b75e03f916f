// @ts-check
import { currentChat, onOpen, open } from "./chat.js";
import { onRedraw, rows, tab } from "./list.js";
import { awaitHand, byId } from "./page.js";

/** The only chat there is opens by itself where there is room for it beside the list: once. */

/** For how long nothing opens after a chat was left: whoever closes one wants the list. */
const REST = 5000;
/** Chats that stood in the list before: an agent who left one is not led back to it. @type {Set<string>} */
const known = new Set();
let leftAt = -Infinity;

/** Whether the agent writes, or decides something. */
const isBusy = () =>
  document.activeElement?.matches("input, textarea, select, [contenteditable]") ||
  document.querySelector("dialog[open], :popover-open") !== null;

/** @param {boolean} isLater the page has been there for a while */
function openOnly(isLater) {
  if (byId("list")?.dataset.kind !== "chats" || tab() !== "mine") return;
  const ids = /** @type {HTMLElement[]} */ (rows()).map(({ dataset }) => dataset.id ?? "");
  const [only, ...others] = ids;
  const isNew = !known.has(only);
  ids.forEach((id) => known.add(id));
  if (!only || others.length || !isNew || isBusy()) return;
  const isEmpty = !currentChat() && !byId("thread-pane")?.dataset.conversation;
  if (!isEmpty || performance.now() - leftAt < REST || !matchMedia("(width >= 720px)").matches) return;
  // Whoever is away from the screen has seen nothing, and it goes on ringing.
  if (isLater) awaitHand();
  open(only, { focuses: !isLater });
}

export function startOnly() {
  openOnly(false);
  onOpen((id) => {
    if (!id) leftAt = performance.now();
  });
  onRedraw(() => openOnly(true));
}

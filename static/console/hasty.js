// @ts-check
/** No action takes the place of another under a finger that presses twice, or late. */

/** For how long a button that has just come takes no press: it may have been meant for what was there. */
const TOO_SOON = 800;
/** How long after a press its answer may draw the head anew. */
const ANSWER = 5000;
/** Heads of a chat and of a ticket: what is pressed there changes what can be pressed next. */
const HEADS = "#chat-head, #ticket-head";
/** When each button of the head came as the answer to a press, by its id. @type {Map<string, number>} */
let came = new Map();
let pressedAt = -Infinity;
/** When a chat of the queue came: a second press would take the next one, too. */
let tookAt = -Infinity;

/** Remember which buttons are new. @param {Element} head */
function noteButtons(head) {
  const before = came;
  const now = performance.now();
  came = new Map();
  for (const { id } of head.querySelectorAll(".chat-actions button[id]")) {
    came.set(id, before.get(id) ?? (now - pressedAt < ANSWER ? now : -Infinity));
  }
}

/** Another one is opened by a press elsewhere: what it begins with has been there all along.
 * @param {Element | null} head */
function noteAllOf(head) {
  if (!head) return;
  came = new Map();
  pressedAt = -Infinity;
  noteButtons(head);
}

/** No action takes the place of another: whoever presses twice, or late, does not end a chat, reopen
 * a ticket or take two chats.
 * @param {MouseEvent} event */
function dropHastyPress(event) {
  const button = /** @type {Element} */ (event.target).closest(".chat-actions button[id], #next-button");
  if (!button) return;
  // When the hand pressed, however late a busy machine hears of it.
  const now = event.timeStamp;
  if (now - (button.id === "next-button" ? tookAt : came.get(button.id) ?? -Infinity) > TOO_SOON) {
    pressedAt = now;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
}

export function startHasty() {
  document.addEventListener("click", dropHastyPress, { capture: true });
  document.body.addEventListener("console:open", () => (tookAt = performance.now()));
  document.body.addEventListener("htmx:load", (event) => {
    const { elt } = /** @type {CustomEvent} */ (event).detail;
    if (elt.matches(HEADS)) noteButtons(elt);
    else noteAllOf(elt.querySelector(HEADS));
  });
  noteAllOf(document.querySelector(HEADS));
}

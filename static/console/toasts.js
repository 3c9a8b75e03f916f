// @ts-check
/** Words that pass by. */

/** @param {string} id */
const byId = (id) => document.getElementById(id);

/** Say something that passes by; in an open dialog, behind which nothing is seen or heard.
 * @param {string} text @param {{label: string, act: () => void, seconds: number}} [offer] a button for
 * as long as it is shown
 * @param {boolean} [waits] it stays until a hand is there */
export function show(text, offer, waits = false) {
  const dialog = document.querySelector("dialog[open]");
  const box = dialog?.firstElementChild ?? byId("toasts");
  if (!box) return undefined;
  const before = /** @type {HTMLElement | null} */ (box.lastElementChild);
  // It still stands there, as after a second press.
  if (!offer && before?.textContent === text) return before;
  const node = document.createElement("div");
  node.className = "toast";
  if (dialog) node.setAttribute("role", "alert");
  const words = document.createElement("span");
  words.textContent = text;
  node.append(words);
  if (offer) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.textContent = offer.label;
    button.addEventListener("click", () => {
      left = 0;
      node.remove();
      offer.act();
    });
    node.append(button);
  }
  box.append(node);
  let left = offer?.seconds ?? 6;
  // The answer that closes a dialog may say something, too.
  dialog?.addEventListener("close", () => left > 0 && byId("toasts")?.append(node), { once: true });
  const hand = new AbortController();
  for (const kind of waits ? ["pointermove", "pointerdown", "keydown", "wheel"] : []) {
    addEventListener(kind, () => hand.abort(), { capture: true, signal: hand.signal });
  }
  const timer = setInterval(() => {
    if (waits && !hand.signal.aborted) return;
    // What can be done only for so long goes in time.
    if (offer || !node.matches(":hover, :focus-within")) left -= 1;
    if (left <= 0) {
      clearInterval(timer);
      node.remove();
    }
  }, 1000);
  return node;
}

/** Say something about the chat or ticket that an address names: by then others may be looked at.
 * @param {string} address @param {string} text */
export function showAbout(address, text) {
  const [, chat = "", ticket = ""] = address.match(/(?:chats|archive)\/([^/?]+)|tickets\/(\d+)/) ?? [];
  const isOpen = chat && byId("thread-pane")?.dataset.conversation === chat;
  const name = byId(`row-${chat}`)?.querySelector(".row-name") ?? (isOpen ? byId("chat-name") : null);
  const whom = name?.textContent || (ticket && `#${ticket}`);
  show(whom ? `${whom}: ${text}` : text);
}

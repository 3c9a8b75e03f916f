// @ts-check
/** What every part of the console needs: settings, texts, requests, words to the agent. */

export { fill } from "../live/thread.js";

/** @param {string} id */
const read = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}");

/** @type {Record<string, any>} */
export const settings = read("settings");
/** @type {Record<string, any>} */
export const texts = read("texts");
/** Milliseconds to add to this machine's clock to get the server's. */
export const clockOffset = Date.parse(settings.now) - Date.now();

/** @param {string} id */
export const byId = (id) => document.getElementById(id);

/** htmx is a classic script that runs before modules. @returns {any} */
export const htmx = () => /** @type {any} */ (window).htmx;

function csrf() {
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
}

/** @param {string} url @param {RequestInit} [options] */
export function request(url, options = {}) {
  return fetch(url, {
    credentials: "same-origin",
    // Only who is signed out is led elsewhere, and the page there would look like success.
    redirect: "manual",
    ...options,
    headers: { ...csrf(), ...options.headers },
  });
}

/** Say something that passes by; in an open dialog, behind which nothing is seen or heard.
 * @param {string} text @param {{label: string, act: () => void, seconds: number}} [offer] a button for
 * as long as it is shown */
export function toast(text, offer) {
  const dialog = document.querySelector("dialog[open]");
  const box = dialog?.firstElementChild ?? byId("toasts");
  if (!box) return;
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
  const timer = setInterval(() => {
    // What can be done only for so long goes in time.
    if (offer || !node.matches(":hover, :focus-within")) left -= 1;
    if (left <= 0) {
      clearInterval(timer);
      node.remove();
    }
  }, 1000);
}

/** Say something about the chat or ticket that an address names: by then others may be looked at.
 * @param {string} address @param {string} text */
export function toastAbout(address, text) {
  const [, chat = "", ticket = ""] = address.match(/(?:chats|archive)\/([^/?]+)|tickets\/(\d+)/) ?? [];
  const isOpen = chat && byId("thread-pane")?.dataset.conversation === chat;
  const name = byId(`row-${chat}`)?.querySelector(".row-name") ?? (isOpen ? byId("chat-name") : null);
  const whom = name?.textContent || (ticket && `#${ticket}`);
  toast(whom ? `${whom}: ${text}` : text);
}

let isUntouched = false;

/** Whether this tab is the one the agent looks at. */
export const isLookedAt = () => !isUntouched && document.visibilityState === "visible" && document.hasFocus();

/** What is shown from now on came by itself: it counts as looked at when a hand is there. */
export function awaitHand() {
  if (isUntouched) return;
  isUntouched = true;
  const hand = new AbortController();
  const touched = () => {
    hand.abort();
    isUntouched = false;
    // As if the agent came back to this tab.
    dispatchEvent(new Event("focus"));
  };
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel"]) {
    addEventListener(kind, touched, { capture: true, signal: hand.signal });
  }
}

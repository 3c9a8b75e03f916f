// @ts-check
import { byId, settings, texts, toast } from "./page.js";

/** Notifications of the system, and why there are none. */

/** Whether somebody turned them on in this browser. */
const KEY = "imece:notify";
/** Shown now, by chat. @type {Map<string, Notification>} */
const shown = new Map();

/** @param {string} kind */
export const wants = (kind) => settings.notices.includes(kind);

/** Why this browser can't show any; empty when it can. */
function obstacle() {
  const words = texts.notify;
  if (!isSecureContext) return words.insecure;
  if (!("Notification" in window)) {
    return /iPhone|iPad/.test(navigator.userAgent) ? words.iphone : words.unsupported;
  }
  return Notification.permission === "denied" ? words.denied : "";
}

/** @param {string} words */
function showBar(words) {
  const bar = byId("notify-bar");
  if (!bar) return;
  /** @type {HTMLElement} */ (bar.firstElementChild).textContent = words;
  bar.hidden = !words;
}

async function turnOn() {
  if (!obstacle()) await Notification.requestPermission();
  const words = obstacle();
  showBar(words);
  if (words || Notification.permission !== "granted") return false;
  localStorage.setItem(KEY, "on");
  toast(texts.notify.on);
  return true;
}

const isOn = () => localStorage.getItem(KEY) === "on" && !obstacle() && Notification.permission === "granted";

/** @param {string} conversation */
function openChat(conversation) {
  focus();
  document.body.dispatchEvent(new CustomEvent("console:open", { detail: { id: conversation } }));
}

/** Say that something is new in a chat; a later one takes the place of an earlier one.
 * @param {string} kind @param {string} conversation @param {string} title @param {string} [words] */
export function notify(kind, conversation, title, words = "") {
  if (!wants(kind) || !isOn()) return;
  const options = {
    body: settings.noticeWords ? words.slice(0, 200) : "",
    tag: `c-${conversation}`,
    renotify: true,
    // The page itself plays the sound.
    silent: true,
  };
  try {
    const notification = new Notification(title, options);
    notification.addEventListener("click", () => {
      withdraw(conversation);
      if (conversation) openChat(conversation);
    });
    shown.set(conversation, notification);
  } catch {
    // A phone shows those of a service worker only.
  }
}

/** Somebody has seen the chat, here or elsewhere. @param {string} conversation */
export function withdraw(conversation) {
  shown.get(conversation)?.close();
  shown.delete(conversation);
}

/** @param {() => void} testSound */
export function startNotify(testSound) {
  document.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-do]"));
    if (button?.dataset.do === "notify") turnOn();
    if (button?.dataset.do === "notify-close") showBar("");
    if (button?.dataset.do === "notify-test") {
      turnOn().then((done) => {
        if (done) notify(settings.notices[0] ?? "", "", "İmece", texts.notify.on);
        testSound();
      });
    }
  });
  // Turned on once, and forbidden since.
  if (localStorage.getItem(KEY) === "on") showBar(obstacle());
}

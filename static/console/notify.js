// @ts-check
import { byId, isLookedAt, request, settings, texts, toast } from "./page.js";

/** Notifications of the system, and why there are none. Where the browser takes pushes, the worker
 * shows them, also while this page is closed. */

const WORKER = "/console/sw.js";

/** Whether somebody turned them on in this browser. */
const KEY = "imece:notify";
/** Which of the agent's devices this browser is. */
const DEVICE = "imece:device";
/** Shown now, by chat. @type {Map<string, Notification>} */
const shown = new Map();
/** @type {ServiceWorkerRegistration | undefined} */
let worker;
let isPushed = false;

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

/** @param {string} words @param {boolean} [asks] whether it offers to turn them on */
function showBar(words, asks = false) {
  const bar = byId("notify-bar");
  if (!bar) return;
  const [told, button] = /** @type {HTMLCollectionOf<HTMLElement>} */ (bar.children);
  told.textContent = words;
  button.hidden = !asks;
  bar.hidden = !words;
}

async function startWorker() {
  if (!("serviceWorker" in navigator)) return;
  worker = await navigator.serviceWorker.register(WORKER, { scope: "/console/" });
  const coming = worker?.installing ?? worker?.waiting;
  if (!coming || worker?.active) return;
  await new Promise((done) => coming.addEventListener("statechange", () => worker?.active && done(null)));
}

/** @param {ArrayBuffer | null | undefined} key */
const spelled = (key) =>
  btoa(String.fromCharCode(...new Uint8Array(key ?? new ArrayBuffer(0))))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function platform() {
  if (/Android/.test(navigator.userAgent)) return "android";
  return /iPhone|iPad/.test(navigator.userAgent) ? "ios" : "web";
}

/** Have pushes come to this browser, and say so to the server; why it refused, if it did. */
async function subscribe() {
  if (!worker?.pushManager) return "";
  const { key } = await (await request("/api/v1/devices/key")).json();
  let subscription = await worker.pushManager.getSubscription();
  if (subscription && spelled(subscription.options.applicationServerKey) !== key) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const answer = await request("/api/v1/devices", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ kind: "webpush", platform: platform(), subscription }),
  });
  isPushed = answer.ok;
  const { id, detail } = await answer.json();
  if (isPushed) localStorage.setItem(DEVICE, id);
  return detail;
}

/** Without a push service the page itself tells, while it is open. */
const subscribed = () => subscribe().catch((error) => console.warn("no pushes here:", error.message));

async function turnOn() {
  if (!obstacle()) await Notification.requestPermission();
  const words = obstacle();
  showBar(words);
  if (words || Notification.permission !== "granted") return false;
  localStorage.setItem(KEY, "on");
  mark();
  const refusal = await subscribed();
  toast(isPushed ? texts.notify.on : refusal || texts.notify.onlyOpen);
  return true;
}

const isOn = () => localStorage.getItem(KEY) === "on" && !obstacle() && Notification.permission === "granted";

const mark = () => (document.documentElement.dataset.notify = isOn() ? "on" : "off");

/** Until somebody turns them on again here; the server forgets the device, or has. */
function forget() {
  localStorage.setItem(KEY, "no");
  localStorage.removeItem(DEVICE);
  isPushed = false;
  mark();
}

async function turnOff() {
  await (await worker?.pushManager?.getSubscription())?.unsubscribe();
  const device = localStorage.getItem(DEVICE);
  forget();
  // Should the server not hear of it, the push service will tell.
  if (device) await request(`/api/v1/devices/${device}`, { method: "DELETE" }).catch(() => {});
  toast(texts.notify.off);
}

/** @param {string} conversation */
export function openChat(conversation) {
  focus();
  document.body.dispatchEvent(new CustomEvent("console:open", { detail: { id: conversation } }));
}

/** Say that something is new in a chat; a later one takes the place of an earlier one.
 * @param {string} kind @param {string} conversation @param {string} title @param {string} [words] */
export function notify(kind, conversation, title, words = "") {
  if (isPushed || !wants(kind) || !isOn()) return;
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
  takeAway(`c-${conversation}`);
}

/** @param {string} tag */
const takeAway = (tag) =>
  worker?.getNotifications({ tag }).then((old) => old.forEach((each) => each.close()));

/** The ticket of this page has been seen. */
function takeAwayTicket() {
  const ticket = /^\/console\/tickets\/(\d+)\/$/.exec(location.pathname);
  if (ticket && isLookedAt()) takeAway(`t-${ticket[1]}`);
}

/** @param {string} id */
async function testDevice(id) {
  const answer = await request(`/api/v1/devices/${id}/test`, { method: "POST" });
  toast(answer.ok ? texts.notify.sent : texts.failed);
}

/** @param {() => void} testSound @param {() => boolean} isHeard */
export function startNotify(testSound, isHeard) {
  document.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-do]"));
    if (button?.dataset.do === "notify") turnOn().then((done) => done && isPushed && byId("devices") && location.reload());
    if (button?.dataset.do === "notify-off") turnOff().then(() => byId("devices") && location.reload(), () => toast(texts.failed));
    if (button?.dataset.do === "device-remove" && button.dataset.device === localStorage.getItem(DEVICE)) forget();
    if (button?.dataset.do === "device-test") testDevice(button.dataset.device ?? "");
    if (button?.dataset.do === "notify-close") {
      showBar("");
      // Whoever said no is not asked again.
      if (localStorage.getItem(KEY) !== "on" || (!obstacle() && !isOn())) localStorage.setItem(KEY, "no");
    }
    if (button?.dataset.do === "notify-test") {
      turnOn().then((done) => {
        if (done) notify(settings.notices[0] ?? "", "", "İmece", texts.notify.on);
        testSound();
      });
    }
  });
  navigator.serviceWorker?.addEventListener("message", ({ data, ports }) => {
    if (data.isHeard) ports[0].postMessage(isHeard());
    else if (data.open) openChat(data.open);
    else if (data.go) location.assign(data.go);
  });
  addEventListener("focus", takeAwayTicket);
  const known = localStorage.getItem(KEY);
  mark();
  // Turned on once, and forbidden since; or the browser wants to be asked again.
  if (known !== "no" && obstacle() && (known || obstacle() === texts.notify.iphone)) showBar(obstacle());
  else if (known !== "no" && !isOn() && !obstacle()) showBar(texts.notify.ask, true);
  // Each time: somebody else may be signed in, or the keys are others.
  startWorker().then(() => {
    if (worker?.active) document.documentElement.dataset.worker = "yes";
    takeAwayTicket();
    return isOn() && subscribed();
  }, () => {});
}

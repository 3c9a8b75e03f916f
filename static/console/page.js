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

/** Say something that passes by.
 * @param {string} text @param {{label: string, act: () => void, seconds: number}} [offer] a button for
 * as long as it is shown @param {boolean} [waits] it stays until a hand is there */
export const toast = async (text, offer, waits) => (await import("./toasts.js")).show(text, offer, waits);

/** Say something about the chat or ticket that an address names.
 * @param {string} address @param {string} text */
export const toastAbout = async (address, text) => (await import("./toasts.js")).showAbout(address, text);

/** A part that is fetched when it is first needed. Where it can't be, the agent is told and may press
 * again; null then. @template T @param {Promise<T>} coming @returns {Promise<T | null>} */
export const part = (coming) => coming.catch((error) => {
  console.warn(error.message);
  const { notLoaded, reload } = texts;
  toast(notLoaded, { label: reload, act: () => location.reload(), seconds: 10 }).catch(() => {
    // Not even that which says it came: the bar of the connection is always there.
    const bar = /** @type {HTMLElement} */ (byId("connection"));
    /** @type {Element} */ (bar.firstElementChild).textContent = notLoaded;
    bar.hidden = false;
  });
  return null;
});

/** Select the first blank of a canned reply that nobody has filled in; whether there is one.
 * @param {HTMLTextAreaElement} box */
export function selectBlank(box) {
  const blank = /\{\{[^{}]*\}\}/.exec(box.value);
  if (!blank) return false;
  box.focus();
  box.setSelectionRange(blank.index, blank.index + blank[0].length);
  return true;
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

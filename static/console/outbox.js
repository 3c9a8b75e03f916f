// @ts-check
import { settings } from "./page.js";

/**
 * What this tab has not got stored yet. It survives a reload, also one that leads through the sign-in;
 * the server takes each `cid` once.
 */

const PREFIX = `imece:unsent:${settings.me.id}:`;

/** What has waited longer may make no sense any more: a person decides. */
const FRESH = 30 * 60_000;

/** @param {string} conversation @returns {any[]} */
function load(conversation) {
  try {
    const items = JSON.parse(sessionStorage.getItem(PREFIX + conversation) ?? "[]");
    return items.map((/** @type {any} */ item) =>
      Date.now() - Date.parse(item.at) < FRESH ? item : { ...item, state: "failed" });
  } catch {
    return [];
  }
}

/** @param {string} conversation @param {any[]} items */
function keep(conversation, items) {
  try {
    if (items.length) sessionStorage.setItem(PREFIX + conversation, JSON.stringify(items));
    else sessionStorage.removeItem(PREFIX + conversation);
  } catch {
    // Full or forbidden: the memory of this page has to do.
  }
}

/** @param {string} conversation @param {string} cid */
const others = (conversation, cid) => load(conversation).filter((item) => item.cid !== cid);

export const outbox = {
  load,
  /** @param {string} conversation @param {any} item */
  save: (conversation, item) => keep(conversation, [...others(conversation, item.cid), item]),
  /** @param {string} conversation @param {string} cid */
  remove: (conversation, cid) => keep(conversation, others(conversation, cid)),
};

/** The chats in which something is unsent. */
export function unsent() {
  try {
    const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
    return keys.map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

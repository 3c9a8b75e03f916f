// @ts-check
import { tick } from "./clock.js";
import { isChanged, isChatList, linkOf, list, refresh, reload, rowOf, selected, setUnread, tab } from "./list.js";
import { onFrame } from "./live.js";
import { byId, isLookedAt, settings, texts } from "./page.js";
import { isPressed } from "./press.js";

/** What is said in chats, in their rows: preview, unread count and place, before the server's list comes. */

/** @param {Record<string, any>} frame */
function entries({ conversation, entries: added }) {
  const spoken = added.filter((/** @type {any} */ e) => e.kind === "message");
  const newest = spoken.at(-1);
  if (!newest || !isChatList()) return;
  const row = rowOf(conversation);
  if (!row) {
    refresh();
    return;
  }
  const seen = Number(row.dataset.seq ?? 0);
  if (newest.seq <= seen) return;
  row.dataset.seq = String(newest.seq);
  isChanged();
  const isTheirs = newest.author.kind === "visitor";
  const preview = row.querySelector(".row-preview");
  if (preview) {
    const who = isTheirs ? "" : newest.author.id === settings.me.id ? `${texts.you} ` : `${newest.author.name}: `;
    const words = newest.text || newest.attachments?.[0]?.name || texts.attachment;
    preview.textContent = who + words.replace(/\s+/g, " ").slice(0, 140);
  }
  const from = spoken.filter((/** @type {any} */ e) => e.author.kind === "visitor" && e.seq > seen);
  if (from.length && tab() === "mine" && !(conversation === selected() && isLookedAt())) {
    const badge = /** @type {HTMLElement | null} */ (row.querySelector(".unread"));
    setUnread(row, Number(badge?.dataset.unread ?? 0) + from.length);
  }
  place(row, isTheirs, newest.at);
}

/** Move a row to where its newest message puts it. @param {HTMLElement} row @param {boolean} isTheirs
 * @param {string} at */
function place(row, isTheirs, at) {
  const { section } = row.dataset;
  if (section === "queue" || section === "wrap_up") return;
  const time = row.querySelector("time");
  const waits = section !== "customer";
  if (time && !(isTheirs && waits)) {
    time.className = isTheirs ? "wait" : "";
    time.dataset.since = at;
    if (isTheirs) {
      time.dataset.target = "";
      delete time.dataset.format;
    } else {
      delete time.dataset.target;
      time.dataset.format = "ago";
    }
    tick(row);
  }
  if (section === "others") return refresh();
  const box = list();
  if (box && isPressed(box, reload)) return;
  const wanted = isTheirs ? (tab() === "mine" ? "reply" : "answer") : "customer";
  if (section !== wanted) {
    const to = byId(`section-${wanted}`)?.parentElement?.querySelector("ul");
    const from = row.closest("section");
    if (to) {
      const hadFocus = row.contains(document.activeElement);
      if (isTheirs) to.append(row);
      else to.prepend(row);
      row.dataset.section = wanted;
      if (hadFocus) linkOf(row)?.focus();
      if (from && !from.querySelector("li")) from.remove();
    }
  } else if (!isTheirs && row.previousElementSibling) {
    row.parentElement?.prepend(row);
  }
  refresh();
}

export function startArrivals() {
  onFrame((frame) => frame.type === "entries" && entries(frame));
}

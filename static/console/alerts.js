// @ts-check
import { currentChat, live, onOpen } from "./chat.js";
import { isChatList, isHidden, list, onRedraw, reveal, rowOf, rows, tab } from "./list.js";
import { onEvent, onFrame, onState } from "./live.js";
import { notify, openChat, startNotify, wants, withdraw } from "./notify.js";
import { byId, clockOffset, fill, isLookedAt, request, settings, texts, toast } from "./page.js";

/** Sounds, title and badge. Of several tabs one tells and one sounds, which the browser lets sound; the
 * chat somebody looks at never does. */

const RING_EVERY = 3000;
/** A chat that was given rings until it is opened or goes; whoever is out of the room hears no end. */
const RING_LONGEST = 600_000;
/** Notes of each sound: [frequency, start, length] in Hz and seconds. */
const SOUNDS = {
  chat: [[660, 0, 0.16], [880, 0.18, 0.16], [1174, 0.36, 0.28]],
  message: [[784, 0, 0.12], [587, 0.13, 0.18]],
  transfer: [[523, 0, 0.16], [784, 0.18, 0.3]],
  late: [[988, 0, 0.12], [988, 0.2, 0.12], [740, 0.4, 0.3]],
};

/** It sleeps between sounds: awake it keeps the loudspeaker and a part of a core busy.
 * @type {AudioContext | null} */
let audio = null;
/** The browser lets this page sound. */
let isUnlocked = false;
/** Tones that are not heard out yet. */
let tones = 0;
let isLeader = false;
/** Of the tabs that the browser lets sound, this one does. */
let isSpeaker = false;
let isInLine = false;
/** Chats that ring until somebody looks, and until when at most; an offer may be declined.
 * @type {Map<string, {until: number, isOffer: boolean}>} */
const ringing = new Map();
/** Offers that rang here once. @type {Set<string | undefined>} */
const rung = new Set();
let ringTimer = 0;
/** Chats that others answer, as far as they were looked at here. @type {Set<string>} */
const others = new Set();
/** What other tabs look at. @type {Map<string, string>} */
const elsewhere = new Map();
const me = Math.random().toString(36).slice(2);
const channel = new BroadcastChannel(`imece:${settings.me.id}`);
let mine = 0;
/** What says which chats were missed. @type {Promise<HTMLElement | undefined>} */
let missedToast = Promise.resolve(undefined);
let flash = "";
let flashTimer = 0;

/** @param {keyof typeof SOUNDS} name */
function play(name) {
  if (!audio) return false;
  if (!isUnlocked) {
    showButton();
    return false;
  }
  audio.resume().catch(() => {
    isUnlocked = false;
    showButton();
  });
  const now = audio.currentTime;
  for (const [frequency, from, length] of SOUNDS[name]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.type = "sine";
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, now + from);
    volume.gain.linearRampToValueAtTime(0.25, now + from + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, now + from + length);
    tone.connect(volume).connect(audio.destination);
    tone.start(now + from);
    tone.stop(now + from + length);
    tones += 1;
    tone.addEventListener("ended", () => {
      tones -= 1;
      sleep();
    });
  }
  document.documentElement.dataset.sound = name;
  return true;
}

/** Sound where this tab is the one to do so. @param {keyof typeof SOUNDS} name */
function sound(name) {
  if (isSpeaker) play(name);
  else showButton();
}

function sleep() {
  if (!tones) audio?.suspend().catch(() => {});
}

function showButton() {
  const button = byId("sound-button");
  if (button) button.hidden = !audio || isUnlocked;
}

function changed() {
  if (audio?.state === "running") {
    maySound();
    sleep();
  }
  showButton();
}

/** Of all tabs one has it, the next one when that goes. @param {string} what @param {() => void} taken */
function hold(what, taken) {
  if (!navigator.locks) return taken();
  navigator.locks.request(`imece:${what}:${settings.me.id}`, () => {
    taken();
    return new Promise(() => {});
  });
}

function maySound() {
  isUnlocked = true;
  if (!isInLine) {
    hold("sound", () => {
      isSpeaker = true;
      document.documentElement.dataset.sounds = "yes";
    });
  }
  isInLine = true;
}

async function unlock() {
  if (!audio || isUnlocked) return;
  try {
    await audio.resume();
    maySound();
  } catch {
    // Stays silent; the button stays too.
  }
  showButton();
}

/** @param {string} conversation */
function isSeen(conversation) {
  if (currentChat() === conversation && isLookedAt()) return true;
  return [...elsewhere.values()].includes(conversation);
}

/** Ring until the chat is opened, taken or gone.
 * @param {string} id @param {string} words @param {string} [until]  when its offer ends */
function ring(id, words, until) {
  if (isSeen(id) || ringing.has(id)) return;
  reveal(id);
  if (!wants("new_chat")) return;
  if (isLeader) notify("new_chat", id, words);
  const end = until ? Date.parse(until) - clockOffset : Date.now() + RING_LONGEST;
  ringing.set(id, { until: end, isOffer: Boolean(until) });
  if (!ringTimer) again();
}

function again() {
  for (const [id, { until }] of ringing) {
    if (Date.now() > until || isSeen(id)) ringing.delete(id);
  }
  clearTimeout(ringTimer);
  ringTimer = 0;
  if (!ringing.size) return;
  // Without a connection nobody knows whether the chat is still there.
  if (document.documentElement.dataset.socket === "open") sound("chat");
  ringTimer = setTimeout(again, RING_EVERY);
}

/** Ring for the offers on the screen and for no others: some came or went before this page was there,
 * or while the connection was not. */
function hearOffers() {
  const offers = [...document.querySelectorAll("[data-offer]")].map((node) => /** @type {HTMLElement} */ (node).dataset);
  for (const [id, { isOffer }] of ringing) {
    if (isOffer && !offers.some(({ chat }) => chat === id)) stopRinging(id);
  }
  for (const { offer, chat = "", until } of offers) {
    if (!rung.has(offer)) ring(chat, texts.newChat, until);
    rung.add(offer);
  }
}

/** After a pause of the connection, stop for chats that are somebody else's by now, or over. */
async function askWhatIsMine() {
  const given = [...ringing.keys()].filter((id) => !ringing.get(id)?.isOffer);
  if (!given.length) return;
  const answer = await request("/api/v1/conversations?assignee=me&status=active&limit=100");
  if (!answer.ok) return;
  const { results } = await answer.json();
  for (const id of given) if (!results.some((/** @type {any} */ chat) => chat.id === id)) stopRinging(id);
}

/** Chats that were given ring on, on the page that comes next in this tab. */
const KEPT = `imece:ringing:${settings.me.id}`;

function keepRinging() {
  const given = [...ringing].filter(([, { isOffer }]) => !isOffer).map(([id, { until }]) => [id, until]);
  sessionStorage.setItem(KEPT, JSON.stringify(given));
}

function ringOn() {
  for (const [id, until] of JSON.parse(sessionStorage.getItem(KEPT) ?? "[]")) ringing.set(id, { until, isOffer: false });
  sessionStorage.removeItem(KEPT);
  again();
}

/** @param {string} id */
function stopRinging(id) {
  ringing.delete(id);
  withdraw(id);
  if (!ringing.size) {
    clearTimeout(ringTimer);
    ringTimer = 0;
  }
}

function tellFocus() {
  const looksAt = isLookedAt() ? currentChat() : "";
  channel.postMessage({ from: me, looksAt });
  if (looksAt) stopRinging(looksAt);
  if (isLookedAt()) stopFlash();
}

// Title and badge

function count() {
  // Unseen, the rows stand still.
  if (tab() !== "mine" || isHidden()) return Number(byId("rail-unread")?.dataset.unread ?? mine);
  return rows().reduce((sum, row) => {
    const badge = /** @type {HTMLElement | null} */ (row.querySelector(".unread"));
    return sum + Number(badge?.dataset.unread ?? 0);
  }, 0);
}

function drawBadge() {
  const now = count();
  const isSame = now === mine;
  mine = now;
  const badge = byId("rail-unread");
  if (badge) {
    badge.textContent = now ? String(Math.min(now, 99)) : "";
    badge.dataset.unread = String(now);
  }
  drawTitle();
  if (isSame) return;
  drawIcon(now);
  const app = /** @type {any} */ (navigator);
  if (now) app.setAppBadge?.(now).catch(() => {});
  else app.clearAppBadge?.().catch(() => {});
}

function drawTitle() {
  const plain = document.title.replace(/^\(\d+\) /, "");
  const base = plain === flash ? settings.shownTitle : plain;
  settings.shownTitle = base;
  document.title = (mine ? `(${mine}) ` : "") + base;
}

/** Alternate the title while nobody looks. @param {string} words */
function startFlash(words) {
  if (isLookedAt()) return;
  flash = words;
  if (flashTimer) return;
  settings.shownTitle = document.title.replace(/^\(\d+\) /, "");
  let on = false;
  flashTimer = setInterval(() => {
    on = !on;
    document.title = (mine ? `(${mine}) ` : "") + (on ? flash : settings.shownTitle);
  }, 1000);
}

function stopFlash() {
  if (!flashTimer) return;
  clearInterval(flashTimer);
  flashTimer = 0;
  flash = "";
  document.title = (mine ? `(${mine}) ` : "") + settings.shownTitle;
}

/** @param {number} number */
function drawIcon(number) {
  const icon = /** @type {HTMLLinkElement | null} */ (byId("favicon"));
  if (!icon) return;
  icon.dataset.plain ??= icon.href;
  icon.type = number ? "image/png" : "image/svg+xml";
  if (!number) {
    icon.href = icon.dataset.plain;
    return;
  }
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.fillStyle = "#0b6e6e";
  pen.beginPath();
  pen.roundRect(0, 0, 64, 64, 16);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.font = "bold 40px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(number > 9 ? "9+" : String(number), 32, 35);
  icon.href = canvas.toDataURL("image/png");
}

// What is heard

/** How the list calls a customer, who may be known by more than they said of themselves.
 * @param {string} conversation @param {string} said */
const nameOf = (conversation, said) =>
  rowOf(conversation)?.querySelector(".row-name")?.textContent || said || texts.customer;

/** Who answers the chat on the screen is known. */
function noteWhose() {
  const id = byId("thread-pane")?.dataset.conversation;
  if (!id) return;
  const chat = live();
  if (chat.mine || chat.canReply) others.delete(id);
  else others.add(id);
}

/** What a supervisor whispers is heard, too; a toast of its own says what it is.
 * @param {string} conversation @param {any[]} added */
function whispered(conversation, added) {
  const isTold = added.some(({ author, data, at }) =>
    data?.whisper && author.id !== settings.me.id && Date.now() + clockOffset - Date.parse(at) < 30_000);
  if (isTold && wants("mention") && !isSeen(conversation) && !others.has(conversation)) sound("message");
}

/** @param {Record<string, any>} frame */
function entries({ conversation, entries: added }) {
  noteWhose();
  whispered(conversation, added);
  const theirs = added.filter(
    (/** @type {any} */ e) => e.kind === "message" && e.author.kind === "visitor"
      // Old lines that are loaded late are no news.
      && Date.now() + clockOffset - Date.parse(e.at) < 30_000,
  );
  if (!theirs.length || isSeen(conversation) || others.has(conversation) || ringing.has(conversation)) return;
  const newest = theirs.at(-1);
  const name = nameOf(conversation, newest.author.name);
  startFlash(fill(texts.newMessages, { name }));
  if (!wants("message")) return;
  sound("message");
  if (isLeader) notify("message", conversation, name, newest.text);
}

/** A customer waits too long: for me, for an agent whom I supervise, or for anybody ("" has the chat).
 * @param {Record<string, any>} data */
function late({ conversation, customer, agent }) {
  const text = agent === undefined ? texts.late : agent ? texts.lateAt : texts.lateInLine;
  const words = fill(text, { name: nameOf(conversation, customer), agent });
  startFlash(words);
  toast(words);
  sound("late");
}

/** Where its row does not come in sight, a toast says whose chat came.
 * @param {Record<string, any>} data */
function transferred({ conversation, customer }) {
  sound("transfer");
  if (isChatList() && tab() === "mine" && list()?.checkVisibility()) return;
  const { transferred: words, open } = texts.notify;
  toast(`${words} · ${nameOf(conversation, customer)}`, { label: open, act: () => openChat(conversation), seconds: 10 });
}

/** Tickets and mentions: seen, never heard. A window that somebody opened is.
 * @param {Record<string, any>} data */
function told({ class: kind, title, text, url }) {
  if (kind === "new_chat" && wants(kind)) {
    startFlash(title);
    sound("chat");
  } else if (location.pathname === url && isLookedAt()) return;
  toast(`${title} · ${text}`, { label: texts.notify.open, act: () => location.assign(url), seconds: 10 });
}

/** Whoever did not answer is away: it stands there until a hand is. @param {string} who */
function missed(who) {
  missedToast = missedToast.catch(() => undefined).then(async (before) => {
    const count = before?.isConnected ? Number(before.dataset.count) + 1 : 1;
    before?.remove();
    const { missed: one, missedMany } = texts.notify;
    const node = await toast(count > 1 ? fill(missedMany, { count }) : (who ? `${who}: ` : "") + one, undefined, true);
    if (node) node.dataset.count = String(count);
    return node;
  });
}

export function testSound() {
  unlock().then(() => {
    if (!play("message")) toast(texts.noSound);
    else setTimeout(() => play("chat"), 700);
  });
}

export function startAlerts() {
  startNotify(testSound, () => isUnlocked && document.documentElement.dataset.socket === "open");
  try {
    audio = new AudioContext();
    audio.addEventListener("statechange", changed);
  } catch {
    audio = null;
  }
  changed();
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, unlock, { capture: true });
  hold("ring", () => {
    isLeader = true;
    document.documentElement.dataset.rings = "yes";
  });
  channel.addEventListener("message", ({ data }) => {
    if (data.looksAt) elsewhere.set(data.from, data.looksAt);
    else elsewhere.delete(data.from);
    if (data.looksAt) stopRinging(data.looksAt);
  });
  for (const kind of ["focus", "blur", "pagehide"]) addEventListener(kind, tellFocus);
  document.addEventListener("visibilitychange", tellFocus);
  noteWhose();
  onOpen(() => {
    noteWhose();
    tellFocus();
    drawTitle();
  });
  onFrame((frame) => {
    if (frame.type === "entries") entries(frame);
  });
  onEvent((name, data) => {
    // It may be this agent's now.
    if (name === "conversation.assigned") others.delete(data.conversation);
    if (name === "offer.made" || (name === "conversation.assigned" && data.automatic)) {
      const words = data.transferred ? texts.notify.transferred : texts.newChat;
      if (data.transferred && !isSeen(data.conversation)) transferred(data);
      ring(data.conversation, words, data.rings_until);
      startFlash(words);
    }
    if (name === "conversation.late" && !isSeen(data.conversation)) late(data);
    if (name === "rule.notice") toast(`${data.customer} · ${data.rule}: ${data.text}`);
    if (name === "agent.told") told(data);
    // Read here, or on another machine of mine.
    if (name === "conversation.read" && data.by === "agent") stopRinging(data.conversation);
    const isOver = name === "conversation.changed" && (data.left || data.status !== "active");
    if (isOver && ringing.get(data.conversation)?.isOffer === false) stopRinging(data.conversation);
    if (name === "offer.withdrawn") {
      stopRinging(data.conversation);
      if (data.result === "missed") {
        const who = document.querySelector(`[data-offer][data-chat="${CSS.escape(data.conversation)}"] .offer-name`)?.textContent;
        missed(who ?? "");
      }
    }
  });
  onState((state) => {
    if (state === "open") askWhatIsMine().catch(() => {});
  });
  onRedraw(drawBadge);
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const { target } = /** @type {CustomEvent} */ (event).detail;
    if (target?.id === "rail-unread") drawBadge();
    if (target?.id === "offers") hearOffers();
  });
  addEventListener("pagehide", keepRinging);
  drawBadge();
  ringOn();
  hearOffers();
}

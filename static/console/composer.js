// @ts-check
import { composes, grow, isBlank, pastedFiles } from "../live/words.js";
import * as list from "./list.js";
import { onState, socket, sync } from "./live.js";
import { byId, fill, part, request, selectBlank, settings, texts } from "./page.js";

/** Where the agent writes: reply or note, drafts that outlive everything, canned replies. */

const SAVE_AFTER = 900;

/** @typedef {{text: string, mode: string}} Draft */
/** What was typed and isn't on the server yet. @type {Map<string, Draft>} */
const unsaved = new Map();
/** @type {Map<string, Promise<unknown>>} */
const saving = new Map();
let saveTimer = 0;
/** Whether another page is on its way in place of this one. */
let isLeaving = false;
let current = "";
/** @type {Record<string, any>} */
let chat = {};
/** Loaded when first needed. @type {import("./canned.js") | null} */
let picker = null;
/** @type {import("./mentions.js") | null} */
let mentions = null;
/** @type {import("./uploads.js") | null} */
let uploads = null;
/** Files were chosen that are not shown yet. */
let isAttaching = false;
/** The list of canned replies is on its way. */
let isLoading = false;
/** Enter was pressed before it came. @type {{sendNow: boolean} | null} */
let hasty = null;
let isLocked = false;
/** What the agent writes where both are possible. */
let chosen = "reply";
/** Accept or Reopen was pressed and is not answered yet: what is written now is for the customer. */
let isAwaited = false;
/** It was to be sent meanwhile. */
let sendsThen = false;

const form = () => /** @type {HTMLFormElement | null} */ (byId("composer"));
const area = () => /** @type {HTMLTextAreaElement | null} */ (byId("composer-text"));
/** @param {string} id */
const storeKey = (id) => `imece:draft:${settings.me.id}:${id}`;

/** @param {string} id @param {Record<string, any>} live what the server said of the chat */
export function mountComposer(id, live) {
  const box = area();
  const frame = form();
  if (!box || !frame) return;
  const isNew = frame.dataset.mounted !== id;
  chat = live;
  current = id;
  isAwaited = false;
  if (isNew) {
    sendsThen = false;
    frame.dataset.mounted = id;
    uploads?.showUploads(id);
    const kept = unsaved.get(id) ?? stored(id);
    if (kept) {
      box.value = kept.text;
      frame.dataset.mode = kept.mode;
    }
    chosen = box.value.trim() ? (frame.dataset.mode ?? "reply") : "reply";
    listen(frame, box);
    grow(box);
  } else if (box.value.trim() && frame.dataset.mode !== "reply") {
    // Words that were written for the team never become a reply by themselves.
    chosen = frame.dataset.mode ?? "note";
  }
  // What is written stays to be read and copied, whatever became of the chat.
  const isKept = !chat.canNote && hasWords();
  lock(socket.state === "stopped");
  if (isKept) closeComposer();
  else box.readOnly = false;
  showMode();
  frame.hidden = !chat.canNote && !isKept;
  const closed = byId("composer-closed");
  if (closed) closed.hidden = chat.canNote;
  hint();
  if (sendsThen && chat.canReply) send();
  sendsThen = false;
}

/** The agent is about to be able to reply; words that stand there stay what they were. */
export function awaitReply() {
  isAwaited = !area()?.value.trim();
  if (isAwaited && chosen === "whisper") chosen = "reply";
  showMode();
}

/** Who sits at a screen that was signed out is not known: what stands there is kept, and nothing added.
 * @param {boolean} on */
function lock(on) {
  isLocked = on;
  for (const control of form()?.elements ?? []) /** @type {HTMLButtonElement} */ (control).disabled = on;
}

/** Nothing can be written any more; what is written stays to be read and copied. */
export function closeComposer() {
  lock(true);
  const box = area();
  if (!box) return;
  box.disabled = false;
  box.readOnly = true;
}

/** No draft of the chat is taken any more: its words stay in this tab. */
export function keepDraftHere() {
  clearTimeout(saveTimer);
  unsaved.delete(current);
}

/** Whether something is written, or attached, that was not handed over. */
export const hasWords = () => Boolean(area()?.value.trim() || byId("uploads")?.childElementCount);

/** The save of a draft that is under way, before which its chat would be drawn without it.
 * @param {string} id */
export const draftUnderWay = (id) => saving.get(id);

/** Save at once what is unsaved: the agent goes elsewhere. Until the next chat is there, nothing is
 * taken that would go with this one. */
export function unmountComposer() {
  const box = area();
  if (box) box.readOnly = true;
  picker?.closePicker();
  if (current) sync.typing(current, false);
  clearTimeout(saveTimer);
  if (unsaved.has(current)) save(current);
  current = "";
}

/** @param {string} mode */
export function setMode(mode) {
  chosen = mode;
  showMode();
}

/** A note where what was chosen is not possible; as soon as it is, that. */
function showMode() {
  const frame = form();
  const box = area();
  if (!frame || !box) return;
  const may = { reply: chat.canReply || isAwaited, whisper: chat.canWhisper };
  const wanted = may[/** @type {keyof typeof may} */ (chosen)] ? chosen : "note";
  const changed = frame.dataset.mode !== wanted;
  frame.dataset.mode = wanted;
  for (const button of frame.querySelectorAll("button.mode")) {
    const own = /** @type {HTMLButtonElement} */ (button);
    own.setAttribute("aria-pressed", String(own.dataset.mode === wanted));
    if (own.dataset.mode === "reply") own.disabled = isLocked || !chat.canReply;
  }
  box.placeholder = texts.placeholders[wanted];
  if (changed) {
    sync.typing(current, false);
    if (box.value) remember();
    hint();
  }
}

/** @param {string} [words] */
function hint(words) {
  const node = byId("composer-hint");
  const box = area();
  if (!node || !box) return;
  const long = box.value.length > settings.longText && form()?.dataset.mode === "reply";
  const text = words ?? (chat.why || (long ? fill(texts.tooLong, { n: box.value.length }) : ""));
  if (node.textContent !== text) node.textContent = text;
}

/** @param {HTMLFormElement} frame @param {HTMLTextAreaElement} box */
function listen(frame, box) {
  frame.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  frame.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button");
    if (button?.matches(".mode")) {
      setMode(/** @type {HTMLElement} */ (button).dataset.mode ?? "reply");
      box.focus();
    } else if (button?.dataset.do === "attach") {
      const input = /** @type {HTMLInputElement} */ (byId("file-input"));
      input.accept = settings.accept;
      input.click();
    } else if (button?.dataset.do === "canned") {
      // The list listens to the keys of the box, and goes when the box loses the focus.
      box.focus();
      if (byId("picker")) picker?.closePicker();
      else canned(true);
    }
    else if (button?.dataset.do === "emoji") {
      part(import("../live/emoji.js")).then((emoji) => emoji?.openEmoji(button, box, texts));
    }
  });
  byId("file-input")?.addEventListener("change", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    upload([...(input.files ?? [])]);
    input.value = "";
  });
  box.addEventListener("input", () => {
    remember();
    hint();
    sync.typing(current, box.value !== "", { mode: frame.dataset.mode });
    suggest();
  });
  box.addEventListener("keydown", (event) => {
    if (composes(event)) return;
    if (picker?.pickerKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && isLoading && hasSlash()) {
      // The list is not there yet, and the first of it is meant.
      event.preventDefault();
      hasty = { sendNow: event.ctrlKey };
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      send();
    } else if (event.code === "Space" && event.ctrlKey) {
      event.preventDefault();
      canned(true);
    }
  });
  // A slash that was kept with the draft means the list, too.
  box.addEventListener("focus", () => canned(false));
  box.addEventListener("blur", () => setTimeout(() => {
    if (document.activeElement !== box) picker?.closePicker();
  }, 150));
  box.addEventListener("paste", (event) => {
    const files = pastedFiles(event);
    if (!files.length) return;
    event.preventDefault();
    upload(files);
  });
}

/** Send what is written, or say why not. */
export function send() {
  const box = area();
  const frame = form();
  if (!box || !frame || !current || isLocked) return;
  const text = box.value.trim();
  if (selectBlank(box)) {
    hint(texts.blanks);
    return;
  }
  if (isAttaching || uploads?.hasUploads("running")) {
    hint(texts.uploading);
    return;
  }
  if (isBlank(text) && !uploads?.hasUploads("done")) return;
  const { mode } = frame.dataset;
  const kind = mode === "reply" ? "message" : "note";
  if (kind === "message" && isAwaited) {
    sendsThen = true;
    return;
  }
  const attachments = uploads?.takeUploads() ?? [];
  sync.send(current, text, { kind, attachments, whisper: mode === "whisper" || undefined });
  const used = box.dataset.canned;
  if (used && kind === "message") {
    request(`${settings.console}chats/${current}/canned/${used}/used/`, { method: "POST" });
  }
  delete box.dataset.canned;
  box.value = "";
  remember(0);
  hint();
  box.focus();
}

/** Attach files to the open chat. @param {(File | import("./uploads.js").CannedFile)[]} files */
export async function upload(files) {
  if (isLocked || !files.length) return;
  // Meanwhile another chat may be opened.
  const id = current;
  if (!uploads) {
    isAttaching = true;
    uploads = await part(import("./uploads.js")).finally(() => (isAttaching = false));
    if (!uploads) return;
    uploads.onUploads(() => hint());
    uploads.showUploads(current);
  }
  await uploads.uploadFiles(id, files);
}

// Drafts

/** @param {number} [after] */
function remember(after = SAVE_AFTER) {
  const id = current;
  const box = area();
  if (box) grow(box);
  if (!id) return;
  const draft = { text: box?.value ?? "", mode: form()?.dataset.mode ?? "reply" };
  unsaved.set(id, draft);
  try {
    sessionStorage.setItem(storeKey(id), JSON.stringify(draft));
  } catch {
    // Full or forbidden: the server keeps it a second later.
  }
  list.markDraft(id, draft.text.trim() !== "");
  clearTimeout(saveTimer);
  saveTimer = setTimeout(() => save(id), after);
}

/** @param {string} id @returns {Draft | null} */
function stored(id) {
  try {
    return JSON.parse(sessionStorage.getItem(storeKey(id)) ?? "null");
  } catch {
    return null;
  }
}

/** Saves of one chat go one after another, so that the newest text wins. @param {string} id */
function save(id) {
  const draft = unsaved.get(id);
  if (!draft) return;
  const body = new URLSearchParams(draft);
  const url = `${settings.console}chats/${id}/draft/`;
  const turn = (saving.get(id) ?? Promise.resolve()).then(async () => {
    try {
      const response = await request(url, { method: "POST", body, keepalive: true });
      if (!response.ok || unsaved.get(id) !== draft) return;
      unsaved.delete(id);
      // The page that is on its way may have been drawn before this arrived.
      if (!isLeaving) sessionStorage.removeItem(storeKey(id));
    } catch {
      // Kept in this tab; the next key saves again.
    }
  });
  saving.set(id, turn);
  turn.then(() => saving.get(id) === turn && saving.delete(id));
}

// Canned replies

/** Whether the caret stands behind a slash and what follows it. */
function hasSlash() {
  const box = area();
  return /(?:^|\s)\/\S*$/.test(box?.value.slice(0, box.selectionStart) ?? "");
}

/** @param {boolean} always open it even without a slash */
async function canned(always) {
  if (!always && !hasSlash()) {
    picker?.closePicker();
    return;
  }
  const id = current;
  // Several keys may come while it loads, and be answered in any order: look again afterwards.
  if (!picker) {
    isLoading = true;
    picker = await part(import("./canned.js")).finally(() => (isLoading = false));
  }
  const early = hasty;
  hasty = null;
  const box = area();
  if (!picker || id !== current || !box) return;
  picker.offerCanned(box, {
    always,
    early,
    conversation: current,
    done: async (sendNow, files) => {
      remember();
      hint();
      await upload(files);
      // A file that did not come is looked at first.
      if (sendNow && id === current && !uploads?.hasUploads("failed")) send();
    },
  });
}

/** Offer canned replies after a slash, and in a note colleagues after an @. */
async function suggest() {
  const box = area();
  const id = current;
  if (box && form()?.dataset.mode !== "reply" && box.value.includes("@")) {
    mentions ??= await part(import("./mentions.js"));
    if (!mentions) return;
    picker = mentions;
    const url = `${settings.console}chats/${id}/colleagues/`;
    if (id !== current || area() !== box || mentions.suggestNames(box, url, remember)) return;
  }
  canned(false);
}

export function startComposer() {
  onState((state) => state === "stopped" && lock(true));
  addEventListener("beforeunload", () => (isLeaving = true));
  addEventListener("pagehide", () => {
    for (const id of unsaved.keys()) save(id);
  });
}

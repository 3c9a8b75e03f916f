// @ts-check
import { newCid } from "../../live/sync.js";
import { composes, grow, isBlank, pastedFiles } from "../../live/words.js";
import { byId, part, request, selectBlank, settings, texts, toast, toastAbout } from "../page.js";
import { hasUploads, onUploads, restoreUploads, showUploads, takeUploads, uploadFiles } from "../uploads.js";

/** Where agents write in a ticket: a reply or a note, with what goes along. */

const DRAFT_AFTER = 800;

/** Loaded when first needed. @type {import("../canned.js") | null} */
let picker = null;
/** @type {import("../mentions.js") | null} */
let mentions = null;
let draftTimer = 0;
/** The save that is under way: one that came after the words were sent would bring them back.
 * @type {Promise<unknown>} */
let saving = Promise.resolve();
/** What the server has of the draft. */
let kept = "";
/** What it does not have yet, by the ticket's number. @type {Map<string, {text: string, mode: string}>} */
const unsaved = new Map();
let isSending = false;
/** The words that are on their way, and to whom copies of them go. */
let going = "";
let goingCc = "";

const form = () => /** @type {HTMLFormElement | null} */ (byId("ticket-composer"));
const area = () => /** @type {HTMLTextAreaElement} */ (byId("ticket-text"));
const number = () => byId("ticket-pane")?.dataset.number ?? "";
/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (form()?.elements.namedItem(name));
/** Whom the files belong to while they wait. */
const place = () => `ticket-${number()}`;

/** @param {string} mode */
export function setMode(mode) {
  const frame = form();
  if (!frame) return;
  const changed = frame.dataset.mode !== mode;
  frame.dataset.mode = mode;
  field("mode").value = mode;
  for (const button of frame.querySelectorAll(".mode")) {
    const own = /** @type {HTMLElement} */ (button);
    own.setAttribute("aria-pressed", String(own.dataset.mode === mode));
  }
  const box = area();
  box.placeholder = (mode === "note" ? box.dataset.note : box.dataset.reply) ?? "";
  if (changed && box.value.trim()) keepSoon();
}

/** Write a reply or a note. @param {string} mode */
export function write(mode) {
  setMode(mode);
  area()?.focus();
}

/** @param {string} words */
function hint(words) {
  const node = byId("ticket-hint");
  if (node && node.textContent !== words) node.textContent = words;
}

const written = () => `${field("mode").value}:${area().value}`;

/** Save the draft now, if it is not saved. */
export function keepDraft() {
  clearTimeout(draftTimer);
  const frame = form();
  if (!frame || written() === kept) return;
  kept = written();
  const id = number();
  const draft = { text: area().value, mode: field("mode").value };
  unsaved.set(id, draft);
  const url = frame.dataset.draft ?? "";
  saving = saving.then(async () => {
    try {
      const response = await request(url, { method: "POST", body: new URLSearchParams(draft), keepalive: true });
      if (!response.ok) throw new Error(String(response.status));
      if (unsaved.get(id) === draft) unsaved.delete(id);
    } catch {
      // The next key saves again.
      if (id === number()) kept = "";
    }
  });
}

/** The agent goes to another ticket: until it is there, nothing is taken that would go with this one. */
export function leaveComposer() {
  keepDraft();
  if (form()) area().readOnly = true;
}

/** That could not be shown: the agent is still here. */
export function returnToComposer() {
  if (form()) area().readOnly = false;
}

/** Resolves when what was written is saved, or could not be: a ticket drawn before has none of it. */
export const draftsSettled = () => saving;

/** The words have changed. */
function keepSoon() {
  grow(area());
  clearTimeout(draftTimer);
  draftTimer = setTimeout(keepDraft, DRAFT_AFTER);
}

/** The next words are new ones: under a number of their own. */
function begin() {
  grow(area());
  field("cid").value = newCid();
  delete area().dataset.canned;
}

/** What keeps the words from going. */
function whyNot() {
  const box = area();
  if (selectBlank(box)) return texts.blanks;
  if (hasUploads("running")) return texts.uploading;
  return isBlank(box.value) && !hasUploads("done") ? null : "";
}

/** @param {HTMLButtonElement | null} button */
async function send(button) {
  const frame = form();
  if (!frame || isSending) return;
  const because = whyNot();
  if (because !== "") {
    hint(because ?? "");
    area().focus();
    return;
  }
  isSending = true;
  clearTimeout(draftTimer);
  const files = takeUploads();
  const body = new FormData(frame);
  body.set("status", button?.value ?? "");
  for (const file of files) body.append("file", file.id);
  const used = area().dataset.canned;
  going = area().value;
  goingCc = field("cc").value;
  await saving;
  const isDone = await post(frame.action, body);
  isSending = false;
  if (form() !== frame) return;
  if (!isDone) {
    restoreUploads(files);
    return;
  }
  if (used) request(`${frame.dataset.canned}${used}/used/`, { method: "POST" }).catch(() => {});
}

/** @param {string} url @param {FormData} [body] @returns {Promise<boolean>} whether it was said */
export async function post(url, body) {
  try {
    const response = await request(url, { method: "POST", body });
    if (!response.ok) throw new Error(String(response.status));
    const events = JSON.parse(response.headers.get("Console-Events") ?? "{}");
    for (const [name, detail] of Object.entries(events)) {
      document.body.dispatchEvent(new CustomEvent(name, { detail }));
    }
    return "ticket:said" in events;
  } catch {
    toastAbout(url, texts.failed);
    return false;
  }
}

/** @param {{ticket: string, seq: number, cc: string[] | null, seconds: number, text: string}} said */
function said({ ticket, seq, cc, seconds, text }) {
  const undo = `${settings.console}tickets/${ticket}/say/${seq}/undo/`;
  if (seconds) toast(text, { label: texts.undo, seconds, act: () => post(undo) });
  // Another ticket was opened meanwhile: what is written there stays.
  unsaved.delete(ticket);
  if (!form() || ticket !== number()) return;
  const box = area();
  // What was typed since it went is the beginning of the next.
  box.value = box.value.startsWith(going) ? box.value.slice(going.length) : box.value;
  setMode("reply");
  kept = "reply:";
  if (box.value) keepSoon();
  begin();
  // Of a note nothing is copied: what was chosen for the next reply stays.
  if (cc) showCopies(cc.join(", "), goingCc);
  hint("");
  const news = byId("ticket-news");
  if (news) news.hidden = true;
  box.focus();
}

/** @param {{ticket: string, text: string, to: string, cc: string[], cc_now: string[], files: any[], elsewhere: string}} back */
function unsaid({ ticket, text, to, cc, cc_now, files, elsewhere }) {
  if (!form() || ticket !== number()) {
    toast(elsewhere);
    return;
  }
  const box = area();
  // What was begun since stays, after it.
  box.value = [text, box.value].filter(Boolean).join("\n\n");
  setMode("reply");
  field("to").value = to;
  field("cc").value = cc.join(", ");
  field("cc_shown").value = cc_now.join(", ");
  showCc(cc.length > 0);
  restoreUploads(files);
  keepSoon();
  box.focus();
}

/** @param {boolean} shows */
function showCc(shows) {
  const label = byId("ticket-cc");
  const button = byId("ticket-cc-button");
  if (label && shows) label.hidden = false;
  if (button && shows) button.hidden = true;
}

/** To whom copies go by now, unless the agent wrote something else: that is said as a change of what
 * was shown. @param {string} cc @param {string} [before] what the field holds if nothing was written since */
function showCopies(cc, before = field("cc_shown").value) {
  const own = field("cc");
  if (own.value !== before) return;
  field("cc_shown").value = cc;
  if (own.value !== cc) own.value = cc;
  showCc(cc !== "");
}

/** @param {(File | import("../uploads.js").CannedFile)[]} files */
const upload = (files) => uploadFiles(place(), files);

// Canned replies

/** @param {boolean} always open it even without a slash */
async function canned(always) {
  const box = area();
  if (!always && !/(?:^|\s)\/\S*$/.test(box.value.slice(0, box.selectionStart))) {
    picker?.closePicker();
    return;
  }
  const frame = form();
  picker ??= await part(import("../canned.js"));
  if (!picker || !frame || form() !== frame) return;
  const { canned: url } = frame.dataset;
  picker.offerCanned(area(), {
    always,
    early: null,
    conversation: place(),
    url,
    done: (_sendNow, files) => {
      keepSoon();
      upload(files);
    },
  });
}

/** Offer canned replies after a slash, and in a note colleagues after an @. */
async function suggest() {
  const frame = form();
  const box = area();
  if (frame?.dataset.mode === "note" && box.value.includes("@")) {
    mentions ??= await part(import("../mentions.js"));
    if (!mentions) return;
    picker = mentions;
    if (form() !== frame || mentions.suggestNames(box, frame.dataset.colleagues ?? "", keepSoon)) return;
  }
  canned(false);
}

/** The thread was drawn anew. What is new was seen by whoever has not begun to write: who has is asked
 * before it is sent. */
export function noteSeen() {
  if (!form()) return;
  const { head = "0", cc = "" } = byId("ticket-thread")?.dataset ?? {};
  if (isBlank(area().value)) field("seen").value = head;
  showCopies(cc);
}

/** Bring the composer of the ticket in the page to life. */
export function mountComposer() {
  const frame = form();
  if (!frame) return;
  const box = area();
  isSending = false;
  begin();
  setMode(frame.dataset.mode ?? "reply");
  kept = written();
  const draft = unsaved.get(number());
  if (draft) {
    box.value = draft.text;
    setMode(draft.mode);
    keepSoon();
  }
  showUploads(place());
  frame.addEventListener("submit", (event) => {
    event.preventDefault();
    send(/** @type {HTMLButtonElement | null} */ (event.submitter));
  });
  frame.addEventListener("click", (event) => press(/** @type {Element} */ (event.target), box));
  byId("ticket-file-input")?.addEventListener("change", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    upload([...(input.files ?? [])]);
    input.value = "";
  });
  box.addEventListener("input", () => {
    hint("");
    keepSoon();
    suggest();
  });
  box.addEventListener("keydown", (event) => {
    if (composes(event) || picker?.pickerKey(event)) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      frame.requestSubmit(/** @type {HTMLElement} */ (frame.querySelector(".send-button")));
    } else if (event.code === "Space" && event.ctrlKey) {
      event.preventDefault();
      canned(true);
    }
  });
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

/** @param {Element} target @param {HTMLTextAreaElement} box */
function press(target, box) {
  const button = /** @type {HTMLElement | null} */ (target.closest("button"));
  if (button?.matches(".mode")) {
    write(button.dataset.mode ?? "reply");
    return;
  }
  switch (button?.id) {
    case "ticket-cc-button":
      showCc(true);
      field("cc").focus();
      break;
    case "ticket-attach": {
      const input = /** @type {HTMLInputElement} */ (byId("ticket-file-input"));
      input.accept = settings.accept;
      input.click();
      break;
    }
    case "ticket-canned":
      box.focus();
      if (byId("picker")) picker?.closePicker();
      else canned(true);
      break;
    case "ticket-emoji":
      part(import("../../live/emoji.js")).then((emoji) => emoji?.openEmoji(button, box, texts));
  }
}

/** Files that are dropped on the ticket. @param {HTMLElement} pane */
function listenForDrops(pane) {
  const hasFiles = (/** @type {DragEvent} */ event) => Boolean(form()) && [...(event.dataTransfer?.types ?? [])].includes("Files");
  pane.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    form()?.classList.add("is-dropping");
  });
  pane.addEventListener("dragleave", (event) => {
    if (!pane.contains(/** @type {Node | null} */ (event.relatedTarget))) form()?.classList.remove("is-dropping");
  });
  pane.addEventListener("drop", (event) => {
    form()?.classList.remove("is-dropping");
    if (!hasFiles(event)) return;
    event.preventDefault();
    upload([...(event.dataTransfer?.files ?? [])]);
  });
}

export function startComposer() {
  onUploads(() => hint(""));
  addEventListener("pagehide", keepDraft);
  const pane = byId("ticket");
  if (pane) listenForDrops(pane);
  /** @param {string} name @param {(detail: any) => void} hear */
  const on = (name, hear) =>
    document.body.addEventListener(name, (event) => hear(/** @type {CustomEvent} */ (event).detail));
  on("ticket:said", said);
  on("ticket:unsaid", unsaid);
  on("customer:changed", ({ id, email }) => {
    if (byId("ticket-customer")?.dataset.customerOfTicket !== id) return;
    // Unless the agent wrote another one.
    const to = field("to");
    if (to.value === to.defaultValue) to.value = email;
    to.defaultValue = email;
  });
  on("ticket:news", ({ ticket, head }) => {
    if (!form() || ticket !== number()) return;
    field("seen").value = head;
    const news = byId("ticket-news");
    if (news) news.hidden = false;
  });
}

// @ts-check
import { byId, fill, request, settings, texts } from "./page.js";

/** Files on their way into the next message. */

/**
 * @typedef {object} Upload
 * @property {"running"|"done"|"failed"} state
 * @property {any} [file] what the server made of it
 * @property {HTMLElement} node
 * @property {AbortController} stop
 */
/** What is attached in each chat; it waits for the agent's return. @type {Map<string, Upload[]>} */
const chats = new Map();
/** The chat on the screen. */
let current = "";
/** The upload before the next one. @type {Promise<unknown>} */
let turn = Promise.resolve();
/** @type {() => void} */
let changed = () => {};

/** @param {() => void} tell */
export function onUploads(tell) {
  changed = tell;
}

/** @param {string} id */
const uploadsOf = (id) => chats.get(id) ?? [];

/** @param {Upload["state"]} state */
export const hasUploads = (state) => uploadsOf(current).some((upload) => upload.state === state);

/** Show what is attached in the chat that is opened. @param {string} id */
export function showUploads(id) {
  current = id;
  byId("uploads")?.replaceChildren(...uploadsOf(id).map(({ node }) => node));
}

/** Attach files again that a message had, which was taken back. @param {any[]} files */
export function restoreUploads(files) {
  for (const file of files) {
    const { upload, state } = draw(current, file);
    upload.file = file;
    upload.state = "done";
    state.textContent = "";
  }
}

/** Hand over the files that are ready, and forget them. */
export function takeUploads() {
  const files = uploadsOf(current).filter(({ state }) => state === "done").map(({ file }) => file);
  chats.delete(current);
  showUploads(current);
  return files;
}

/** A file of a canned reply, which the server has. @typedef {{id: string, name: string, size: number}} CannedFile */

/** Resolves when all are there, or are not to be.
 * @param {string} id the chat for which they were chosen @param {(File | CannedFile)[]} files */
export async function uploadFiles(id, files) {
  await Promise.all(files.map((file) => start(id, file)));
}

/** @param {string} id @param {{name: string}} file */
function draw(id, file) {
  const node = document.createElement("li");
  node.className = "upload";
  const name = document.createElement("span");
  name.className = "upload-name";
  name.textContent = file.name;
  const state = document.createElement("span");
  state.textContent = texts.uploading;
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "×";
  remove.setAttribute("aria-label", fill(texts.remove, { name: file.name }));
  node.append(name, state, remove);
  /** @type {Upload} */
  const upload = { state: "running", node, stop: new AbortController() };
  chats.set(id, [...uploadsOf(id), upload]);
  if (id === current) showUploads(id);
  remove.addEventListener("click", () => {
    upload.stop.abort();
    chats.set(id, uploadsOf(id).filter((other) => other !== upload));
    const box = /** @type {HTMLElement | null} */ (node.closest("form")?.querySelector("textarea") ?? null);
    node.remove();
    box?.focus();
    changed();
  });
  return { upload, state };
}

/** What the server is told of a file. @param {File | CannedFile} file @returns {RequestInit} */
function told(file) {
  if (!(file instanceof File)) {
    const body = JSON.stringify({ canned_file: file.id });
    return { body, headers: { "Content-Type": "application/json" } };
  }
  const body = new FormData();
  body.append("file", file);
  return { body };
}

/** @param {string} id @param {File | CannedFile} file */
async function start(id, file) {
  const { upload, state } = draw(id, file);
  const fail = (/** @type {string} */ words) => {
    upload.state = "failed";
    upload.node.classList.add("is-failed");
    state.textContent = words;
  };
  const isTooMany = uploadsOf(id).filter((one) => one.state !== "failed").length > settings.filesMax;
  if (isTooMany || file.size > settings.uploadMax) {
    fail(isTooMany ? fill(texts.tooMany, { n: settings.filesMax }) : texts.uploadTooBig);
    return;
  }
  try {
    // One after another: a message shows its files in the order in which they arrived.
    const { signal } = upload.stop;
    const own = turn.then(() => request("/api/v1/attachments", { method: "POST", signal, ...told(file) }));
    turn = own.catch(() => {});
    const response = await own;
    const answer = await response.json().catch(() => ({}));
    if (response.ok) {
      upload.file = answer;
      upload.state = "done";
      state.textContent = "";
    } else fail(answer.detail || texts.uploadFailed);
  } catch {
    if (!upload.stop.signal.aborted) fail(texts.uploadFailed);
  }
  changed();
}

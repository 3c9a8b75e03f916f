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
/** @type {Upload[]} */
let uploads = [];
/** The upload before the next one. @type {Promise<unknown>} */
let turn = Promise.resolve();
/** @type {() => void} */
let changed = () => {};

/** @param {() => void} tell */
export function onUploads(tell) {
  changed = tell;
}

/** @param {Upload["state"]} state */
export const hasUploads = (state) => uploads.some((upload) => upload.state === state);

/** Hand over the files that are ready, and forget them. */
export function takeUploads() {
  const files = uploads.filter(({ state }) => state === "done").map(({ file }) => file);
  resetUploads();
  return files;
}

export function resetUploads() {
  for (const { node, stop } of uploads) {
    stop.abort();
    node.remove();
  }
  uploads = [];
}

/** @param {File[]} files */
export function uploadFiles(files) {
  for (const file of files) start(file);
}

/** @param {File} file */
async function start(file) {
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
  uploads.push(upload);
  byId("uploads")?.append(node);
  remove.addEventListener("click", () => {
    upload.stop.abort();
    uploads = uploads.filter((other) => other !== upload);
    node.remove();
    byId("composer-text")?.focus();
    changed();
  });
  const fail = (/** @type {string} */ words) => {
    upload.state = "failed";
    node.classList.add("is-failed");
    state.textContent = words;
  };
  const isTooMany = uploads.filter((one) => one.state !== "failed").length > settings.filesMax;
  if (isTooMany || file.size > settings.uploadMax) {
    fail(isTooMany ? fill(texts.tooMany, { n: settings.filesMax }) : texts.uploadTooBig);
    return;
  }
  const body = new FormData();
  body.append("file", file);
  try {
    // One after another: a message shows its files in the order in which they arrived.
    const { signal } = upload.stop;
    const own = turn.then(() => request("/api/v1/attachments", { method: "POST", body, signal }));
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

// @ts-check
import { ApiError } from "./api.js";
import { fileSize } from "../live/files.js";
import { h, iconButton } from "./dom.js";

/**
 * Files on their way into a message: checked, uploaded with progress, removable.
 *
 * @typedef {{file: File, node: HTMLElement, done: any, abort: AbortController}} Item
 */
export class Files {
  #options;
  /** @type {Set<Item>} */ #items = new Set();
  element = h("ul", { class: "uploads", hidden: true });

  /** @param {{texts: any, limits: any, locale: string, changed: () => void,
   *   error: (text: string) => void,
   *   upload: (file: File, progress: (share: number) => void, signal: AbortSignal) => Promise<any>
   * }} options */
  constructor(options) {
    this.#options = options;
  }

  /** @type {string[]} */ #refusals = [];

  /** The upload before the next one. @type {Promise<unknown>} */ #turn = Promise.resolve();

  busy() {
    return [...this.#items].some((item) => !item.done);
  }

  ready() {
    return [...this.#items].filter((item) => item.done).map((item) => item.done);
  }

  /** Give what is uploaded to a message. */
  take() {
    const files = this.ready();
    for (const item of this.#items) this.#drop(item);
    return files;
  }

  /** @param {File[]} files */
  add(files) {
    const { texts, limits, locale, error } = this.#options;
    this.#refusals = [];
    error("");
    for (const file of files) {
      const { name } = file;
      if (this.#items.size >= limits.files) {
        return this.#refuse(texts.tooMany.replace("{n}", String(limits.files)));
      }
      if (file.size > limits.upload) {
        this.#refuse(texts.tooBig.replace("{name}", () => name).replace("{size}", fileSize(limits.upload, locale)));
      } else if (!file.size) this.#refuse(texts.empty.replace("{name}", () => name));
      else this.#upload(file);
    }
  }

  /** Each file has its own sentence. @param {string} text */
  #refuse(text) {
    this.#refusals.push(text);
    this.#options.error(this.#refusals.join("\n"));
  }

  /** @param {File} file */
  async #upload(file) {
    const { texts, upload, changed } = this.#options;
    const label = texts.uploading.replace("{name}", () => file.name);
    const bar = h("progress", { max: 1, value: 0, "aria-label": label });
    const abort = new AbortController();
    /** @type {Item} */
    const item = { file, node: h("li", {}), done: null, abort };
    const remove = texts.remove.replace("{name}", () => file.name);
    item.node.append(
      h("span", { class: "upload-name", title: file.name }, file.name),
      bar,
      iconButton("cross", remove, () => {
        abort.abort();
        this.#drop(item);
        changed();
      }),
    );
    this.#items.add(item);
    this.element.append(item.node);
    this.element.hidden = false;
    changed();
    try {
      // One after another: a message shows its files in the order in which they arrived.
      const own = this.#turn.then(() => {
        abort.signal.throwIfAborted();
        return upload(file, (share) => (bar.value = share), abort.signal);
      });
      this.#turn = own.catch(() => {});
      item.done = await own;
      bar.hidden = true;
      item.node.classList.add("is-done");
    } catch (problem) {
      if (/** @type {any} */ (problem)?.name !== "AbortError") {
        // The server judges by content, and says why.
        const detail = /** @type {any} */ (problem)?.problem?.detail;
        this.#refuse(detail ? `${file.name}: ${detail}` : texts.failed.replace("{name}", () => file.name));
      }
      this.#drop(item);
    }
    changed();
  }

  /** @param {Item} item */
  #drop(item) {
    this.#items.delete(item);
    item.node.remove();
    this.element.hidden = !this.#items.size;
  }
}

/** Send a file with progress. @param {import("./api.js").Api} api @param {File} file
 * @param {(share: number) => void} progress @param {AbortSignal} signal @returns {Promise<any>} */
export async function send(api, file, progress, signal) {
  const token = await api.token();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    request.open("POST", `${api.config.api}attachments`);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(request.response);
      else reject(new ApiError(request.status, request.response, 0));
    });
    request.addEventListener("error", () => reject(new TypeError("network")));
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

// @ts-check
import { fileSize } from "../live/files.js";
import { h, icon, iconButton } from "./dom.js";

/**
 * Where the visitor writes: text, files, emoji.
 *
 * @typedef {object} Options
 * @property {any} texts
 * @property {{text: number, upload: number, files: number, accept: string}} limits
 * @property {string} locale
 * @property {{get: () => string | null, set: (text: string | null) => void}} draft
 * @property {(file: File, progress: (share: number) => void, signal: AbortSignal) => Promise<any>} upload
 * @property {(text: string, files: any[]) => void} send
 * @property {(on: boolean) => void} typing
 */
export class Composer {
  #options;
  #files;
  #text;
  #send;
  #error = h("p", { class: "composer-error", role: "alert" });

  /** @param {Options} options */
  constructor(options) {
    const { texts, limits } = options;
    this.#options = options;
    this.#files = new Files({
      texts: texts.files,
      limits,
      locale: options.locale,
      upload: options.upload,
      changed: () => this.#check(),
      error: (text) => (this.#error.textContent = text),
    });
    this.#text = h("textarea", {
      class: "composer-text", rows: 1, placeholder: texts.write, "aria-label": texts.write,
      dir: "auto", enterKeyHint: "send", autocomplete: "off",
      oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        // Enter that ends a composition of an input method is not "send".
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        this.#submit();
      },
      onpaste: (/** @type {ClipboardEvent} */ event) => {
        const pasted = [...(event.clipboardData?.files ?? [])];
        if (!pasted.length) return;
        event.preventDefault();
        this.#files.add(pasted);
      },
    });
    this.#text.value = options.draft.get() ?? "";
    const picker = h("input", {
      type: "file", multiple: true, accept: limits.accept, hidden: true, tabIndex: -1,
      onchange: () => {
        this.#files.add([...picker.files]);
        picker.value = "";
        this.#text.focus();
      },
    });
    this.#send = h(
      "button",
      { type: "submit", class: "send", "aria-label": texts.send, title: texts.send },
      icon("send"),
    );
    this.element = h(
      "form",
      {
        class: "composer",
        onsubmit: (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          this.#submit();
        },
      },
      this.#error,
      this.#files.element,
      h(
        "div",
        { class: "composer-row" },
        iconButton("clip", texts.attach, () => picker.click()),
        picker,
        this.#emoji(),
        this.#text,
        this.#send,
      ),
    );
    this.#check();
  }

  /** Files dropped anywhere on the panel. @param {HTMLElement} panel */
  takeDropsFrom(panel) {
    const veil = h("div", { class: "drop", hidden: true }, this.#options.texts.files.drop);
    panel.append(veil);
    let depth = 0;
    const carries = (/** @type {DragEvent} */ event) =>
      !this.element.hidden && event.dataTransfer?.types.includes("Files");
    panel.addEventListener("dragenter", (event) => {
      if (!carries(event)) return;
      depth += 1;
      veil.hidden = false;
    });
    panel.addEventListener("dragleave", () => {
      depth = Math.max(0, depth - 1);
      veil.hidden = depth === 0;
    });
    panel.addEventListener("dragover", (event) => {
      if (carries(event)) event.preventDefault();
    });
    panel.addEventListener("drop", (event) => {
      depth = 0;
      veil.hidden = true;
      if (!carries(event)) return;
      event.preventDefault();
      this.#files.add([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** The panel closes: nobody types any more. */
  calm() {
    this.#options.typing(false);
  }

  #typed() {
    this.#options.draft.set(this.#text.value || null);
    this.#options.typing(Boolean(this.#text.value.trim()));
    this.#check();
  }

  #check() {
    const { texts, limits } = this.#options;
    const over = this.#text.value.length - limits.text;
    if (over > 0) this.#error.textContent = texts.tooLong.replace("{n}", String(over));
    else if (this.#over) this.#error.textContent = "";
    this.#over = over > 0;
    const empty = !this.#text.value.trim() && !this.#files.ready().length;
    this.#send.disabled = empty || over > 0 || this.#files.busy();
  }

  #over = false;

  #submit() {
    this.#check();
    if (this.#send.disabled) return;
    const text = this.#text.value.trim();
    const files = this.#files.take();
    this.#text.value = "";
    this.#error.textContent = "";
    this.#options.draft.set(null);
    this.#options.send(text, files);
    this.#check();
    this.#text.focus();
  }

  /** On touch screens the keyboard has them already. */
  #emoji() {
    if (matchMedia("(pointer: coarse)").matches) return null;
    const panel = h("div", { class: "emoji", id: "emoji", popover: "auto" });
    const button = iconButton("smile", this.#options.texts.emoji, async () => {
      if (!panel.childElementCount) {
        const { emojiGrid } = await import("./emoji.js");
        panel.append(emojiGrid((sign) => {
          panel.hidePopover();
          this.#insert(sign);
        }, this.#options.texts.emoji));
      }
      panel.togglePopover();
      if (panel.matches(":popover-open")) panel.querySelector("button")?.focus();
    }, { "aria-expanded": "false", "aria-controls": "emoji" });
    panel.addEventListener("toggle", (/** @type {any} */ event) => {
      button.setAttribute("aria-expanded", String(event.newState === "open"));
    });
    panel.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      panel.hidePopover();
      button.focus();
    });
    return h("div", { class: "emoji-place" }, button, panel);
  }

  /** @param {string} sign */
  #insert(sign) {
    const { selectionStart, selectionEnd } = this.#text;
    this.#text.setRangeText(sign, selectionStart, selectionEnd, "end");
    this.#text.focus();
    this.#typed();
  }
}

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
    error("");
    for (const file of files) {
      const { name } = file;
      if (this.#items.size >= limits.files) {
        return error(texts.tooMany.replace("{n}", String(limits.files)));
      }
      if (file.size > limits.upload) {
        error(texts.tooBig.replace("{name}", () => name).replace("{size}", fileSize(limits.upload, locale)));
      } else if (!file.size) error(texts.empty.replace("{name}", () => name));
      else if (!allowed(file, limits.accept)) error(texts.badType.replace("{name}", () => name));
      else this.#upload(file);
    }
  }

  /** @param {File} file */
  async #upload(file) {
    const { texts, upload, changed, error } = this.#options;
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
      item.done = await upload(file, (share) => (bar.value = share), abort.signal);
      bar.hidden = true;
      item.node.classList.add("is-done");
    } catch (problem) {
      if (/** @type {any} */ (problem)?.name !== "AbortError") {
        const { status } = /** @type {any} */ (problem);
        const text = status === 415 || status === 400 ? texts.badType : texts.failed;
        error(text.replace("{name}", () => file.name));
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

/** A first look, to spare a useless upload; the server judges by content.
 * @param {File} file @param {string} accept */
function allowed(file, accept) {
  const ending = file.name.toLowerCase().match(/\.[a-z0-9]+$/)?.[0] ?? "";
  return accept.split(",").some((one) => (one.startsWith(".") ? one === ending : one === file.type));
}

// @ts-check
import { composes, grow, isBlank, pastedFiles } from "../live/words.js";
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
  /** Loaded with the first file. @type {import("./uploads.js").Files | null} */ #files = null;
  #text;
  #send;
  #error = h("p", { class: "composer-error", role: "alert" });

  /** @param {Options} options */
  constructor(options) {
    const { texts, limits } = options;
    this.#options = options;
    this.#text = h("textarea", {
      // Named as in the forms: where one of them takes its place, so do further keys.
      id: "text",
      class: "composer-text", rows: 1, placeholder: texts.write, "aria-label": texts.write,
      dir: "auto", enterKeyHint: "send", autocomplete: "off",
      oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        // Enter that ends a composition of an input method is not "send".
        if (event.key !== "Enter" || event.shiftKey || composes(event)) return;
        event.preventDefault();
        this.#submit();
      },
      onpaste: (/** @type {ClipboardEvent} */ event) => {
        const pasted = pastedFiles(event);
        if (!pasted.length) return;
        event.preventDefault();
        this.#add(pasted);
      },
    });
    this.#text.value = options.draft.get() ?? "";
    const picker = h("input", {
      type: "file", multiple: true, accept: limits.accept, hidden: true, tabIndex: -1,
      onchange: () => {
        this.#add([...picker.files]);
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
    const carries = (/** @type {DragEvent} */ event) =>
      !this.element.hidden && event.dataTransfer?.types.includes("Files");
    panel.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
    panel.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      this.#add([...(event.dataTransfer?.files ?? [])]);
    });
    const first = async (/** @type {DragEvent} */ event) => {
      if (!carries(event)) return;
      panel.removeEventListener("dragenter", first);
      const { showDrops } = await import("./drops.js");
      showDrops(panel, carries, this.#options.texts.files.drop);
    };
    panel.addEventListener("dragenter", first);
  }

  /** @param {string} text */
  write(text) {
    this.#text.value = text;
    this.#options.draft.set(text || null);
    this.#check();
  }

  /** The panel closes: nobody types any more. */
  calm() {
    this.#options.typing(false);
  }

  /** @param {File[]} files */
  async #add(files) {
    const { Files } = await import("./uploads.js");
    if (!this.#files) {
      this.#files = new Files({
        ...this.#options,
        texts: this.#options.texts.files,
        changed: () => this.#check(),
        error: (text) => (this.#error.textContent = text),
      });
      this.#error.after(this.#files.element);
    }
    this.#files.add(files);
  }

  #typed() {
    this.#options.draft.set(this.#text.value || null);
    this.#options.typing(Boolean(this.#text.value.trim()));
    this.#check();
  }

  #check() {
    grow(this.#text);
    const { texts, limits } = this.#options;
    const over = this.#text.value.length - limits.text;
    if (over > 0) this.#error.textContent = texts.tooLong.replace("{n}", String(over));
    else if (this.#over) this.#error.textContent = "";
    this.#over = over > 0;
    const empty = isBlank(this.#text.value) && !this.#files?.ready().length;
    this.#send.disabled = empty || over > 0 || Boolean(this.#files?.busy());
  }

  #over = false;

  #submit() {
    this.#check();
    if (this.#send.disabled) return;
    const text = this.#text.value.trim();
    const files = this.#files?.take() ?? [];
    this.#error.textContent = "";
    this.write("");
    this.#options.send(text, files);
    this.#text.focus();
  }

  /** On touch screens the keyboard has them already. */
  #emoji() {
    if (matchMedia("(pointer: coarse)").matches) return null;
    const { texts } = this.#options;
    const button = iconButton("smile", texts.emoji, async () => {
      const { openEmoji } = await import("../live/emoji.js");
      openEmoji(button, this.#text, texts);
    }, { "aria-haspopup": "dialog" });
    return button;
  }
}

// @ts-check
/**
 * Draws the files of a message. Their bytes come when they come near the screen.
 *
 * @typedef {import("./store.js").File} File
 * @typedef {object} Ways
 * @property {(file: File) => string | Promise<string>} fileUrl
 * @property {Record<string, any>} texts
 * @property {string} locale
 */

/** Of what hung on a mail and is of no kind that chats take. */
const UNCHECKED = "application/octet-stream";
const THUMB = { width: 240, height: 240 };
/** After which one that did not come is asked for again. */
const PAUSE = 15_000;

/** @param {File} file @param {Ways} ways @returns {HTMLElement} */
export function fileNode(file, ways) {
  const link = document.createElement("a");
  link.className = "message-file";
  link.href = "#";
  link.download = file.name;
  // The server measures what may be drawn, and nothing else.
  const isPicture = Boolean(file.width && file.height);
  let label = fillFile(isPicture ? ways.texts.enlarge : ways.texts.download, file, ways.locale);
  // Said to agents: the visitor's own file is no stranger's.
  const warning = file.type === UNCHECKED ? ways.texts.unchecked : undefined;
  if (warning) label += ` · ${warning}`;
  link.setAttribute("aria-label", label);
  link.title = label;
  link.addEventListener("click", (event) => {
    if (isPicture && link.dataset.ready && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      enlarge(file, link.href, ways);
      return;
    }
    // The first click fetches the bytes, then clicks again on the real address.
    if (link.href.startsWith("blob:") || link.dataset.ready) return;
    event.preventDefault();
    resolve(file, ways).then(
      (url) => {
        link.href = url;
        link.dataset.ready = "1";
        link.click();
      },
      (error) => link.classList.toggle("is-gone", isGone(error)),
    );
  });
  if (isPicture) {
    link.ariaHasPopup = "dialog";
    link.classList.add("is-image");
    link.append(picture(file, ways, link));
  } else {
    const name = document.createElement("span");
    name.className = "message-file-name";
    name.textContent = file.name;
    const size = document.createElement("span");
    size.className = "message-file-size";
    size.textContent = fileSize(file.size, ways.locale);
    if (warning) size.textContent += ` · ${warning}`;
    link.append(name, size);
  }
  return link;
}

/** @param {File} file @param {Ways} ways @param {HTMLAnchorElement} link */
function picture(file, ways, link) {
  const image = document.createElement("img");
  const scale = Math.min(1, THUMB.width / (file.width ?? 1), THUMB.height / (file.height ?? 1));
  image.width = Math.max(24, Math.round((file.width ?? 1) * scale));
  image.height = Math.max(24, Math.round((file.height ?? 1) * scale));
  image.alt = ways.texts.image.replace("{name}", () => file.name);
  image.decoding = "async";
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    resolve(file, ways).then(
      (url) => {
        image.src = url;
        link.href = url;
        link.dataset.ready = "1";
      },
      (error) => {
        if (!isGone(error)) {
          soon(() => seen.observe(image));
          return;
        }
        link.classList.add("is-gone");
        image.alt = ways.texts.fileGone;
      },
    );
  }, { rootMargin: "300px" });
  seen.observe(image);
  return image;
}

/** Whether asking again is of no use: else the network failed, or the server was busy.
 * @param {any} error */
const isGone = ({ status }) => [403, 404, 410].includes(status);

/** Do it once the network is back, or after a while, not all at the same moment.
 * @param {() => void} act */
function soon(act) {
  const go = () => {
    clearTimeout(timer);
    removeEventListener("online", go);
    act();
  };
  const timer = setTimeout(go, PAUSE * (1 + Math.random()));
  addEventListener("online", go);
}

/** Show a picture as large as the window lets it, until the next click.
 * @param {File} file @param {string} url @param {Ways} ways */
function enlarge(file, url, { texts, locale }) {
  const dialog = document.createElement("dialog");
  dialog.className = "picture";
  dialog.ariaLabel = texts.image.replace("{name}", () => file.name);
  const image = document.createElement("img");
  image.alt = dialog.ariaLabel;
  image.src = url;
  const download = document.createElement("a");
  download.href = url;
  download.download = file.name;
  download.textContent = fillFile(texts.download, file, locale);
  const close = document.createElement("button");
  close.textContent = texts.close;
  close.autofocus = true;
  dialog.append(close, download, image);
  dialog.addEventListener("click", ({ target }) => target !== download && dialog.close());
  // Escape closes this, and not also what lies behind.
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** @type {Map<string, Promise<string>>} */
const urls = new Map();

/** @param {File} file @param {Ways} ways @returns {Promise<string>} */
function resolve(file, ways) {
  let url = urls.get(file.id);
  if (!url) {
    url = Promise.resolve(ways.fileUrl(file));
    urls.set(file.id, url);
    url.catch(() => urls.delete(file.id));
  }
  return url;
}

/** @param {string} text @param {File} file @param {string} locale */
function fillFile(text, file, locale) {
  return text.replace("{name}", () => file.name).replace("{size}", fileSize(file.size, locale));
}

/** A size for people, such as "1,2 MB"; a limit of 10 MB is called so. @param {number} bytes
 * @param {string} locale */
export function fileSize(bytes, locale) {
  // Nobody counts bytes: the smallest file has a tenth of a kilobyte.
  const step = bytes < 1024 ** 2 ? 1 : 2;
  return new Intl.NumberFormat(locale, {
    style: "unit", unit: step === 1 ? "kilobyte" : "megabyte", unitDisplay: "short", maximumFractionDigits: 1,
  }).format(Math.max(bytes / 1024 ** step, 0.1));
}

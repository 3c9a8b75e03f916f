// @ts-check
/** Small makers of elements: text is only ever text. */

/**
 * Make an element. Properties that begin with "on" are listeners, `class` and names with a dash
 * are attributes, the rest are properties.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  // Nothing is submitted by accident.
  if (tag === "button") /** @type {any} */ (node).type = "button";
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name.includes("-") || name === "role" || name === "for") node.setAttribute(name, value);
    else /** @type {any} */ (node)[name] = value;
  }
  node.append(.../** @type {(Node | string)[]} */ (children.filter(Boolean)));
  return node;
}

const SPEAKER = "M11 4.7a.7.7 0 0 0-1.2-.5L6.4 7.6A1.4 1.4 0 0 1 5.4 8H3a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2.4a1.4 1.4 0 0 1 1 .4l3.4 3.4a.7.7 0 0 0 1.2-.5z";
/** Outlines from lucide (ISC), drawn with the text's colour. */
const SHAPES = {
  down: "m6 9 6 6 6-6",
  back: "m12 19-7-7 7-7M19 12H5",
  next: "m9 18 6-6-6-6",
  send: "M5 12h14M12 5l7 7-7 7",
  clip: "m16 6-8.4 8.6a2 2 0 0 0 2.8 2.8l8.4-8.6a4 4 0 1 0-5.6-5.6l-8.4 8.6a6 6 0 1 0 8.5 8.5l8.4-8.6",
  smile: "M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0ZM8 14s1.5 2 4 2 4-2 4-2M9 9h.01M15 9h.01",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  cross: "M18 6 6 18M6 6l12 12",
  sound: `${SPEAKER}M16 9a5 5 0 0 1 0 6M19.4 18.4a9 9 0 0 0 0-12.7`,
  mute: `${SPEAKER}M22 9l-6 6M16 9l6 6`,
  end: "M10 17l5-5-5-5M15 12H3M15 3h4a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2h-4",
  check: "M20 6 9 17l-5-5",
  mail: "m22 7-8.9 5.7a2 2 0 0 1-2.1 0L2 7M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z",
};

/** @param {keyof typeof SHAPES} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A button that shows only an icon. @param {keyof typeof SHAPES} shape @param {string} label
 * @param {(() => void) | undefined} onclick @param {Record<string, any>} [more] */
export function iconButton(shape, label, onclick, more = {}) {
  return h(
    "button",
    { class: "icon-button", "aria-label": label, title: label, onclick, ...more },
    icon(shape),
  );
}

const HUES = 6;

/** A face: the picture, or initials on a colour of the person's own.
 * @param {{name?: string, avatar?: string}} person @param {string} locale */
export function face({ name = "", avatar = "" }, locale) {
  if (avatar) return h("img", { class: "face", src: avatar, alt: "" });
  const letters = name.split(/\s+/).flatMap((word) => word.match(/\p{L}/u) ?? []);
  const initials = [...letters.slice(0, 1), ...letters.slice(1).slice(-1)].join("").toLocaleUpperCase(locale);
  let hue = 0;
  for (const sign of name) hue = (hue * 31 + (sign.codePointAt(0) ?? 0)) % HUES;
  return h("span", { class: `face face-${hue}`, "aria-hidden": "true" }, initials || "•");
}

/** Text with one {place} that holds a node. @param {string} text @param {string} place
 * @param {Node} node */
export function around(text, place, node) {
  const [before, after = ""] = text.split(`{${place}}`);
  return [before, node, after];
}

/** Show the brand's colours; through CSSOM: the page's CSP knows no inline styles.
 * @param {any} brand @param {boolean} isDark */
export function paint({ colors, dark }, isDark) {
  const { classList, style } = document.documentElement;
  classList.toggle("dark", isDark);
  for (const [name, value] of Object.entries({ ...colors, ...(isDark && dark) })) {
    style.setProperty(`--brand-${name}`, String(value));
  }
}

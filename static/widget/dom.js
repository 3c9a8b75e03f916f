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
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name.includes("-") || name === "role" || name === "for") node.setAttribute(name, value);
    else /** @type {any} */ (node)[name] = value;
  }
  node.append(...children.filter((child) => child || child === "").map((child) => child || ""));
  return node;
}

/** Outlines from lucide (ISC), drawn with the text's colour. */
const SHAPES = {
  down: ["m6 9 6 6 6-6"],
  back: ["m12 19-7-7 7-7", "M19 12H5"],
  next: ["m9 18 6-6-6-6"],
  send: ["M5 12h14", "m12 5 7 7-7 7"],
  clip: ["m16 6-8.414 8.586a2 2 0 0 0 2.829 2.829l8.414-8.586a4 4 0 1 0-5.657-5.657l-8.379 8.551a6 6 0 1 0 8.485 8.485l8.379-8.551"],
  smile: ["M22 12a10 10 0 1 1-20 0 10 10 0 0 1 20 0Z", "M8 14s1.5 2 4 2 4-2 4-2", "M9 9h.01", "M15 9h.01"],
  more: ["M5 12h.01", "M12 12h.01", "M19 12h.01"],
  cross: ["M18 6 6 18", "m6 6 12 12"],
  sound: ["M11 4.7a.7.7 0 0 0-1.2-.5L6.4 7.6A1.4 1.4 0 0 1 5.4 8H3a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2.400a1.400 1.400 0 0 1 1 .4l3.400 3.400a.7.7 0 0 0 1.200-.5z", "M16 9a5 5 0 0 1 0 6", "M19.400 18.400a9 9 0 0 0 0-12.700"],
  mute: ["M11 4.7a.7.7 0 0 0-1.2-.5L6.4 7.6A1.4 1.4 0 0 1 5.4 8H3a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2.400a1.400 1.400 0 0 1 1 .4l3.400 3.400a.7.7 0 0 0 1.200-.5z", "m22 9-6 6", "m16 9 6 6"],
  end: ["M10 17l5-5-5-5", "M15 12H3", "M15 3h4a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2h-4"],
  check: ["M20 6 9 17l-5-5"],
  mail: ["m22 7-8.900 5.700a2 2 0 0 1-2.100 0L2 7", "M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z"],
};

/** @param {keyof typeof SHAPES} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  for (const shape of SHAPES[name]) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}

/** A button that shows only an icon. @param {keyof typeof SHAPES} shape @param {string} label
 * @param {() => void} onclick @param {Record<string, any>} [more] */
export function iconButton(shape, label, onclick, more = {}) {
  return h(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...more },
    icon(shape),
  );
}

const HUES = 6;

/** A face: the picture, or initials on a colour of the person's own.
 * @param {{name?: string, avatar?: string}} person @param {string} locale */
export function face({ name = "", avatar = "" }, locale) {
  if (avatar) return h("img", { class: "face", src: avatar, alt: "" });
  const words = name.trim().split(/\s+/).filter(Boolean);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""]
    .map((word) => [...(word ?? "")][0] ?? "").join("").toLocaleUpperCase(locale);
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

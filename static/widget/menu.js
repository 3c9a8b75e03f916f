// @ts-check
import { h, icon } from "./dom.js";

/** What a chat's menu offers, as things stand; loaded when it is first opened.
 * @param {any} list @param {{texts: any, sound: import("./sound.js").Sound, end: (() => void) | null}} chat `end`
 *   is null for a chat that has ended */
export function drawMenu(list, { texts, sound, end }) {
  const item = (/** @type {any} */ shape, /** @type {string} */ label, /** @type {() => void} */ action) =>
    h("button", { class: "menu-item", onclick: action }, icon(shape), label);
  const { on } = sound;
  list.replaceChildren(
    item(on ? "mute" : "sound", on ? texts.soundOff : texts.soundOn, () => {
      sound.set(!on);
      list.hidePopover();
    }),
    ...(end ? [item("end", texts.end, () => askEnd(list, texts, end))] : []),
  );
  list.querySelector("button").focus();
}

/** @param {any} list @param {any} texts @param {() => void} end */
function askEnd(list, texts, end) {
  const yes = h(
    "button",
    { class: "button is-danger", onclick: () => {
      list.hidePopover();
      end();
    } },
    texts.endYes,
  );
  list.replaceChildren(
    h("p", { class: "menu-question", id: "end-sure" }, texts.endSure),
    h(
      "div",
      { class: "menu-answers", role: "group", "aria-labelledby": "end-sure" },
      yes,
      h("button", { class: "button", onclick: () => list.hidePopover() }, texts.endNo),
    ),
  );
  yes.focus();
}

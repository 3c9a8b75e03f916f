// @ts-check
import { h } from "./dom.js";

const SIGNS =
  "😀 😃 😄 😁 😅 😂 🙂 😉 😊 😇 😍 😘 😋 😎 🤩 🤔 🤨 😐 🙄 😏 😮 😲 😴 😌 😕 🙁 😢 😭 😤 😡 😱 🤗 🤝 👍 👎 👌 ✌️ 🤞 👏 🙌 🙏 💪 👋 ☝️ 👇 👉 👈 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 ✨ ⭐ 🔥 🎉 🎁 🎂 🌹 🌸 ☀️ 🌙 ☕ 🍵 🍕 🏠 🚗 🚚 ✈️ 📦 🛒 💳 💰 🧾 📞 📱 💻 📷 📎 📌 📅 ⏰ ⏳ ✅ ❌ ❓ ❗ ⚠️ 🔒 🔑 🔔".split(" ");
const COLUMNS = 8;
const STEPS = /** @type {Record<string, number>} */ ({
  ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS,
});

/** A grid of signs; arrow keys move in it. @param {(sign: string) => void} choose
 * @param {string} label */
export function emojiGrid(choose, label) {
  const buttons = SIGNS.map((sign, index) =>
    h("button", { type: "button", tabIndex: index ? -1 : 0, onclick: () => choose(sign) }, sign),
  );
  return h(
    "div",
    {
      class: "emoji-grid", role: "group", "aria-label": label,
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const step = STEPS[event.key];
        const from = buttons.indexOf(document.activeElement);
        const next = buttons[from + step * (document.dir === "rtl" && Math.abs(step) === 1 ? -1 : 1)];
        if (!step || from < 0) return;
        event.preventDefault();
        if (!next) return;
        buttons[from].tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      },
    },
    ...buttons,
  );
}

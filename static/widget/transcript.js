// @ts-check
import { h } from "./dom.js";
import { emailField } from "./screens.js";

/** Put a form that sends a chat by e-mail in the place of the button that asked for it.
 * @param {import("./frame.js").App} app @param {string} id the chat's @param {HTMLElement} asked */
export function askAddress(app, id, asked) {
  const { chat: texts, form: words } = app.texts;
  const { node, control, check } = emailField(app, true);
  control.value ||= app.known.email ?? "";
  const said = h("p", { class: "trouble", role: "status" });
  const button = h("button", { class: "button", type: "submit" }, texts.send);
  const form = h("form", {
    class: "form",
    noValidate: true,
    onsubmit: async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      if (!check()) return control.focus();
      if (button.disabled) return;
      button.disabled = true;
      const email = control.value.trim();
      try {
        // The machine's own clock: the mail is read beside it.
        const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
        await app.api.call(`conversations/${id}/transcript`, { email, time_zone: timeZone ?? "" });
        said.className = "muted";
        said.textContent = texts.mailed.replace("{email}", email);
        form.replaceChildren(said);
      } catch (error) {
        const { status } = /** @type {any} */ (error);
        said.textContent =
          status === 429 ? words.rate : status === 400 ? words.badEmail : words.failed;
        button.disabled = false;
      }
    },
  }, node, said, button);
  asked.replaceWith(form);
  control.focus();
}

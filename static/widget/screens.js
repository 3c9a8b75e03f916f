// @ts-check
import { grow, isBlank } from "../live/words.js";
import { around, face, h, icon, iconButton } from "./dom.js";

/**
 * The screens before and beside the chat: home, form, offline form, thanks, trouble.
 * @typedef {import("./frame.js").App} App
 */

/** @param {App} app @param {{title: string, back?: () => void}} head */
export function bar(app, { title, back }) {
  return h(
    "header",
    { class: "bar" },
    back && iconButton("back", app.texts.form.back, back),
    h("h1", { class: "bar-title", tabIndex: -1 }, title),
    app.closeButton(),
  );
}

/** @param {App} app */
function privacy(app) {
  const { privacy_url: url } = app.config.brand;
  if (!url) return null;
  const { privacy: text, privacyLink } = app.texts.home;
  const link = h("a", { href: url, target: "_blank", rel: "noopener" }, privacyLink);
  return h("p", { class: "privacy" }, ...around(text, "link", link));
}

/** @param {App} app @param {{state: string, eta: {low: number, high: number} | null}} topic */
function outlook(app, { state, eta }) {
  const { now, about, line, message } = app.texts.home;
  if (state === "online") return h("span", { class: "outlook is-now" }, now);
  if (state === "offline") return h("span", { class: "outlook" }, message);
  const minutes = eta && Math.max(1, Math.round((eta.low + eta.high) / 120));
  const words = minutes ? about.replace("{n}", app.number(minutes)) : line;
  return h("span", { class: "outlook is-soon" }, words);
}

/** @param {App} app */
export function homeScreen(app) {
  const { texts, config } = app;
  const { state, topics, reason } = app.availability;
  /** @param {string} name @param {any} topic */
  const row = (name, topic) =>
    h(
      "li",
      {},
      h(
        "button",
        { class: "topic", "data-key": topic?.id ?? "other", onclick: () => app.pick(topic) },
        h("span", { class: "topic-name" }, name),
        topic ? outlook(app, topic) : icon("next"),
      ),
    );
  // Known since the session began: they may all have gone home.
  const team = (state !== "offline" && app.session?.config?.team) || [];
  const rows = topics.map((/** @type {any} */ topic) => row(topic.name ?? app.topicName(topic.id), topic));
  // Where every topic says "leave a message", one more line of the same words would be no choice.
  const { other, start, leave } = texts.home;
  const free = topics.length ? other : state === "offline" ? leave : start;
  return h(
    "section",
    { class: "screen home" },
    h(
      "header",
      { class: "hero" },
      h(
        "div",
        { class: "hero-top" },
        config.brand.logo
          ? h("img", { class: "logo", src: config.brand.logo, alt: config.brand.name })
          : team.length
            ? h("span", { class: "faces" }, ...team.map((/** @type {any} */ one) => face(one, app.locale)))
            : h("span", { class: "hero-name" }, config.brand.title),
        config.other && h("button", {
          class: "icon-button language", lang: config.other.code,
          onclick: () => app.bridge.speak(config.other.code),
        }, config.other.name),
        app.closeButton(),
      ),
      h("h1", { tabIndex: -1 }, texts.home.welcome),
      h(
        "p",
        { class: `hero-state is-${state}`, role: "status" },
        h("i", { class: "dot", "aria-hidden": "true" }),
        app.availability.says?.[app.locale] ?? texts.home[reason === "full" ? "busy" : state],
      ),
    ),
    h(
      "div",
      { class: "home-body" },
      h(
        "div",
        { class: "card" },
        topics.length ? h("h2", { class: "card-title", id: "topics" }, texts.home.topics) : null,
        h(
          "ul",
          { class: "topics", "aria-labelledby": topics.length ? "topics" : null },
          ...rows,
          row(free, null),
        ),
      ),
    ),
    privacy(app),
  );
}

/** At least seven digits, with what people put between them. */
const PHONE = /^[+(]*(\p{Nd}[ ().\/-]*){7,}$/u;

/** One labelled field with its error beneath. @param {App} app
 * @param {{name: string, label: string, required?: boolean, control?: any}} field */
function field(app, { name, label, required = false, control }) {
  const error = h("p", { class: "field-error", id: `${name}-error` });
  control.id = name;
  control.name = name;
  control.required = required;
  control.value = app.draft[name] ?? "";
  control.setAttribute("aria-describedby", error.id);
  const check = () => {
    const { value } = control;
    const { missing, badEmail, badPhone, tooLong } = app.texts.form;
    if (isBlank(value) && !control.validity.badInput) say(required ? missing : "");
    else if (name === "email" && !app.isAddress(value.trim())) say(badEmail);
    else if (name === "phone" && !PHONE.test(value.trim())) say(badPhone);
    else say(control.validity.tooLong ? tooLong : "");
    return !error.textContent;
  };
  /** @param {string} words */
  const say = (words) => {
    error.textContent = words;
    control.setAttribute("aria-invalid", String(Boolean(words)));
  };
  control.addEventListener("input", () => {
    app.draft[name] = control.value;
    app.keepDraft();
    if (error.textContent) check();
  });
  const node = h(
    "div",
    { class: "field" },
    h(
      "label",
      { for: name },
      label,
      !required && h("span", { class: "field-hint" }, ` · ${app.texts.form.optional}`),
    ),
    control,
    error,
  );
  return { node, control, check, say };
}

/** @param {App} app @param {boolean} required */
export function emailField(app, required) {
  return field(app, {
    name: "email", label: app.texts.form.email, required,
    control: h("input", {
      type: "email", maxLength: 254, autocomplete: "email", inputMode: "email", dir: "auto",
    }),
  });
}

/** @param {App} app @param {{asksEmail: boolean, label: string, busyLabel: string,
 *   submit: (values: Record<string, string>) => Promise<void>}} form */
function form(app, { asksEmail, label, busyLabel, submit }) {
  const { texts, config } = app;
  const asks = config.fields;
  const fields = [];
  if (app.topic === null && !asksEmail) {
    fields.push(field(app, {
      name: "topic_text", label: texts.form.what,
      control: h("input", { type: "text", maxLength: 120, autocomplete: "off" }),
    }));
  }
  if (asks.name !== "no" && !app.known.name) {
    fields.push(field(app, {
      name: "name", label: texts.form.name, required: asks.name === "required",
      control: h("input", { type: "text", maxLength: 120, autocomplete: "name" }),
    }));
  }
  if ((asksEmail || asks.email !== "no") && !app.known.email) {
    fields.push(emailField(app, asksEmail || asks.email === "required"));
  }
  if (asks.phone !== "no" && !app.known.phone) {
    fields.push(field(app, {
      name: "phone", label: texts.form.phone, required: asks.phone === "required",
      control: h("input", { type: "tel", maxLength: 32, autocomplete: "tel", dir: "auto" }),
    }));
  }
  fields.push(field(app, {
    name: "text", label: texts.form.message, required: true,
    control: h("textarea", { rows: 4, maxLength: config.limits.text, dir: "auto" }),
  }));
  grow(fields[fields.length - 1].control);
  const trouble = h("p", { class: "trouble", role: "alert" });
  const button = h("button", { class: "button is-primary", type: "submit" }, label);
  const node = h(
    "form",
    {
      class: "form",
      noValidate: true,
      onsubmit: async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        const wrong = fields.filter((one) => !one.check());
        if (wrong.length) return wrong[0].control.focus();
        if (button.getAttribute("aria-disabled") === "true") return;
        trouble.textContent = "";
        button.setAttribute("aria-disabled", "true");
        button.textContent = busyLabel;
        try {
          await submit(Object.fromEntries(fields.map(({ control }) => [control.name, control.value.trim()])));
        } catch (error) {
          const { status, problem } = /** @type {any} */ (error);
          trouble.textContent = status === 429 ? texts.form.rate : texts.form.failed;
          const refused = Object.keys(problem?.errors ?? {})
            .filter((place) => place.startsWith("fields."))
            .map((place) => place.slice("fields.".length));
          const said = fields.find(({ control }) => refused.includes(control.name));
          if (said) {
            // The server knows more of an address than a pattern can say.
            trouble.textContent = "";
            said.say(said.control.name === "email" ? texts.form.badEmail : texts.form.failed);
            said.control.focus();
          } else if (refused.length) app.askAgain(refused);
        } finally {
          button.removeAttribute("aria-disabled");
          button.textContent = label;
        }
      },
    },
    ...fields.map((one) => one.node),
    trouble,
    button,
    privacy(app),
  );
  return node;
}

/** @param {App} app */
export function formScreen(app) {
  const { texts } = app;
  const name = app.topic ? app.topicName(app.topic) : app.texts.home.start;
  return h(
    "section",
    { class: "screen" },
    bar(app, { title: name, back: () => app.home() }),
    h(
      "div",
      { class: "body" },
      form(app, {
        asksEmail: false,
        label: texts.form.start,
        busyLabel: texts.form.starting,
        submit: (values) => app.start(values),
      }),
    ),
  );
}

/** @param {App} app @param {{because?: string, back?: () => void}} [how] */
export function offlineScreen(app, { because = "", back } = {}) {
  const { offline, form: words } = app.texts;
  const { topics, says, reason } = app.availability;
  const opens = (topics.find((/** @type {any} */ one) => one.id === app.topic)?.says ?? says)?.[app.locale];
  const topic = app.topic ? app.topicName(app.topic) : "";
  return h(
    "section",
    { class: "screen" },
    bar(app, { title: offline.title, back: back ?? (() => app.home()) }),
    h(
      "div",
      { class: "body" },
      h("p", { class: "intro" }, offline[because || (!opens && reason)] ?? offline.intro),
      opens && h("p", { class: "intro" }, opens),
      topic && h("p", { class: "intro about" }, h("span", { class: "muted" }, words.topic, ": "), topic),
      form(app, {
        asksEmail: true,
        label: offline.send,
        busyLabel: offline.sending,
        submit: (values) => app.leave(values),
      }),
    ),
  );
}

/** @param {App} app @param {{text: string, retry?: () => void}} what */
export function noticeScreen(app, { text, retry }) {
  return h(
    "section",
    { class: "screen" },
    bar(app, { title: app.config.brand.title }),
    h(
      "div",
      { class: "body notice" },
      h("p", { role: "status" }, text),
      retry && h("button", { class: "button", "data-key": "retry", onclick: retry }, app.texts.state.retry),
    ),
  );
}

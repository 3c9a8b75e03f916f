// @ts-check
/**
 * A message instead of a place in line: what was said goes along, and what was added comes back with
 * whoever goes on. Loaded only then.
 * @typedef {import("./frame.js").App} App
 */

/** Resolves when it is known what was said: after a reload the thread may still be under way.
 * @param {App} app @param {import("../live/sync.js").ThreadSync} sync @param {string} id */
export async function untilKnown({ firstWords }, sync, id) {
  while (!firstWords && !sync.thread(id)?.entries.length) {
    await new Promise((resolve) => sync.addEventListener("thread", resolve, { once: true }));
  }
}

/** @param {App} app @param {any} chat @param {import("../live/store.js").Thread | undefined} thread */
export function takeAlong({ bridge, draft, firstWords }, chat, thread) {
  const said = [
    ...(thread?.entries ?? []).filter((entry) => entry.author.kind === "visitor"),
    ...(thread?.pending ?? []),
  ].map((line) => line.text).filter(Boolean);
  // Before the first entry has arrived, what the form said.
  draft.said = said.join("\n") || firstWords;
  // And what was not sent yet.
  draft.text ||= [draft.said, bridge.get(`say:${chat.id}`)].filter(Boolean).join("\n");
}

/** What the form has beyond what was said is written on in the chat, and stands in no later form.
 * @param {App} app @param {import("./composer.js").Composer} composer */
export function bringBack(app, composer) {
  const { said, text = "", ...draft } = app.draft;
  if (said === undefined) return;
  composer.write(text.startsWith(said) ? text.slice(said.length).trim() : text);
  app.draft = draft;
  app.keepDraft();
}

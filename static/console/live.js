// @ts-check
import { LiveSocket } from "../live/socket.js";
import { ThreadSync } from "../live/sync.js";
import { outbox } from "./outbox.js";
import { request, settings } from "./page.js";

/** The one connection of this tab, and the threads it holds. */

const API = "/api/v1/conversations";

/** @param {string} conversation @param {number} after */
async function fetchEntries(conversation, after) {
  const response = await request(`${API}/${conversation}/entries?after=${after}&limit=200`);
  if (response.ok) return response.json();
  throw Object.assign(new Error(String(response.status)), {
    stop: [401, 403, 404].includes(response.status),
  });
}

export const socket = new LiveSocket({
  url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/console/`,
  // By now somebody else may be signed in here: what waits in this page must not go out as theirs.
  hello: async () => ({ agent: settings.me.id }),
  resume: () => sync.resume(),
  fallback: {
    send: async (frame) => (await import("./http.js")).sendByHttp(frame),
    entries: fetchEntries,
  },
});

export const sync = new ThreadSync({ socket, fetchEntries, outbox, me: settings.me });

/** @param {(frame: Record<string, any>) => void} hear */
export function onFrame(hear) {
  socket.addEventListener("frame", (event) => hear(/** @type {CustomEvent} */ (event).detail));
}

/** @param {(name: string, data: Record<string, any>) => void} hear */
export function onEvent(hear) {
  onFrame((frame) => {
    if (frame.type === "event") hear(frame.name, frame.data ?? {});
  });
}

/** @param {(state: string, reason: string) => void} hear */
export function onState(hear) {
  socket.addEventListener("state", (event) => {
    const { state, reason } = /** @type {CustomEvent} */ (event).detail;
    hear(state, reason);
  });
}

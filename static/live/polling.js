// @ts-check
/**
 * Asks over HTTP for what is new, where no socket comes through.
 *
 * @typedef {import("./socket.js").Options} Options
 * @typedef {import("./socket.js").State} State
 */

const POLL_EVERY = 3_000;

/** Ask again and again while it is wanted.
 * @param {Options} options @param {() => boolean} isWanted
 * @param {(frame: import("./socket.js").Frame) => void} hear
 * @param {(state: State, reason: string) => void} tell */
export async function poll({ fallback, resume }, isWanted, hear, tell) {
  while (fallback && isWanted()) {
    const known = resume?.() ?? {};
    let reached = Object.keys(known).length === 0 && navigator.onLine;
    for (const [conversation, after] of Object.entries(known)) {
      try {
        const page = await fallback.entries(conversation, after);
        reached = true;
        if (!isWanted()) return;
        hear({ type: "entries", conversation, ...page });
      } catch {
        // The next round asks again.
      }
    }
    if (!isWanted()) return;
    tell(reached ? "polling" : "offline", reached ? "" : "unreachable");
    await new Promise((done) => setTimeout(done, POLL_EVERY));
  }
}

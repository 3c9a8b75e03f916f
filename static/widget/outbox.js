// @ts-check
/**
 * Unsent messages, one key each, so that tabs never overwrite each other's. Every tab sends what it
 * finds at its start, in the order typed: the server takes each `cid` once.
 */
export class Outbox {
  #bridge;
  #count = 0;

  /** @param {import("./bridge.js").Bridge} bridge */
  constructor(bridge) {
    this.#bridge = bridge;
  }

  /** @param {string} conversation */
  load(conversation) {
    return this.#bridge
      .keys(`out:${conversation}:`)
      .map((key) => {
        try {
          return JSON.parse(this.#bridge.get(key) ?? "null");
        } catch {
          return null;
        }
      })
      .filter((item) => item && typeof item.cid === "string")
      .sort((a, b) => a.order - b.order);
  }

  /** @param {string} conversation @param {any} item */
  save(conversation, item) {
    this.#count = Math.max(this.#count + 1, Date.now() * 1000);
    const kept = { ...item, order: this.#count };
    this.#bridge.set(`out:${conversation}:${item.cid}`, JSON.stringify(kept));
  }

  /** @param {string} conversation @param {string} cid */
  remove(conversation, cid) {
    this.#bridge.set(`out:${conversation}:${cid}`, null);
  }
}

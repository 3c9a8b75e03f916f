// @ts-check
/** The visitor's calls over HTTP: one session, kept fresh, and errors with their code. */

export class ApiError extends Error {
  /** @param {number} status @param {any} problem @param {number} retryAfter */
  constructor(status, problem, retryAfter) {
    super(problem?.code ?? String(status));
    this.status = status;
    this.code = problem?.code ?? "";
    this.problem = problem ?? {};
    this.retryAfter = retryAfter;
    /** Nothing will get better by trying again. */
    this.stop = status === 403 || status === 404;
  }
}

const EARLY = 60_000;
/** A page that had no network from the first comes from its own machine, and may ask all the same. */
const { onLine } = navigator;

export class Api {
  /** @type {any} */ session = null;
  /** The long-lived secret; in memory until the visitor writes. */
  visitor = "";
  identity = "";
  /** Hears why what the page's server signed was refused. @type {(code: string) => void} */
  refused = () => {};
  /** @type {any} */ page = {};
  #expires = 0;
  /** @type {Promise<any> | null} */ #opening = null;

  /** @param {{api: string, site: string, language: string}} config */
  constructor(config) {
    this.config = config;
  }

  /** Open or refresh the session. @returns {Promise<any>} */
  open() {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** @returns {Promise<any>} */
  async #open() {
    const { site, language } = this.config;
    const { identity } = this;
    // The page may hand over another one meanwhile.
    this.identity = "";
    const session = await this.#fetch("sessions", {
      method: "POST",
      body: { site, language, page: this.page, visitor: this.visitor, identity },
    }).catch((error) => {
      if (/^identity/.test(error.code)) {
        // Go on without; the page may have it signed anew.
        this.refused(error.code);
        return this.#open();
      }
      this.identity ||= identity;
      throw error;
    });
    if (session.visitor) this.visitor = session.visitor;
    this.identity ||= session.identity ?? "";
    this.#expires = Date.now() + session.expires_in * 1000 - EARLY;
    this.session = session;
    return session;
  }

  /** A token that still works. @param {boolean} [fresh] @returns {Promise<string>} */
  async token(fresh = false) {
    if (fresh || !this.session || Date.now() > this.#expires) await this.open();
    return this.session.token;
  }

  /** @param {string} path @param {any} [body] @param {string} [method] @returns {Promise<any>} */
  async call(path, body, method = body === undefined ? "GET" : "POST") {
    const { visitor } = this;
    const token = await this.token();
    // What one person's screen asks is nothing for the next one's session.
    if (visitor && visitor !== this.visitor) throw new ApiError(401, null, 0);
    try {
      return await this.#fetch(path, { method, body, token });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return this.#fetch(path, { method, body, token: await this.token(true) });
    }
  }

  /** @param {string} conversation @param {number} after */
  entries(conversation, after) {
    return this.call(`conversations/${conversation}/entries?after=${after}&limit=200`);
  }

  /** The bytes of a file as an address that only this page knows. @param {string} id */
  async blobUrl(id) {
    const token = await this.token();
    const response = await fetch(`${this.config.api}attachments/${id}`, {
      headers: { Authorization: `Bearer ${token}` },
      credentials: "omit",
    });
    if (!response.ok) throw new ApiError(response.status, null, 0);
    return URL.createObjectURL(await response.blob());
  }

  /** @param {string} path @param {{method: string, body?: any, token?: string}} options */
  async #fetch(path, { method, body, token }) {
    if (onLine && !navigator.onLine) throw new TypeError("network");
    const response = await fetch(this.config.api + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
    });
    const data = await response.json().catch(() => null);
    if (response.ok) return data;
    throw new ApiError(response.status, data, Number(response.headers.get("Retry-After")) || 0);
  }
}

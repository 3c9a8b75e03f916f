// @ts-check
import { ApiError } from "./api.js";

/** Sends of the widget over HTTP: for what no socket takes. */

/** @type {Record<number, string>} */
const REFUSALS = { 409: "ended", 400: "invalid", 403: "forbidden", 404: "forbidden", 429: "rate" };

/** What a socket would have sent. @param {import("./api.js").Api} api @param {any} frame @returns {Promise<any>} */
export async function sendFrame(api, { type, conversation, seq, cid, text, attachments = [] }) {
  const path = `conversations/${conversation}`;
  if (type === "read") {
    await api.call(`${path}/read`, { seq });
    return null;
  }
  try {
    return { type: "ack", cid, ...(await api.call(`${path}/messages`, { cid, text, attachments })) };
  } catch (error) {
    const code = error instanceof ApiError && REFUSALS[error.status];
    if (!code) throw error;
    return { type: "nack", cid, code, retry: code === "rate" };
  }
}

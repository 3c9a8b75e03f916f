// @ts-check
import { request } from "./page.js";

/** Sends of the console over HTTP: for what no socket takes. */

/** @type {Record<number, string>} */
const REFUSALS = { 400: "invalid", 403: "forbidden", 404: "forbidden", 409: "ended", 413: "invalid" };

/** What a socket would have sent. @param {Record<string, any>} frame */
export async function sendByHttp({ type, conversation, cid, text, attachments, seq, whisper }) {
  const path = type === "read" ? "read" : type === "note.add" ? "notes" : "messages";
  const body = type === "read" ? { seq } : { cid, text, attachments: attachments ?? [], whisper };
  const response = await request(`/api/v1/conversations/${conversation}/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (type === "read") return null;
  if (response.ok) {
    const { id, seq: number, at } = await response.json();
    return { type: "ack", cid, id, seq: number, at, dup: response.status === 200 };
  }
  const code = REFUSALS[response.status];
  return { type: "nack", cid, code: code ?? "unavailable", retry: !code };
}

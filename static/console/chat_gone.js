// @ts-check
import { byId, texts } from "./page.js";

/** The chat has ended, or is somebody else's by now: what stands here is to be read and taken along.
 * @param {string} told who has it, or what happened */
export function stayToRead(told) {
  byId("chat-head")?.querySelectorAll(".chat-actions [id]:not(#context-toggle)").forEach((button) => button.remove());
  const line = byId("chat-left") ?? document.createElement("div");
  line.id = "chat-left";
  line.className = "banner notice warn";
  line.setAttribute("role", "alert");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.dataset.do = "close-chat";
  button.textContent = texts.backToList;
  const words = told || texts.chatGone;
  if (line.firstChild?.textContent === words) return;
  line.replaceChildren(words, " ", button);
  byId("composer")?.before(line);
}

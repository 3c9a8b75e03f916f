// @ts-check
import { upload } from "./composer.js";
import { byId } from "./page.js";

/** Files that are dropped on the open chat. */

export function startDrops() {
  const pane = byId("chat");
  const form = () => {
    const found = byId("composer");
    return found?.hidden ? null : found;
  };
  const files = (/** @type {DragEvent} */ event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  pane?.addEventListener("dragover", (event) => {
    if (!files(event) || !form()) return;
    event.preventDefault();
    form()?.classList.add("is-dropping");
  });
  pane?.addEventListener("dragleave", (event) => {
    if (!pane.contains(/** @type {Node | null} */ (event.relatedTarget))) form()?.classList.remove("is-dropping");
  });
  pane?.addEventListener("drop", (event) => {
    form()?.classList.remove("is-dropping");
    if (!files(event) || !form()) return;
    event.preventDefault();
    upload([...(event.dataTransfer?.files ?? [])]);
  });
}

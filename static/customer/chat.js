// @ts-check
/** The page of one chat: while somebody looks at it, it asks what was said, which is then read. */

const PAUSE = 5_000;
const place = /** @type {HTMLElement} */ (document.querySelector("[data-lines]"));
const form = /** @type {HTMLFormElement} */ (document.querySelector("#answer"));

const token = () =>
  /** @type {HTMLInputElement} */ (form.elements.namedItem("csrfmiddlewaretoken")).value;
const head = () => /** @type {HTMLElement | null} */ (place.querySelector("#lines"))?.dataset.head;

async function look() {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch(place.dataset.lines ?? "", {
    method: "POST",
    headers: { "X-CSRFToken": token() },
  });
  if (!answer.ok) return;
  const before = head();
  const fresh = document.createRange().createContextualFragment(await answer.text());
  if (/** @type {HTMLElement | null} */ (fresh.querySelector("#lines"))?.dataset.head === before) {
    return;
  }
  place.replaceChildren(fresh);
  place.querySelector("li:last-child")?.scrollIntoView({ block: "nearest" });
}

const again = () => look().catch(() => {});
document.addEventListener("visibilitychange", again);
setInterval(again, PAUSE);
again();

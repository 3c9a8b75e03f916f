// @ts-check
import { byId, htmx, request } from "./page.js";
import { isPressed } from "./press.js";

/**
 * Parts of the page that are fetched anew: list, counters, an opened chat, its head, status, offers.
 *
 * Of each place one request is under way, the newest. Its answer is shown only if it is still wanted:
 * the place is the one it was asked for, and the caller wants it. What comes beside it takes the place
 * of its namesake in the same step. So no answer can look for a place that has gone meanwhile.
 */

/** @type {Map<string, AbortController>} */
const underWay = new Map();

/**
 * @typedef {object} Wish
 * @property {string} url
 * @property {"innerHTML" | "outerHTML" | "none"} how  how the answer takes its place
 * @property {string} [etag]  what is shown already
 * @property {() => boolean} [isWanted]
 * @property {() => void} [again]  asks anew: the answer came while somebody was using the place
 * @property {(place: Element) => void} [before]  called just before the answer is shown
 */

/**
 * Fetch what belongs into the place with this id. Returns null for an answer that isn't wanted any
 * more; status 0 if the server was not reached. `told` is what became of a chat that has gone.
 * @param {string} id @param {Wish} wish @returns {Promise<{status: number, told: string, etag: string} | null>}
 */
export async function fetchFragment(id, { url, how, etag, isWanted = () => true, again, before }) {
  const place = byId(id);
  if (!place) return null;
  underWay.get(id)?.abort();
  const own = new AbortController();
  underWay.set(id, own);
  const answer = await ask(url, etag, own.signal);
  if (underWay.get(id) === own) underWay.delete(id);
  if (own.signal.aborted || byId(id) !== place || !isWanted()) return null;
  if (answer.isDoor) {
    document.body.dispatchEvent(new CustomEvent("console:signed-out"));
    return null;
  }
  if (answer.status === 200) {
    const fresh = document.createElement("template");
    fresh.innerHTML = answer.html;
    const beside = [...fresh.content.children].filter((piece) => piece.hasAttribute("data-beside"));
    const places = [place, ...beside.flatMap((piece) => byId(piece.id) ?? [])];
    if (again && places.some((each) => isInUse(each, again))) return null;
    before?.(place);
    show(place, how, fresh, beside, url);
  }
  return answer;
}

/** @param {string} url @param {string | undefined} etag @param {AbortSignal} signal */
async function ask(url, etag, signal) {
  try {
    const response = await request(url, { signal, headers: etag ? { "If-None-Match": etag } : {} });
    return {
      status: response.status,
      told: JSON.parse(response.headers.get("Console-Told") ?? '""'),
      etag: response.headers.get("ETag") ?? "",
      html: response.status === 200 ? await response.text() : "",
      isDoor: response.type === "opaqueredirect",
    };
  } catch {
    return { status: 0, told: "", etag: "", html: "", isDoor: false };
  }
}

/** Whether somebody presses something in `place`, has a menu of it open, or waits there for an answer,
 * which would come back to an element that is gone; then `again` is called afterwards.
 * @param {Element} place @param {() => void} again */
function isInUse(place, again) {
  const asking = place.querySelector(".htmx-request");
  // The body hears of it even if the element is gone by then.
  if (asking) document.body.addEventListener("htmx:afterRequest", again, { once: true });
  const menu = place.querySelector(":popover-open");
  menu?.addEventListener("toggle", again, { once: true });
  return asking !== null || menu !== null || isPressed(place, again);
}

/** @param {Element} place @param {Wish["how"]} how @param {HTMLTemplateElement} answer
 * @param {Element[]} beside @param {string} url */
function show(place, how, answer, beside, url) {
  for (const piece of beside) piece.remove();
  if (how !== "none") swap(place, how, answer.innerHTML, url);
  for (const piece of beside) {
    const namesake = byId(piece.id);
    if (namesake) swap(namesake, "outerHTML", piece.outerHTML, url);
  }
}

/** htmx keeps the focus and what is to be preserved, and brings the new buttons to life.
 * @param {Element} target @param {string} swapStyle @param {string} html @param {string} path */
function swap(target, swapStyle, html, path) {
  const eventInfo = { target, requestConfig: { verb: "get", path } };
  htmx().swap(target, html, { swapStyle, swapDelay: 0, settleDelay: 0 }, { eventInfo });
}

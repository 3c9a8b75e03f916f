// @ts-check
/** Keeps a wallboard live: asks every two seconds, counts times, and says when it has gone quiet. */

const EVERY = 2000;
const STALE_AFTER = 10_000;
const PATIENCE = 8000;

const box = /** @type {HTMLElement} */ (document.getElementById("wall-box"));
const said = document.getElementById("wall-said");
const sound = /** @type {HTMLInputElement | null} */ (document.getElementById("wall-sound"));
/** Milliseconds to add to this machine's clock to get the server's; of the quickest answer. */
let offset = 0;
let quickest = Infinity;
let level = board()?.dataset.level ?? "";
/** @type {AudioContext | null} */
let audio = null;

function board() {
  return document.getElementById("wall");
}

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

function tick() {
  const now = Date.now() + offset;
  for (const node of box.querySelectorAll("time[data-since]")) {
    const { since, format } = /** @type {HTMLElement} */ (node).dataset;
    const s = Math.max(0, Math.floor((now - Date.parse(since ?? "")) / 1000));
    const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
    node.textContent = h || format === "long" ? `${two(h)}:${two(m)}:${two(s % 60)}` : `${two(m)}:${two(s % 60)}`;
  }
  const asOf = Date.parse(board()?.dataset.asOf ?? "");
  box.querySelector(".wall-live")?.classList.toggle("is-stale", !(now - asOf <= STALE_AFTER));
}

async function ask() {
  if (document.visibilityState !== "visible") return;
  const began = Date.now();
  const answer = await fetch(box.dataset.source ?? "", {
    credentials: "same-origin",
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  });
  // Signed out, or switched off: the page itself says what is the matter.
  if (answer.type === "opaqueredirect" || answer.status === 404) return location.reload();
  if (!answer.ok) return;
  const text = await answer.text();
  const took = Date.now() - began;
  const at = Date.parse(answer.headers.get("Date") ?? "");
  if (at && took <= quickest) {
    quickest = took;
    offset = at + 500 - (began + took / 2);
  }
  draw(text);
}

/** @param {string} text */
function draw(text) {
  const focused = document.activeElement?.getAttribute("href");
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("wall");
  if (!fresh) return;
  board()?.replaceWith(fresh);
  if (focused) /** @type {HTMLElement | null} */ (box.querySelector(`a[href="${CSS.escape(focused)}"]`))?.focus();
  alarm(fresh.dataset.level ?? "", fresh.dataset.alarm ?? "");
  tick();
}

/** @param {string} now @param {string} text */
function alarm(now, text) {
  if (now !== level) {
    if (said) said.textContent = text;
    const ranks = ["", "warn", "danger"];
    if (ranks.indexOf(now) > ranks.indexOf(level)) ring(now === "danger" ? 3 : 1);
  }
  level = now;
}

/** @param {number} times */
function ring(times) {
  const isLoud = "loud" in box.dataset || sound?.checked;
  if (!isLoud) return;
  audio ??= new AudioContext();
  for (let number = 0; number < times; number += 1) {
    const from = audio.currentTime + number * 0.35;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = 740;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.25, from + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 0.3);
  }
  document.documentElement.dataset.sound = "wall";
}

async function live() {
  try {
    await ask();
  } catch {
    // The next try may do; until then the board grows old, and says so.
  }
  setTimeout(live, EVERY);
}

sound?.addEventListener("change", () => {
  audio ??= new AudioContext();
  audio.resume().catch(() => {});
});
document.addEventListener("visibilitychange", () => tick());
setInterval(tick, 1000);
tick();
live();

// The page of a rule without reloads: what was pressed or chosen is sent as the form would be, and
// the parts of the page that the answer changes are put in the place of those that stand here.
const form = document.querySelector("#rule");
const status = document.querySelector("#rule-status");
const SWAPPED = ["rule-parts", "rule-tried"];
let typed = 0;
let held = Promise.resolve();
let running = Promise.resolve();
let waiting = null;
let pressing = 0;
// What was typed, or pressed, and not saved yet: leaving the page asks first.
let isChanged = "unsaved" in form.dataset;

const wrong = () => form.querySelector("[aria-invalid=true]");

document.querySelector("#rule-refresh").hidden = true;
wrong()?.focus();

async function ask(act) {
  const data = new FormData(form);
  data.set("act", act);
  const answer = await fetch(form.action, { method: "POST", body: data });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.querySelector("#rule")) throw new Error(`answered ${answer.status}`);
  return page;
}

// A part that is pressed on right now stays until the press has ended, else the click is lost.
form.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("button, a, summary")) return;
  held = new Promise((done) => {
    addEventListener("pointerup", () => setTimeout(done), { once: true });
    setTimeout(done, 1000);
  });
});
form.addEventListener("input", (event) => {
  typed += 1;
  isChanged ||= !isTrying(event.target);
});
form.addEventListener("submit", () => (isChanged = false));
addEventListener("beforeunload", (event) => {
  if (isChanged) event.preventDefault();
});

// Which chat it is tried on is no part of the rule.
function isTrying(field) {
  return field.name === "recent" || field.name === "chat";
}

// One after another: each sends what the one before has left. Of choices only the newest waits.
function refresh(parts) {
  const joins = waiting !== null;
  if (!joins || parts.length) waiting = parts;
  if (joins) return;
  running = running.then(() => {
    const wanted = waiting;
    waiting = null;
    return run("refresh", wanted);
  });
}

// A button that moves or removes names a place of the page as it stands, so it is pressed once.
function press(act) {
  const isBound = /^(up|down|remove)/.test(act);
  if (isBound && pressing) return;
  isChanged ||= act !== "try";
  pressing += 1;
  running = running.then(() => run(act, SWAPPED)).finally(() => (pressing -= 1));
}

async function run(act, parts) {
  let before;
  let page;
  form.setAttribute("aria-busy", "true");
  try {
    // What was typed meanwhile goes along: else it would be lost.
    do {
      before = typed;
      page = await ask(act);
      await held;
    } while (before !== typed);
    draw(page, parts, act);
  } catch {
    say(form.dataset.away);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function draw(page, parts, act) {
  const wanted = parts.length ? page.querySelector("#rule-parts").dataset.focus.split(" ") : [];
  const focused = document.activeElement?.id;
  const open = form.querySelector("details")?.open;
  for (const id of parts) document.getElementById(id).replaceWith(page.getElementById(id));
  const details = form.querySelector("details");
  details.open ||= open;
  const sentence = document.querySelector("#rule-sentence");
  const said = page.querySelector("#rule-sentence").textContent;
  if (sentence.textContent !== said) sentence.textContent = said;
  say(page.querySelector("#rule-status").textContent);
  if (act === "try") wanted.unshift("rule-outcome", wrong()?.id);
  for (const id of [...wanted, focused]) {
    const found = id && document.getElementById(id);
    if (!found || found.disabled) continue;
    if (found !== document.activeElement) found.focus({ preventScroll: !wanted.includes(id) });
    return;
  }
}

function say(text) {
  status.textContent = text;
  status.classList.toggle("visually-hidden", text !== form.dataset.away);
}

form.addEventListener("change", (event) => {
  if (isTrying(event.target)) return;
  // Only what is chosen changes which fields there are; of words only the sentence changes.
  refresh(event.target.matches("select") ? SWAPPED : []);
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=act]");
  if (!button || ["save", "copy"].includes(button.value)) return;
  event.preventDefault();
  // Enter in the field of a chat's number means to try it.
  const isTry = button.hidden && document.activeElement?.id === "id_chat";
  if (button.hidden && !isTry) refresh(SWAPPED);
  else press(isTry ? "try" : button.value);
});

// What goes on, as it comes: the page is asked again until it has ended.
const EVERY_MS = 700;

async function look() {
  const here = document.querySelector(".followed");
  if (here.dataset.state !== "running") return;
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector(".followed");
    if (now && now.outerHTML !== here.outerHTML) here.replaceWith(now);
  } catch {
    // The server is away for a moment: it is asked again.
  }
  setTimeout(look, EVERY_MS);
}

setTimeout(look, EVERY_MS);

"""Boxes as high as their words, in browsers whose style sheets can't have them so."""

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.once]

# Without a sheet that says more, a box here stays as high as its rows, as in such a browser.
BARE = """() => {
  CSS.supports = () => false;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { box-sizing: border-box } textarea { max-height: 300px }");
  document.adoptedStyleSheets = [sheet];
}"""
LINES = "\n".join(["words"] * 8)

WIDGET = """async (kept) => {
  const { Composer } = await import("/static/widget/composer.js");
  const composer = new Composer({
    texts: { write: "", send: "", attach: "", emoji: "" }, limits: { text: 4000, accept: "" },
    draft: { get: () => kept, set: () => {} }, typing: () => {}, send: () => {},
  });
  document.body.replaceChildren(composer.element);
  window.box = document.querySelector("textarea");
}"""

CHAT = """async (kept) => {
  document.body.innerHTML = `
    <script id="settings" type="application/json">{"me": {"id": "1"}, "longText": 4000}</script>
    <script id="texts" type="application/json">{"placeholders": {}}</script>
    <form id="composer"><textarea id="composer-text" rows="1"></textarea></form>`;
  window.box = document.querySelector("textarea");
  box.value = kept;
  const { mountComposer } = await import("/static/console/composer.js");
  mountComposer("one", { canNote: true, canReply: true, status: "active", mine: true });
}"""

TICKET = """async (kept) => {
  document.body.innerHTML = `<section id="ticket-pane" data-number="7">
    <form id="ticket-composer"><input name="cid"><input name="mode"><input name="cc">
    <input name="cc_shown"><textarea id="ticket-text" rows="1"></textarea></form></section>`;
  window.box = document.querySelector("textarea");
  box.value = kept;
  const composer = await import("/static/console/tickets/composer.js");
  composer.mountComposer();
  window.fetch = async () => new Response("", {
    headers: { "Console-Events": JSON.stringify({ "ticket:said": { ticket: "7", text: "" } }) },
  });
  window.begun ??= composer.startComposer() ?? true;
}"""

FITS = "box.scrollHeight === box.clientHeight"


@pytest.mark.parametrize("composer", [WIDGET, CHAT, TICKET], ids=["widget", "chat", "ticket"])
def test_a_box_is_as_high_as_its_words_where_its_sheet_cannot_see_to_it(
    modules: Page, composer: str
) -> None:
    modules.evaluate(BARE)
    modules.evaluate(composer, "")
    low: Any = modules.evaluate("box.offsetHeight")
    modules.locator("textarea").fill(LINES)
    modules.wait_for_function(f"{FITS} && box.offsetHeight > 4 * {low}")
    modules.evaluate("document.querySelector('form').requestSubmit()")
    modules.wait_for_function(f"box.value === '' && box.offsetHeight < 2 * {low}")
    # What was kept is there from the first.
    modules.evaluate(composer, LINES)
    modules.wait_for_function(f"{FITS} && box.offsetHeight > 4 * {low}")


def test_a_box_grows_with_a_narrower_page_and_no_further_than_it_may(modules: Page) -> None:
    modules.evaluate(BARE)
    modules.evaluate("""async () => {
      const { grow } = await import("/static/live/words.js");
      document.body.innerHTML = '<textarea rows="1" style="width: 100%"></textarea>';
      window.box = document.querySelector("textarea");
      grow(box);
      window.thrown = 0;
      addEventListener("error", () => (window.thrown += 1));
    }""")
    box = modules.locator("textarea")
    box.fill("many words " * 40)
    modules.wait_for_function(f"{FITS} && box.offsetHeight > 40")
    wide: Any = modules.evaluate("box.offsetHeight")
    modules.set_viewport_size({"width": 320, "height": 600})
    modules.wait_for_function(f"{FITS} && box.offsetHeight > {wide}")
    box.fill("words\n" * 40)
    modules.wait_for_function("box.offsetHeight === 300")
    assert modules.evaluate("[thrown, document.querySelectorAll('textarea').length]") == [0, 1]

"""What the script on the customer's page remembers, and does when that page asks."""

import json

import pytest
from playwright.sync_api import Frame, Page

pytestmark = [pytest.mark.browser, pytest.mark.once]

KEY = "imece:demo-shop"
LOAD = """async () => {
  const script = document.createElement("script");
  script.src = "/static/widget/loader.js";
  script.dataset.site = "demo-shop";
  document.head.append(script);
  await new Promise((loaded) => { script.onload = loaded; });
}"""
# The panel's page, which only listens here.
STAND_IN = """async () => {
  window.told = [];
  const init = new Promise((heard) => {
    addEventListener("message", ({ data }) => {
      told.push(data);
      if (data.imece === "init") heard();
    });
  });
  const texts = { open: "", close: "", unread: "" };
  const look = { color: "#123456", on: "#ffffff", side: "right", theme: "light", title: "", texts };
  parent.postMessage({ imece: "ready", look }, "*");
  await init;
}"""


def _load(page: Page) -> Frame:
    with page.expect_event("frameattached") as attached:
        page.evaluate(LOAD)
    frame: Frame = attached.value
    frame.wait_for_url("**/widget/frame/*")
    frame.evaluate(STAND_IN)
    return frame


def _told(frame: Frame, name: str) -> list[dict[str, object]]:
    # Words between pages arrive in order: behind this one there is nothing more.
    frame.evaluate(
        """() => new Promise((heard) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = heard;
          setTimeout(() => port2.postMessage(0));
        })"""
    )
    told: list[dict[str, object]] = frame.evaluate("told")
    return [each for each in told if each["imece"] == name]


def test_a_page_that_comes_back_as_it_was_left_learns_what_happened_meanwhile(
    modules: Page,
) -> None:
    frame = _load(modules)
    # What another page of the tab stored while this one was frozen raises no event in it.
    kept = json.dumps({"v": "the-visitor", "u": 2, "o": True})
    modules.evaluate("([key, kept]) => localStorage.setItem(key, kept)", [KEY, kept])
    modules.evaluate(
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
    )
    assert [each["visitor"] for each in _told(frame, "visitor")] == ["the-visitor"]
    assert [each["quiet"] for each in _told(frame, "open")] == [True]


@pytest.mark.parametrize("ask", ["open", "toggle"])
def test_a_hidden_widget_that_was_open_is_shown_when_the_page_asks(modules: Page, ask: str) -> None:
    modules.evaluate("localStorage.clear()")
    frame = _load(modules)
    modules.evaluate("Imece.on('open', () => { window.opened = (window.opened ?? 0) + 1; })")
    modules.evaluate("Imece.open(); Imece.hide()")
    modules.evaluate(f"Imece.{ask}()")
    assert len(_told(frame, "open")) == 2
    assert modules.evaluate("opened") == 2
    modules.evaluate("Imece.toggle()")
    assert len(_told(frame, "close")) == 2

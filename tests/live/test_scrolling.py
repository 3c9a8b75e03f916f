"""The newest line stays in sight, for whoever has not scrolled back."""

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.once]

LOG = """async () => {
  const { ThreadView } = await import("/static/live/thread.js");
  const { emptyThread } = await import("/static/live/store.js");
  const element = document.createElement("div");
  element.style.cssText = "height: 300px; overflow-y: auto";
  document.body.replaceChildren(element);
  const view = new ThreadView({
    element, me: { kind: "visitor" }, locale: "en", timeZone: "Europe/Berlin",
    texts: { today: "Today", yesterday: "Yesterday" }, spoken: new Set(["message"]),
  });
  const entries = Array.from({ length: 40 }, (_, number) => ({
    seq: number + 1, id: String(number), kind: "message", at: "2026-03-10T22:40:00Z", text: "x",
    data: {}, attachments: [], author: { kind: "agent", id: "1", name: "Elif" },
  }));
  view.render({ ...emptyThread("c1"), entries, last: 40 });
  window.settled = () => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
  window.grow = () => {
    const picture = document.createElement("div");
    picture.style.height = "200px";
    element.querySelector(".thread-log").append(picture);
  };
  window.view = view;
  window.element = element;
  await settled();
}"""


def test_a_picture_that_comes_right_after_the_end_was_scrolled_to_is_in_sight(
    modules: Page,
) -> None:
    modules.evaluate(LOG)
    # The browser tells of the scrolling when the next picture is there already.
    modules.evaluate("async () => { grow(); view.toEnd(); grow(); await settled(); }")
    assert modules.evaluate("view.atEnd()")
    modules.evaluate("async () => { element.scrollTop -= 400; await settled(); grow(); }")
    modules.evaluate("settled()")
    assert not modules.evaluate("view.atEnd()")

"""Words that pass by, and those that wait for somebody."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.once]

SHOW = """async () => {
  document.body.innerHTML = '<div id="toasts"></div>';
  const { show } = await import("/static/console/toasts.js");
  show("Saved");
  show("You missed a chat", undefined, true);
}"""


def test_what_was_missed_stands_until_a_hand_is_there(modules: Page) -> None:
    modules.clock.install()
    modules.evaluate(SHOW)
    toasts = modules.locator(".toast")
    modules.clock.run_for(60_000)
    expect(toasts).to_have_text(["You missed a chat"])
    modules.mouse.move(300, 300)
    modules.clock.run_for(5_000)
    expect(toasts).to_have_count(1)
    modules.clock.run_for(2_000)
    expect(toasts).to_have_count(0)

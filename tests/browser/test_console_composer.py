"""Whether the agent writes a reply or a note is never a surprise."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.console_page import Caller, Desk, open_desk
from tests.support.patience import Held, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def expect_mode(page: Page, mode: str) -> None:
    expect(page.locator("#composer")).to_have_attribute("data-mode", mode)


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    """Elif looks at the queue; what rings must be accepted."""
    return open_desk(site, new_context, path="/console/?tab=queue", team={"auto_accept": False})


def apart(page: Page, one: str, other: str) -> bool:
    """Whether neither covers anything of the other."""
    a, b = (page.locator(each).bounding_box() for each in (one, other))
    assert a
    assert b
    beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
    return beside or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]


def accept(desk: Desk, caller: Caller) -> None:
    desk.page.locator("#accept-button").click()
    expect(desk.page.locator("#resolve-button")).to_be_visible()
    expect(desk.page.locator(f"#thread-pane[data-conversation='{caller.id}']")).to_be_visible()


def test_the_first_words_after_accepting_go_to_the_customer(desk: Desk) -> None:
    caller = desk.opened()
    expect_mode(desk.page, "note")
    # A page of any name.
    desk.page.locator(".offer-page").evaluate("line => line.append(' ' + 'word '.repeat(40))")
    for width in (1280, 768, 360):
        desk.page.set_viewport_size({"width": width, "height": 740})
        assert apart(desk.page, "#chat-head", ".offer"), width
        box = desk.page.locator(".offer [value=accept]").bounding_box()
        assert box
        assert box["x"] + box["width"] <= desk.page.locator("#offers").evaluate(
            "offers => offers.getBoundingClientRect().right"
        ), width
    held = Held(desk.page, "**/accept/")
    desk.page.locator("#accept-button").click()
    held.wait()
    # The server takes its time; the agent does not.
    expect_mode(desk.page, "reply")
    desk.page.fill("#composer-text", "Good morning")
    desk.page.press("#composer-text", "Enter")
    held.let_go()
    said = desk.page.locator(".message.is-own:not(.is-pending)")
    expect(said.filter(has_text="Good morning")).to_be_visible()
    assert caller.texts() == ["Hello", "Good morning"]


def test_words_written_as_a_note_stay_a_note_when_a_reply_becomes_possible(desk: Desk) -> None:
    caller = desk.opened()
    desk.page.fill("#composer-text", "He called twice")
    accept(desk, caller)
    expect_mode(desk.page, "note")
    desk.page.press("#composer-text", "Enter")
    desk.sent("He called twice")
    assert caller.texts() == ["Hello"]


def test_the_first_words_after_reopening_go_to_the_customer(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context)
    caller = desk.opened()
    expect_mode(desk.page, "reply")
    caller.end()
    expect_mode(desk.page, "note")
    desk.page.locator("#reopen-button").click()
    expect_mode(desk.page, "reply")
    desk.write("One more thing")
    assert caller.texts()[-1] == "One more thing"


def test_an_empty_composer_never_opens_on_the_note(desk: Desk) -> None:
    caller = desk.opened()
    accept(desk, caller)
    desk.page.locator("#composer .mode[data-mode=note]").click()
    desk.write("For us")
    desk.page.reload()
    expect(desk.page.locator("#resolve-button")).to_be_visible()
    expect_mode(desk.page, "reply")


# What stands behind a menu of the menu was there before.
PRESS_AGAIN = """() => {
  const watch = new MutationObserver(() => {
    if (!document.querySelector("#resolve-button")) return;
    watch.disconnect();
    const now = ".chat-actions button[id]:not(#chat-rare *)";
    for (const button of document.querySelectorAll(now)) button.click();
    document.documentElement.dataset.pressedAgain = "yes";
  });
  watch.observe(document.querySelector("#chat"), { childList: true, subtree: true });
}"""


def test_a_second_press_on_accept_does_nothing_else(desk: Desk) -> None:
    caller = desk.opened()
    # A hand that presses again as soon as the answer is there.
    desk.page.evaluate(PRESS_AGAIN)
    desk.page.locator("#accept-button").click()
    expect(desk.page.locator("html")).to_have_attribute("data-pressed-again", "yes")
    expect(desk.page.locator("dialog[open]")).to_have_count(0)
    # A moment later it is meant.
    late = "late => (window.late ??= performance.now() + 900) < performance.now()"
    until(desk.page, lambda: desk.page.evaluate(late))
    desk.page.locator("#resolve-button").click()
    expect(desk.page.locator("dialog[open]")).to_be_visible()
    assert caller.texts() == ["Hello"]

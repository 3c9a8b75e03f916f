"""What hands really do in both composers and in forms: paste, input methods, haste."""

import pytest
from playwright.sync_api import Locator, expect

from agents.models import CannedReply
from tests.conftest import Site
from tests.support.chromium import Contexts, Problems
from tests.support.console_page import open_desk
from tests.support.patience import Held
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CELLS = {"text/plain": "Ürün\t3", "text/html": "<table><td>Ürün<td>3</table>"}
PASTE = """(box, kinds) => {
  const clipboardData = new DataTransfer();
  for (const [kind, text] of Object.entries(kinds)) clipboardData.setData(kind, text);
  clipboardData.items.add(new File(["x"], "image.png", { type: "image/png" }));
  const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  return box.dispatchEvent(event);
}"""
PRESS = """(box, how) => {
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...how });
  return box.dispatchEvent(event);
}"""


def pastes_text(box: Locator, kinds: dict[str, str] = CELLS) -> bool:
    """Whether the browser is left to paste, as it does with text."""
    return bool(box.evaluate(PASTE, kinds))


def compose(box: Locator) -> None:
    """Press keys that belong to an input method."""
    for how in (
        {"key": "Enter", "keyCode": 229},
        {"key": "Enter", "isComposing": True},
        {"key": "Escape", "isComposing": True},
        {"key": "Escape", "keyCode": 229},
    ):
        box.evaluate(PRESS, how)


def test_the_visitors_composer(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start("Hello")
    box = visitor.frame.locator(".composer-text")
    assert pastes_text(box)
    box.fill("かな")
    compose(box)
    expect(visitor.frame.locator(".chat")).to_be_visible()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "true")
    expect(box).to_have_value("かな")
    for unseen in ("\u200b", "\u2800", "\u3164"):
        box.fill(unseen)
        expect(visitor.frame.locator(".send")).to_be_disabled()
        box.press("Enter")
    visitor.say("Seen")
    assert elif_.texts(elif_.chats()[0]["id"]) == ["Hello", "Seen"]
    assert not pastes_text(box, {})
    expect(visitor.frame.locator(".composer")).to_contain_text("image.png")


def test_the_agents_composer(site: Site, new_context: Contexts) -> None:
    desk = open_desk(site, new_context)
    caller = desk.opened()
    box = desk.page.locator("#composer-text")
    assert pastes_text(box)
    box.fill("かな")
    compose(box)
    expect(box).to_have_value("かな")
    expect(desk.page.locator("#thread-pane")).to_be_visible()
    for unseen in ("\u200b", "\u2800", "\u3164"):
        desk.enter(unseen)
    desk.write("Seen")
    assert caller.texts() == ["Hello", "Seen"]


@pytest.mark.parametrize("late", ["**/console/canned*.js", "**/canned/"])
def test_enter_before_the_list_puts_the_first_reply_in(
    site: Site, new_context: Contexts, late: str
) -> None:
    desk = open_desk(site, new_context)
    CannedReply.objects.create(shortcut="bye", title="Bye", body="Goodbye", language="en")
    caller = desk.opened()
    held = Held(desk.page, late)
    box = desk.page.locator("#composer-text")
    box.press_sequentially("/bye")
    box.press("Enter")
    held.wait()
    expect(box).to_have_value("/bye")
    held.let_go()
    expect(box).to_have_value("Goodbye")
    assert caller.texts() == ["Hello"]


def test_the_field_says_what_is_wrong_with_an_address(
    site: Site, new_context: Contexts, problems: Problems
) -> None:
    problems.allow("status of 400")
    shop = Shop(site, language="tr")
    shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url)
    visitor.page.evaluate("Imece.set({ email: 'a..b@example.com', name: 'Vera \\ud83c' })")
    visitor.open().pick()
    # The last one only the server knows to be none.
    for wrong in ("a..b@example.com", "ali@example.c0m", "ali@" + "ş" * 60 + ".com"):
        visitor.fill(email=wrong, text="My words").submit()
        said = "Lütfen e-posta adresini kontrol edin."
        expect(visitor.frame.locator("#email-error")).to_have_text(said)
        expect(visitor.frame.locator("#text")).to_have_value("My words")
        visitor.fill(email="ali@example.com")
        expect(visitor.frame.locator("#email-error")).to_be_empty()
    visitor.submit()
    visitor.frame.locator(".chat").wait_for()

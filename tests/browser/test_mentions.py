"""Colleagues named in notes: the list after an @, in chats and tickets."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.console_page import open_desk, ready
from tests.support.factories import make_agent, make_role
from tests.support.patience import Held
from tests.support.tickets import opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PRESS = """(box, how) => {
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...how });
  return box.dispatchEvent(event);
}"""


def names(page: Page) -> list[str]:
    return page.locator("#picker [role=option] .shortcut").all_text_contents()


def test_an_at_sign_offers_who_may_see_the_chat_or_the_ticket(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context)
    page = desk.page
    for name in ("Işıl Demir", "İpek Şahin", "Mert Yılmaz"):
        desk.team.agents.add(make_agent(name=name, role=make_role(scope="team")))
    make_agent(name="Işık Yabancı")
    desk.opened()
    page.locator("#composer button[data-mode=note]").click()
    box, option = page.locator("#composer-text"), page.locator("#picker [role=option]")
    # The list is not there yet, and the first of it is meant.
    held = Held(page, "**/colleagues/")
    box.press_sequentially("Ask @mer")
    held.wait()
    box.press("Enter")
    held.let_go()
    expect(box).to_have_value("Ask @Mert Yılmaz ")
    # Whatever the letter i: nobody of another team is offered, nor the agent themselves.
    box.press_sequentially("and @i")
    expect(option).to_have_count(3)
    assert names(page) == ["@Işıl Demir", "@İpek Şahin", "@Mert Yılmaz"]
    assert box.get_attribute("aria-activedescendant") == "picker-0"
    assert_accessible(page)
    top = box.bounding_box()
    # What belongs to an input method is nobody's choice.
    box.evaluate(PRESS, {"key": "Enter", "isComposing": True})
    expect(option).to_have_count(3)
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == "picker-1"
    box.press("Tab")
    expect(box).to_have_value("Ask @Mert Yılmaz and @İpek Şahin ")
    expect(page.locator("#picker")).to_have_count(0)
    assert box.bounding_box() == top
    box.press_sequentially("or @IŞIL")
    expect(option).to_have_count(1)
    box.press("Escape")
    expect(page.locator("#picker")).to_have_count(0)
    box.press_sequentially(" D")
    option.click()
    expect(box).to_have_value("Ask @Mert Yılmaz and @İpek Şahin or @Işıl Demir ")
    # An address is no name, nor is a reply to the customer.
    box.press_sequentially("a@i")
    expect(page.locator("#picker")).to_have_count(0)
    box.press("Enter")
    expect(page.locator("#thread")).to_contain_text("@İpek Şahin or @Işıl Demir a@i")
    expect(page.locator(".message.is-pending")).to_have_count(0)
    page.goto(f"{site.url}/console/tickets/{opened(desk.brand).pk}/?folder=all")
    ready(page)
    page.keyboard.press("Alt+P")
    page.locator("#ticket-text").press_sequentially("@isi")
    expect(option).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-text")).to_have_value("@Işıl Demir ")

"""Canned replies in the composer: the picker, its button, what is to be filled in."""

import pytest
from playwright.sync_api import expect

from agents.models import CannedReply
from tests.conftest import Site
from tests.support.chromium import Contexts, Problems
from tests.support.console_page import Desk, open_desk, ready

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context)


def _canned(**changes: str) -> CannedReply:
    told = {"shortcut": "x", "title": "X", "body": "x", "language": "en"} | changes
    return CannedReply.objects.create(**told)


def test_the_canned_picker_knows_turkish_letters_and_fills_names(desk: Desk) -> None:
    page = desk.page
    _canned(
        shortcut="kosul", title="İADE KOŞULLARI", body="Dear {{visitor.name|customer}}: 14 days."
    )
    _canned(shortcut="track", title="Tracking", body="Your parcel is {{parcel}}.")
    visitor = desk.opened()
    page.type("#composer-text", "Hi /iade")
    option = page.locator("#picker [role=option]")
    expect(option).to_have_count(1)
    expect(option).to_contain_text("İADE KOŞULLARI")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-text")).to_have_value("Hi Dear Zeynep Aksoy: 14 days.")
    with page.expect_response(lambda r: r.url.endswith("/used/") and r.status == 204):
        page.keyboard.press("Enter")
    expect(page.locator(".message.is-own")).to_contain_text("Dear Zeynep Aksoy: 14 days.")
    page.keyboard.type("/track")
    expect(option).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-hint")).to_contain_text("Fill in")
    page.keyboard.type("ready")
    page.keyboard.press("Enter")
    desk.sent("Your parcel is ready.")
    assert visitor.texts()[1:] == ["Hi Dear Zeynep Aksoy: 14 days.", "Your parcel is ready."]


def test_the_button_lists_canned_replies_and_a_click_puts_one_in(
    desk: Desk, problems: Problems
) -> None:
    problems.allow("status of 503")
    page = desk.page
    _canned(shortcut="hello", title="Greeting", body="Good morning.")
    desk.opened()
    option = page.locator("#picker [role=option]")
    page.click("#composer-text")
    page.route("**/canned/", lambda route: route.fulfill(status=503, json={"status": 503}))
    page.get_by_role("button", name="Canned replies").click()
    expect(page.locator("#picker")).to_have_text("That did not work. Try again.")
    page.keyboard.press("Escape")
    page.unroute("**/canned/")
    page.get_by_role("button", name="Canned replies").click()
    expect(option).to_have_count(1)
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(option).to_have_count(0)
    expect(page.locator("#thread-pane[data-conversation]")).to_be_visible()
    page.get_by_role("button", name="Canned replies").click()
    option.click()
    expect(page.locator("#composer-text")).to_have_value("Good morning.")
    # What was begun and left means the list as well when the agent comes back.
    page.fill("#composer-text", "/hello")
    expect(option).to_have_count(1)
    page.reload()
    ready(page)
    expect(page.locator("#composer-text")).to_have_value("/hello")
    page.press("#composer-text", "Enter")
    expect(page.locator("#composer-text")).to_have_value("Good morning.")
    expect(page.locator(".message.is-own")).to_have_count(0)


def test_the_list_leads_to_the_page_on_which_own_replies_are_written(desk: Desk) -> None:
    page = desk.page
    desk.opened()
    chat = page.url
    page.get_by_role("button", name="Canned replies").click()
    expect(page.locator("#picker .none")).to_be_visible()
    page.get_by_role("link", name="Manage canned replies").click()
    expect(page.get_by_role("heading", name="New canned reply")).to_be_visible()
    page.get_by_role("textbox", name="Shortcut").fill("/thanks")
    page.get_by_role("textbox", name="Title").fill("Thank you")
    page.get_by_role("textbox", name="Text").fill("Thank you for writing to us.")
    page.get_by_role("combobox", name="Language").select_option("en")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    page.get_by_role("link", name="Edit: /thanks").click()
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    page.goto(chat)
    ready(page)
    page.get_by_role("button", name="Canned replies").click()
    page.locator("#picker [role=option]", has_text="/thanks").click()
    expect(page.locator("#composer-text")).to_have_value("Thank you for writing to us.")

"""Canned replies in the composer: the picker, its button, what is to be filled in."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agents.models import CannedReply
from agents.operations.canned import add_reply_files
from config.files.cleaning import clean_file
from tests.conftest import Site
from tests.support.chromium import Contexts, Problems, assert_accessible
from tests.support.console_page import Desk, open_desk, ready
from tests.support.patience import Held

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


def test_the_files_of_a_canned_reply_are_attached_with_its_words(desk: Desk) -> None:
    page = desk.page
    reply = _canned(shortcut="prices", title="Prices", body="Our prices.")
    files = [clean_file(b"14 days", "returns.txt"), clean_file(b"1 TL", "prices.txt")]
    add_reply_files(reply=reply, files=files, now=timezone.now())
    visitor = desk.opened()
    uploads = page.locator("#uploads .upload")
    held = Held(page, re.compile("/api/v1/attachments"))
    page.type("#composer-text", "/pri")
    option = page.locator("#picker [role=option]")
    expect(option).to_have_accessible_name(
        "/prices Prices Our prices. Files: returns.txt, prices.txt"
    )
    assert_accessible(page)
    # Ctrl+Enter sends at once: when the files are there.
    page.keyboard.press("Control+Enter")
    expect(uploads).to_have_count(2)
    expect(page.locator("#composer-text")).to_have_value("Our prices.")
    expect(page.locator(".message.is-own")).to_have_count(0)
    held.let_go()
    desk.sent("Our prices.")
    expect(uploads).to_have_count(0)
    page.keyboard.type("/pri")
    expect(option).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#uploads .upload span:empty")).to_have_count(2)
    page.get_by_role("button", name="Remove returns.txt").press("Enter")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".message.is-own")).to_have_count(2)
    desk.sent("prices.txt")
    said = [entry for entry in visitor.entries() if entry["text"] == "Our prices."]
    names = [[file["name"] for file in entry["attachments"]] for entry in said]
    assert names == [["returns.txt", "prices.txt"], ["prices.txt"]]


def test_files_of_an_own_reply_that_are_too_large_are_refused_before_anything_is_lost(
    desk: Desk,
) -> None:
    page = desk.page
    page.goto(f"{desk.site.url}/profile/canned/")
    page.get_by_role("textbox", name="Shortcut").fill("prices")
    page.get_by_role("textbox", name="Title").fill("Prices")
    page.get_by_role("textbox", name="Text").fill("Our prices.")
    field = page.locator("input[type=file]")
    large = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x" * 6_000_000}
    field.set_input_files([large, large])
    expect(page.get_by_role("alert").filter(has_text="more than 10 MB")).to_be_visible()
    assert_accessible(page)
    assert field.input_value() == ""
    field.set_input_files([{"name": "b.txt", "mimeType": "text/plain", "buffer": b"1 TL"}])
    expect(page.get_by_role("alert").filter(has_text="more than 10 MB")).to_have_count(0)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.get_by_role("link", name="b.txt")).to_be_visible()
    page.get_by_role("link", name="Edit: /prices").click()
    page.get_by_role("checkbox", name="b.txt").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.get_by_role("link", name="b.txt")).to_have_count(0)

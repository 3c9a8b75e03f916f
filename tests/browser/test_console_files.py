"""An agent's files, from the button to the visitor."""

import re

import pytest
from playwright.sync_api import expect

from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.console_page import Desk, open_desk
from tests.support.http import picture
from tests.support.patience import Held

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context)


def test_files_go_by_button_and_come_back_as_pictures(desk: Desk) -> None:
    page = desk.page
    visitor = desk.opened()
    page.set_input_files(
        "#file-input", {"name": "a.png", "mimeType": "image/png", "buffer": picture(size=(40, 30))}
    )
    expect(page.locator(".upload")).to_contain_text("a.png")
    expect(page.locator(".upload")).not_to_contain_text("Uploading")
    desk.write("Look")
    shown_picture = page.locator(".message.is-own img")
    expect(shown_picture).to_be_visible()
    expect(shown_picture).to_have_js_property("naturalWidth", 40)
    shown = [entry["attachments"] for entry in visitor.entries() if entry["text"] == "Look"]
    assert shown[0][0]["name"] == "a.png"


def test_a_file_stays_with_the_chat_for_which_it_was_chosen(desk: Desk) -> None:
    """Alone in holding what happens between a choice of files and the script that takes them."""
    page = desk.page
    first, second = desk.chat(name="First"), desk.chat(name="Second")
    desk.open(first)
    held = Held(page, re.compile("/console/uploads"))
    page.set_input_files(
        "#file-input", {"name": "a.png", "mimeType": "image/png", "buffer": picture()}
    )
    held.wait()
    desk.open(second)
    with page.expect_response("**/api/v1/attachments"):
        held.let_go()
    desk.write("Nothing is attached to this")
    expect(page.locator(".message.is-own")).to_have_count(1)
    expect(page.locator(".message-file")).to_have_count(0)
    for _ in range(2):
        desk.open(first)
        expect(page.locator(".upload")).to_contain_text("a.png")
        desk.open(second)
        expect(page.locator(".upload")).to_have_count(0)
    desk.open(first)
    desk.write("This is it")
    expect(page.locator(".message.is-own .message-file")).to_have_count(1)
    expect(page.locator(".upload")).to_have_count(0)


def test_a_file_too_many_is_named_before_anything_is_sent(desk: Desk) -> None:
    page = desk.page
    visitor = desk.opened()
    files = [
        {"name": f"{number}.txt", "mimeType": "text/plain", "buffer": b"fine"}
        for number in range(11)
    ]
    page.set_input_files("#file-input", files)
    expect(page.locator(".upload.is-failed")).to_have_count(1)
    expect(page.locator(".upload.is-failed")).to_contain_text("At most 10 files at once.")
    expect(page.locator("#uploads")).not_to_contain_text("Uploading")
    expect(page.get_by_role("button", name="Remove 10.txt")).to_be_visible()
    desk.write("Ten")
    expect(page.locator(".message.is-own .message-file")).to_have_count(10)
    [said] = [entry for entry in visitor.entries() if entry["text"] == "Ten"]
    assert len(said["attachments"]) == 10

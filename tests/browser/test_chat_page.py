"""The page of one chat, opened by the link in a mail, in a real browser."""

from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from chat.links import link_to
from chat.operations.assignment import accept
from chat.posting.messages import Author, Outgoing, post_message
from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.http import cid, make_shop, open_widget, started

pytestmark = pytest.mark.browser


def test_a_customer_goes_on_with_the_chat_without_the_widget(
    site: Site, new_context: Contexts
) -> None:
    shop = make_shop(name="Nimbus", primary_color="#0b6e6e")
    widget = open_widget(shop.brand)
    chat = started(widget, "Where is my order?")
    chat.refresh_from_db()
    if chat.assignee is None:
        accept(conversation=chat, agent=shop.elif_, now=timezone.now())
    visitor = widget.visitor
    visitor.email = "vera@example.com"
    visitor.save()

    def says(text: str) -> None:
        said = Outgoing(chat.public_id, Author.of_agent(shop.elif_), text, cid())
        post_message(said, now=timezone.now())

    says("It left yesterday.")
    page = new_context(viewport={"width": 420, "height": 800}).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(site.url + urlsplit(link_to(chat, "vera@example.com")).path)
    assert page.url == f"{site.url}/c/{chat.public_id}/"
    log = page.get_by_role("log")
    expect(log).to_contain_text("It left yesterday.")
    page.get_by_label("Your message").fill("Half a sentence")
    # Comes without a reload, and takes nothing away that is being written.
    says("It comes tomorrow.")
    expect(log).to_contain_text("It comes tomorrow.")
    expect(page.get_by_label("Your message")).to_have_value("Half a sentence")
    assert_accessible(page)
    page.get_by_label("Your message").fill("Thank you!")
    page.get_by_role("button", name="Send").click()
    expect(log.locator(".is-own").last).to_contain_text("Thank you!")
    expect(page.get_by_label("Your message")).to_have_value("")
    # What the server drew is stored.
    newest = chat.entries.get(body="Thank you!")
    chat.refresh_from_db()
    assert newest.author_kind == "visitor"
    assert chat.visitor_read_seq >= newest.visitor_seq - 1
    assert errors == []

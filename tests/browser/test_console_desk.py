"""The desk around the conversation: queue, status, topic, end, keyboard."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from agents.models import Agent, BreakReason
from chat.models import Conversation, Offer
from tests.conftest import Site
from tests.support import factories
from tests.support.chromium import Contexts, assert_accessible
from tests.support.console_page import Desk, open_desk, ready
from tests.support.patience import Held
from tests.support.site import sweep

pytestmark = pytest.mark.browser

# The head of a chat comes anew whenever something happens to the chat.
DRAW_ANEW = """id => {
  document.querySelector("#end-button").dataset.old = "yes";
  document.body.dispatchEvent(new CustomEvent("console:changed", { detail: { id } }));
}"""


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context)


@pytest.mark.both
def test_the_queue_is_taken_in_order_up_to_the_limit(site: Site, new_context: Contexts) -> None:
    desk = open_desk(site, new_context, agent={"status": "break", "capacity": 1})
    page = desk.page
    first, second = desk.caller(name="First"), desk.caller(name="Second")
    desk.elif_.status = "online"
    desk.elif_.save(update_fields=["status"])
    first.start("One")
    expect(page.locator(f"#row-{first.id}")).to_be_visible()
    second.start("Two")
    expect(page.locator("#foot")).to_contain_text("Queue 1")
    page.locator(".list-tabs a").nth(1).click()
    expect(page.locator(f"#row-{second.id}")).to_be_visible()
    page.get_by_role("button", name="Take the next one").click()
    expect(page.locator("#toasts")).to_contain_text("as many chats as you may hold")
    with page.expect_response("**/console/next/**"):
        page.get_by_role("button", name="Take the next one").click()
    expect(page.locator("#toasts .toast")).to_have_count(1)
    assert Conversation.objects.get(public_id=second.id).assignee is None
    desk.elif_.capacity = 2
    Agent.objects.filter(pk=desk.elif_.pk).update(capacity=2)
    page.keyboard.press("Alt+a")
    expect(page.locator(f"#thread-pane[data-conversation='{second.id}']")).to_be_visible()
    assert Conversation.objects.get(public_id=second.id).assignee == desk.elif_


@pytest.mark.parametrize("by", ["double click", "held key"])
def test_a_double_click_or_a_key_that_is_held_takes_one_chat(
    site: Site, new_context: Contexts, by: str
) -> None:
    # Nobody is given chats by themselves.
    rings = {"auto_accept": False, "ring_seconds": 600}
    desk = open_desk(site, new_context, team=rings, agent={"capacity": 9})
    page = desk.page
    for name in ("First", "Second", "Third"):
        desk.caller(name=name).start("Hello")
    page.locator("#tab-queue").click()
    expect(page.locator("#rows .row-item")).to_have_count(3)
    if by == "double click":
        page.locator("#next-button").dblclick()
    else:
        page.keyboard.down("Alt")
        for _ in range(8):
            page.keyboard.down("a")
    # What was taken stands among the agent's own.
    expect(page.locator("#list[data-tab=mine] .row-item")).to_have_count(1)
    expect(page.locator("#tab-queue .count")).to_have_text("2")
    assert Conversation.objects.filter(assignee=desk.elif_).count() == 1


@pytest.mark.both
def test_a_chat_that_rings_can_be_declined_and_accepted(site: Site, new_context: Contexts) -> None:
    desk = open_desk(site, new_context, team={"auto_accept": False, "ring_seconds": 60})
    page = desk.page
    declined = desk.caller(name="Nobody's")
    declined.start("Hello?")
    offer = page.locator(".offer")
    expect(offer).to_contain_text("Nobody's")
    expect(page.locator("html")).to_have_attribute("data-sound", "chat")
    offer.get_by_role("button", name="Decline").click()
    expect(offer).to_have_count(0)
    wanted = desk.caller(name="Can Öz")
    wanted.start("Anybody?")
    expect(offer).to_contain_text("Can Öz")
    offer.get_by_role("button", name="Accept").click()
    expect(page.locator(f"#thread-pane[data-conversation='{wanted.id}']")).to_be_visible()
    expect(offer).to_have_count(0)
    assert Conversation.objects.get(public_id=wanted.id).assignee == desk.elif_
    assert Conversation.objects.get(public_id=declined.id).assignee is None
    missed = desk.caller(name="Vera Ak")
    missed.start("Is anybody there?")
    expect(offer).to_contain_text("Vera Ak")
    ringing = Offer.objects.filter(conversation__public_id=missed.id)
    ringing.update(rings_until=timezone.now())
    sweep(site.process)
    words = "Vera Ak: You did not answer a chat in time. It went on to others."
    expect(page.locator("#toasts")).to_contain_text(words)


def test_going_offline_with_a_chat_asks_what_becomes_of_it(desk: Desk) -> None:
    BreakReason.objects.create(name_tr="Yemek", name_en="Lunch")
    page = desk.page
    page.reload()
    ready(page)
    visitor = desk.opened()
    page.click(".status-button")
    page.get_by_role("button", name="Break · Lunch").click()
    expect(page.locator(".status-button strong")).to_contain_text("Lunch")
    expect(page.locator("#status time")).to_have_text(re.compile(r"^00:0\d:\d\d$"))
    page.click(".status-button")
    page.locator("#status-menu").get_by_role("button", name="Offline").click()
    dialog = page.locator("#dialogs dialog")
    expect(dialog).to_contain_text("You have 1 open chat")
    dialog.get_by_role("button", name="Stay").click()
    expect(page.locator("#status")).to_have_attribute("data-status", "break")
    page.click(".status-button")
    page.locator("#status-menu").get_by_role("button", name="Offline").click()
    dialog.get_by_role("button", name="Hand back to the queue").click()
    expect(page.locator("#status")).to_have_attribute("data-status", "offline")
    expect(page.locator(f"#row-{visitor.id}")).to_have_count(0)
    chat = Conversation.objects.get(public_id=visitor.id)
    assert (chat.status, chat.assignee) == ("queued", None)


def test_resolving_by_keyboard_needs_a_topic_and_leads_to_the_next_chat(desk: Desk) -> None:
    page = desk.page
    payment = factories.make_topic(
        desk.brand, desk.team, name_tr="Ödeme ve fatura", name_en="Ödeme", position=2
    )
    visitor, other = desk.chat("One"), desk.chat("Two", name="Can Öz")
    desk.open(visitor)
    page.keyboard.press("Alt+e")
    dialog = page.locator("#dialogs dialog")
    expect(dialog.get_by_role("option")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(dialog.locator(".error")).to_have_text("Choose a topic.")
    page.keyboard.type("odem")
    expect(dialog.locator("[aria-selected=true]")).to_have_text("Ödeme")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator(f"#thread-pane[data-conversation='{other.id}']")).to_be_visible()
    # It can be undone until then.
    expect(page.locator(f"#row-{visitor.id}")).to_have_count(0)
    chat = Conversation.objects.get(public_id=visitor.id)
    assert (chat.status, chat.topic) == ("resolved", payment)
    page.locator(".list-head").get_by_role("link", name="Archive").click()
    page.wait_for_url("**/console/archive/")
    ready(page)
    page.locator(f"#row-{visitor.id} a").click()
    expect(page.locator("#thread")).to_contain_text("One")
    expect(page.locator("#composer")).to_be_hidden()
    expect(page.locator("#composer-closed")).to_be_visible()
    page.get_by_role("button", name="Reopen").click()
    expect(page.locator("#composer")).to_be_visible()
    page.wait_for_url(f"**/console/chats/{visitor.id}/**")
    assert Conversation.objects.get(public_id=visitor.id).status == "active"


def test_an_agent_ends_a_chat_after_a_question(desk: Desk) -> None:
    page = desk.page
    visitor = desk.opened()
    question = page.get_by_role("dialog", name="End this chat?")
    for answer in ("Cancel", "End chat"):
        assert Conversation.objects.get(public_id=visitor.id).status == "active"
        page.get_by_role("button", name="More").click()
        page.get_by_role("button", name="End chat").click()
        expect(question).to_be_visible()
        page.evaluate(DRAW_ANEW, visitor.id)
        expect(page.locator("#end-button[data-old]")).to_have_count(0)
        question.get_by_role("button", name=answer).click()
        expect(question).to_be_hidden()
    expect(page.locator("#thread")).to_contain_text("Elif Kaya ended the chat")
    assert Conversation.objects.get(public_id=visitor.id).status == "wrap_up"


def test_the_topic_of_an_open_chat_changes_without_resolving_it(desk: Desk) -> None:
    page = desk.page
    payment = factories.make_topic(desk.brand, factories.make_team(), name_en="Payment")
    visitor = desk.opened("It is about money")
    button = page.locator("#topic-button")
    expect(button).to_contain_text("Choose topic")
    button.press("Enter")
    dialog = page.locator("#dialogs dialog")
    expect(dialog).to_be_visible()
    assert_accessible(page)
    page.keyboard.type("pay")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(button).to_contain_text("Payment")
    expect(button).to_be_focused()
    expect(page.locator("#thread")).to_contain_text("Elif Kaya set the topic: Payment")
    chat = Conversation.objects.get(public_id=visitor.id)
    assert (chat.topic, chat.assignee, chat.status) == (payment, desk.elif_, "active")
    assert visitor.texts() == ["It is about money"]
    assert "field" not in [entry["kind"] for entry in visitor.entries()]


def test_a_chat_ended_by_the_visitor_waits_for_its_topic(desk: Desk) -> None:
    page = desk.page
    visitor = desk.caller()
    visitor.start("Bye then", topic=desk.topic)
    expect(page.locator(f"#row-{visitor.id}")).to_be_visible()
    desk.open(visitor)
    visitor.end()
    expect(page.locator("#thread")).to_contain_text("The customer ended the chat")
    expect(page.locator("#section-wrap_up")).to_be_visible()
    expect(page.locator("#composer-hint")).to_have_text("The chat has ended. Reopen it to reply.")
    expect(page.locator(f"#row-{visitor.id} .wait")).to_have_count(0)
    page.keyboard.press("Alt+e")
    expect(page.get_by_role("option", name="Returns", selected=True)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".row-item")).to_have_count(0)
    assert Conversation.objects.get(public_id=visitor.id).topic == desk.topic


def test_enter_before_the_dialog_is_there_sends_nothing_to_the_customer(desk: Desk) -> None:
    page = desk.page
    visitor = desk.opened()
    page.fill("#composer-text", "Half a")
    for late in ("/resolve/", "/console/dialogs.*[.]js"):
        held = Held(page, re.compile(late))
        page.locator("#composer-text").press("Alt+e")
        held.wait()
        page.keyboard.press("Enter")
        held.let_go()
        expect(page.locator("#topic-filter")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#composer-text")).to_be_focused()
        page.reload()
        ready(page)
    page.locator("#composer-text").press("End")
    page.keyboard.type(" sentence")
    page.keyboard.press("Enter")
    desk.sent("Half a sentence")
    assert visitor.texts() == ["Hello", "Half a sentence"]


def test_everything_works_without_a_mouse(desk: Desk) -> None:
    page = desk.page
    visitor = desk.chat("Keys only")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Alt+j")
    expect(page.locator("#composer-text")).to_be_focused()
    page.keyboard.type("First line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    desk.sent("second line")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".thread-pane.none")).to_be_visible()
    expect(page.locator(f"#row-{visitor.id} a")).to_be_focused()
    assert page.url.endswith("/console/")
    assert visitor.texts() == ["Keys only", "First line\nsecond line"]


def test_the_focus_goes_on_from_what_was_chosen(desk: Desk) -> None:
    page = desk.page
    page.set_viewport_size({"width": 1440, "height": 900})
    desk.opened("Hello", name="Vera Ak")
    expect(page.locator("#composer-text")).to_be_focused()
    page.locator("#convert-button").press("Enter")
    expect(page.locator(".ticket-chip")).to_be_visible()
    expect(page.locator("#composer-text")).to_be_focused()
    page.locator("#status-button").press("Enter")
    page.get_by_role("button", name="Invisible").press("Enter")
    expect(page.locator("#status-button")).to_contain_text("Invisible")
    expect(page.locator("#status-button")).to_be_focused()

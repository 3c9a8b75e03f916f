"""The desk around the conversation: queue, status, resolve, canned replies, alerts, keyboard."""

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from agents.models import Agent, BreakReason, CannedReply
from agents.operations.canned import search_text_of
from chat.models import Conversation
from chat.operations.transfers import transfer
from tests.conftest import Site
from tests.support import factories
from tests.support.chromium import Contexts, Problems, assert_accessible
from tests.support.console_page import Desk, now, open_desk, ready

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context)


def _canned(**changes: str) -> CannedReply:
    reply = CannedReply(**{"shortcut": "x", "title": "X", "body": "x", "language": "en"} | changes)
    reply.search_text = search_text_of(reply)
    reply.save()
    return reply


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
    assert Conversation.objects.get(public_id=second.id).assignee is None
    desk.elif_.capacity = 2
    Agent.objects.filter(pk=desk.elif_.pk).update(capacity=2)
    page.keyboard.press("Alt+a")
    expect(page.locator(f"#thread-pane[data-conversation='{second.id}']")).to_be_visible()
    assert Conversation.objects.get(public_id=second.id).assignee == desk.elif_


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


def test_going_offline_with_a_chat_asks_what_becomes_of_it(desk: Desk) -> None:
    BreakReason.objects.create(name_tr="Yemek", name_en="Lunch")
    page = desk.page
    page.reload()
    ready(page)
    visitor = desk.opened()
    page.click(".status-button")
    page.get_by_role("button", name="Break · Lunch").click()
    expect(page.locator(".status-button strong")).to_contain_text("Lunch")
    expect(page.locator("#status time")).to_have_text(re.compile("^00:00:0"))
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
    chat = Conversation.objects.get(public_id=visitor.id)
    assert (chat.status, chat.topic) == ("resolved", payment)
    page.locator(".list-head").get_by_role("link", name="Archive").click()
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
    expect(page.locator("#dialogs [aria-selected=true]")).to_have_text("Returns")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Resolved")
    assert Conversation.objects.get(public_id=visitor.id).topic == desk.topic


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
    expect(page.locator(".message.is-pending")).to_have_count(0)
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


def test_a_new_chat_and_a_message_sound_different_and_one_tab_rings(desk: Desk) -> None:
    page = desk.page
    other_tab = page.context.new_page()
    other_tab.goto(f"{desk.site.url}/console/")
    ready(other_tab)
    page.bring_to_front()
    visitor = desk.chat("Ring ring")
    expect(page.locator("html[data-sound=chat]")).to_have_count(1)
    desk.open(visitor)
    second = desk.chat("Me too", name="Can Öz")
    page.evaluate("delete document.documentElement.dataset.sound")
    desk.open(second)
    page.evaluate("delete document.documentElement.dataset.sound")
    visitor.say("Still there?")
    expect(page.locator(f"#row-{visitor.id} .unread")).to_contain_text("1")
    expect(page.locator("html[data-sound=message]")).to_have_count(1)
    page.evaluate("delete document.documentElement.dataset.sound")
    second.say("Hello?")
    expect(page.locator("#thread")).to_contain_text("Hello?")
    assert page.evaluate("document.documentElement.dataset.sound") is None
    assert other_tab.evaluate("document.documentElement.dataset.sound") is None
    assert other_tab.evaluate("document.documentElement.dataset.rings") is None


# The new chat rings on, and would write over it.
NOTE_LATE_SOUND = """new MutationObserver(() => {
  const { dataset } = document.documentElement;
  if (dataset.sound === "late") dataset.wasLate = "yes";
}).observe(document.documentElement, { attributeFilter: ["data-sound"] })"""


def test_a_chat_that_waits_too_long_is_heard_by_its_agent_and_then_by_a_supervisor(
    site: Site, new_context: Contexts, desk: Desk
) -> None:
    role = factories.make_role("chat", "supervise", scope="all")
    selin = factories.make_agent(online=True, name="Selin Ak", language="en", role=role)
    boss = new_context(agent=selin, url=site.url).new_page()
    boss.goto(f"{site.url}/console/")
    ready(boss)
    page = desk.page
    visitor = desk.chat("Is anybody there?")
    expect(page.locator("html")).to_have_attribute("data-sound", "chat")
    page.evaluate(NOTE_LATE_SOUND)
    page.evaluate("document.hasFocus = () => false")
    _wait_for(visitor.id, seconds=61)
    expect(page.locator("#toasts")).to_contain_text("Zeynep Aksoy is waiting for your answer")
    expect(page.locator("html")).to_have_attribute("data-was-late", "yes")
    expect(page).to_have_title("(1) Zeynep Aksoy is waiting for your answer")
    expect(boss.locator("#toasts")).to_be_empty()
    _wait_for(visitor.id, seconds=121)
    words = "Zeynep Aksoy is waiting for an answer. Agent: Elif Kaya"
    expect(boss.locator("#toasts")).to_contain_text(words)
    expect(boss.locator("html")).to_have_attribute("data-sound", "late")
    expect(page.locator("#toasts")).not_to_contain_text(words)
    nobody = factories.make_team(factories.make_agent())
    chat = Conversation.objects.get(public_id=visitor.id)
    transfer(conversation=chat, to=nobody, by=desk.elif_, now=now() - timedelta(seconds=119))
    words = "Zeynep Aksoy is waiting, and no agent has taken the chat"
    expect(boss.locator("#toasts")).to_contain_text(words, timeout=15_000)


def _wait_for(chat: str, *, seconds: int) -> None:
    """Let the customer have waited for so long."""
    since = now() - timedelta(seconds=seconds)
    Conversation.objects.filter(public_id=chat).update(unanswered_since=since, accepted_at=since)


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
    expect(page.locator(".message.is-own")).to_contain_text("second line")
    expect(page.locator(".message.is-pending")).to_have_count(0)
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


def test_what_arrives_takes_neither_the_focus_nor_the_place_in_the_list(
    site: Site, new_context: Contexts
) -> None:
    viewport = {"width": 1280, "height": 420}
    desk = open_desk(site, new_context, viewport=viewport, agent={"capacity": 20})
    page = desk.page
    callers = [desk.chat(name=f"Visitor {number}") for number in range(8)]
    page.locator(f"#row-{callers[6].id} a").focus()
    rows = page.locator("#rows")
    before = rows.evaluate("box => box.scrollTop")
    assert before > 0
    with page.expect_response(lambda answer: "part=list" in answer.url):
        desk.caller(name="One more").start("Hello")
    expect(page.locator(".row-item")).to_have_count(9)
    expect(page.locator(f"#row-{callers[6].id} a")).to_be_focused()
    assert rows.evaluate("box => box.scrollTop") == before
    page.locator("#tab-queue").press("Enter")
    expect(page.locator("#next-button")).to_have_count(0)
    expect(page.locator("#tab-queue")).to_be_focused()


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


def test_the_focus_goes_on_with_older_chats_of_the_archive(desk: Desk) -> None:
    page = desk.page
    for at in range(42):
        factories.make_conversation(
            factories.make_visitor(desk.brand),
            status="resolved",
            resolved_at=now() - timedelta(hours=at),
            assignee=desk.elif_,
            team=desk.team,
            holds_slot=False,
        )
    page.goto(f"{desk.site.url}/console/archive/")
    ready(page)
    expect(page.locator(".row-item")).to_have_count(40)
    page.get_by_role("button", name="Older chats").press("Enter")
    expect(page.locator(".row-item")).to_have_count(42)
    expect(page.locator(".row-item").nth(40).locator("a")).to_be_focused()


def test_a_waiting_chat_that_its_visitor_gives_up_leaves_the_screen(
    site: Site, new_context: Contexts, problems: Problems
) -> None:
    problems.allow("404")
    desk = open_desk(site, new_context, agent={"capacity": 1})
    page = desk.page
    desk.chat(name="First")
    second = desk.caller(name="Second")
    second.start("I can't wait")
    page.locator("#tab-queue").click()
    desk.open(second)
    second.end()
    expect(page.locator("#toasts")).to_contain_text("This chat has ended, or somebody else has it")
    expect(page.locator(".thread-pane.none")).to_be_visible()
    expect(page.locator(f"#row-{second.id}")).to_have_count(0)


def test_a_list_that_could_not_be_fetched_says_so_and_is_fetched_again(
    desk: Desk, problems: Problems
) -> None:
    problems.allow("ERR_FAILED|htmx:")
    page = desk.page
    lists = re.compile("part=list")
    asked: list[float] = []

    def fail(route: Route) -> None:
        asked.append(time.monotonic())
        route.abort()

    page.route(lists, fail)
    desk.caller().start("Hello")
    said = page.get_by_role("status").filter(has_text="Not up to date, trying again")
    expect(said).to_be_visible()
    for _ in range(2):
        with page.expect_request(lists):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('console:refresh'))")
    page.wait_for_timeout(300)
    # However often it failed, it is tried again once.
    start = time.monotonic()
    page.wait_for_timeout(7_500)
    assert len([at for at in asked if at > start]) == 1
    expect(said).to_be_visible()
    page.unroute(lists)
    expect(page.locator(".row-item")).to_have_count(1)
    expect(said).to_have_count(0)


def test_the_first_press_moves_nothing_though_it_turns_the_sounds_on(desk: Desk) -> None:
    page = desk.page
    visitor = desk.chat()
    row, bar = page.locator(f"#row-{visitor.id}"), page.locator("#sound-bar")
    before = row.bounding_box()
    # As in a browser that waits for a gesture.
    bar.evaluate("bar => { bar.hidden = false; }")
    expect(bar).to_be_visible()
    assert row.bounding_box() == before
    for size in ({"width": 360, "height": 740}, {"width": 1440, "height": 900}):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_click_counts_though_the_list_changes_under_it(desk: Desk) -> None:
    page = desk.page
    visitor = desk.chat(name="First")
    desk.chat(name="Second")
    box = page.locator(f"#row-{visitor.id} a").bounding_box()
    assert box is not None
    # The press takes the focus from here.
    page.locator("#tab-mine").focus()
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()
    # Written to, this row goes elsewhere; and the third chat comes with a new list.
    with page.expect_response(lambda answer: "part=list" in answer.url):
        visitor.say("Still there?")
        desk.caller(name="Third").start("Hello")
    page.mouse.up()
    expect(page.locator(f"#thread-pane[data-conversation='{visitor.id}']")).to_be_visible()
    expect(page.locator(".row-item")).to_have_count(3)

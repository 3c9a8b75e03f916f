"""The list of chats: what arrives in it under hand and focus, and when it can't be fetched."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Request, expect

from tests.conftest import Site
from tests.support import factories
from tests.support.chromium import Contexts, Problems, assert_accessible
from tests.support.console_page import Caller, Desk, now, open_desk, opened_in_line, ready
from tests.support.patience import Held, until

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context)


def test_what_arrives_takes_neither_the_focus_nor_the_place_in_the_list(
    site: Site, new_context: Contexts
) -> None:
    viewport = {"width": 1280, "height": 420}
    desk = open_desk(site, new_context, viewport=viewport, agent={"capacity": 20})
    page = desk.page
    # The first, which opens by itself, comes late.
    first = Held(page, re.compile("part=chat"))
    callers = [desk.chat(name=f"Visitor {number}") for number in range(8)]
    page.locator(f"#row-{callers[6].id} a").focus()
    rows = page.locator("#rows")
    before = rows.evaluate("box => box.scrollTop")
    assert before > 0
    first.let_go()
    expect(page.locator("#thread")).to_contain_text("Hello")
    assert rows.evaluate("box => box.scrollTop") == before
    with page.expect_response(lambda answer: "part=list" in answer.url):
        desk.caller(name="One more").start("Hello")
    expect(page.locator(".row-item")).to_have_count(9)
    expect(page.locator(f"#row-{callers[6].id} a")).to_be_focused()
    assert rows.evaluate("box => box.scrollTop") == before
    page.locator("#tab-queue").press("Enter")
    expect(page.locator("#next-button")).to_have_count(0)
    expect(page.locator("#tab-queue")).to_be_focused()


def test_the_only_chat_opens_by_itself_unless_the_agent_does_something_else(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context)
    page = desk.page
    first = desk.caller()
    first.start("Is anybody there?")
    expect(page.locator("#thread")).to_contain_text("Is anybody there?")
    expect(page.locator("#composer-text")).to_be_visible()
    expect(page.locator("#composer-text")).not_to_be_focused()
    # Nobody has seen it before a hand is there.
    unread = page.locator(f"#row-{first.id} .unread")
    expect(unread).to_have_attribute("data-unread", "1")
    page.mouse.move(400, 300)
    page.mouse.move(420, 320)
    expect(unread).to_have_attribute("data-unread", "0")
    page.keyboard.press("Escape")
    expect(page.locator("#thread")).to_have_count(0)
    with page.expect_response(lambda answer: "part=list" in answer.url):
        first.say("Hello?")
    expect(unread).to_have_attribute("data-unread", "1")
    expect(page.locator("#thread")).to_have_count(0)
    writing = open_desk(site, new_context)
    page = writing.page
    page.evaluate(
        "document.querySelector('#list-title').append(document.createElement('textarea'))"
    )
    page.locator("#list-title textarea").focus()
    second = writing.chat()
    with page.expect_response(lambda answer: "part=list" in answer.url):
        second.say("I wait")
    expect(page.locator("#thread")).to_have_count(0)


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
    site: Site, new_context: Contexts
) -> None:
    desk, second = opened_in_line(site, new_context, "I can't wait")
    page = desk.page
    # The save of a draft that comes after the end is refused, and the browser complains.
    with page.expect_response(lambda answer: answer.url.endswith("/draft/") and answer.ok):
        page.fill("#composer-text", "Three sentences of it")
    second.end()
    left = page.locator("#chat-left")
    expect(left).to_contain_text("This chat has ended. Back")
    expect(page.locator("#thread")).to_contain_text("I can't wait")
    expect(page.locator("#accept-button")).to_have_count(0)
    expect(page.locator("#composer-text")).to_have_value("Three sentences of it")
    expect(page.locator("#composer-text")).not_to_be_editable()
    assert_accessible(page)
    left.get_by_role("button", name="Back to the list").click()
    expect(page.locator(".thread-pane.none")).to_be_visible()
    expect(page.locator(f"#row-{second.id}")).to_have_count(0)


# The list is asked for at most once in so long.
LIST_MS = 1_500


def test_a_list_that_could_not_be_fetched_says_so_and_is_fetched_again(
    site: Site, new_context: Contexts, problems: Problems
) -> None:
    problems.allow("ERR_FAILED|htmx:")
    # Its clock stands still unless the test sets it; so it is no page for the next test.
    desk = open_desk(site, new_context, fresh=True)
    page = desk.page
    page.clock.install()
    page.reload()
    ready(page)
    lists = re.compile("part=list")
    page.clock.run_for(LIST_MS)
    page.clock.pause_at(now() + timedelta(seconds=30))
    failed: list[Request] = []
    page.on(
        "requestfailed",
        lambda request: failed.append(request) if lists.search(request.url) else None,
    )
    page.route(lists, lambda route: route.abort())
    said = page.get_by_role("status").filter(has_text="Not up to date, trying again")
    for number in (1, 2, 3):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('console:refresh'))")
        page.clock.run_for(LIST_MS)
        until(page, lambda number=number: len(failed) >= number)
        expect(said).to_be_visible()
    # However often it failed, it is tried again once. The page may hear of a failure after this
    # test did: its clock goes on in steps until then.
    for number in (4, 5):
        until(page, lambda number=number: page.clock.run_for(500) or len(failed) >= number)
        assert len(failed) == number
    page.unroute(lists)
    page.clock.resume()
    desk.caller().start("Hello")
    expect(page.locator(".row-item")).to_have_count(1)
    expect(said).to_have_count(0)


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


def test_a_chat_of_another_brand_that_rings_has_its_row(site: Site, new_context: Contexts) -> None:
    desk = open_desk(site, new_context, agent={"capacity": 5})
    page = desk.page
    other = factories.make_brand(default_language="en")
    other.default_team = desk.team
    other.save(update_fields=["default_team"])
    page.goto(f"{site.url}/console/?brand={desk.brand.pk}")
    ready(page)
    # The only chat there is would open by itself, and stay in sight, at a moment of its own.
    desk.opened("Hello from here")
    caller = Caller(site, other)
    caller.start("Hello from elsewhere")
    expect(page.locator("html")).to_have_attribute("data-sound", "chat")
    expect(page.locator(f"#row-{caller.id}")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    toggle = page.get_by_role("button", name="1 more in other brands")
    toggle.click()
    expect(page.locator(f"#row-{caller.id}")).to_be_hidden()
    toggle.click()
    expect(page.locator(f"#row-{caller.id}")).to_be_visible()
    assert_accessible(page)

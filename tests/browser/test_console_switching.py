"""Going from chat to chat faster than the server answers."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from agents.models import Permission
from chat.models import Conversation
from chat.operations.conversations import resolve_conversation
from tests.conftest import Site
from tests.support import factories
from tests.support.chromium import Contexts, Problems
from tests.support.console_page import Caller, Desk, now, open_desk, ready
from tests.support.patience import Held, until

pytestmark = pytest.mark.browser

# All are asked for before any answer can come.
CLICK_ALL = "ids => ids.forEach((id) => document.querySelector(`#row-${id} a`).click())"


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context)


def _shows(page: Page, caller: Caller, text: str) -> None:
    expect(page.locator(f"#thread-pane[data-conversation='{caller.id}']")).to_be_visible()
    expect(page.locator("#thread")).to_contain_text(text)
    expect(page.locator("#composer-text")).to_be_focused()
    expect(page.locator("#chat")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(".toast")).to_have_count(0)


def test_of_chats_asked_for_in_one_breath_the_last_is_shown(desk: Desk) -> None:
    page = desk.page
    first = desk.chat("The first of them", name="First")
    second = desk.chat("The second of them", name="Second")
    page.evaluate(CLICK_ALL, [first.id, second.id])
    _shows(page, second, "The second of them")
    page.evaluate(CLICK_ALL, [first.id, second.id, first.id])
    _shows(page, first, "The first of them")
    page.evaluate(
        """() => [1, 2].forEach(() => document.body.dispatchEvent(
          new KeyboardEvent("keydown", { code: "KeyJ", altKey: true, bubbles: true })))"""
    )
    _shows(page, first, "The first of them")
    desk.write("Here you are")
    assert first.texts()[-1] == "Here you are"


def test_a_chat_that_was_left_while_it_came_stays_away(desk: Desk) -> None:
    page = desk.page
    # The only chat there is opens by itself, at a moment of its own.
    desk.opened("The first of them", name="First")
    visitor = desk.chat("The second of them", name="Second")
    with page.expect_response(re.compile("part=chat")) as answer:
        page.evaluate(
            """id => {
              document.querySelector(`#row-${id} a`).click();
              document.activeElement?.blur();
              document.body.dispatchEvent(
                new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
            }""",
            visitor.id,
        )
    answer.value.finished()
    expect(page.locator(".thread-pane.none")).to_be_visible()
    expect(page.locator("#thread-pane[data-conversation]")).to_have_count(0)


def test_a_press_in_the_chat_that_is_left_does_not_stop_the_next(desk: Desk) -> None:
    page = desk.page
    second = desk.chat("The second of them", name="Second")
    desk.opened("The first of them", name="First")
    expect(page.locator("#thread")).to_contain_text("The first of them")
    held = Held(page, re.compile("part=chat"))
    page.keyboard.press("Alt+k")
    held.wait()
    # What is written now would go with the chat that is left.
    expect(page.locator("#composer-text")).not_to_be_editable()
    box = page.locator("#thread").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    with page.expect_response(re.compile("part=chat")):
        held.let_go()
    expect(page.locator("#chat")).not_to_have_attribute("aria-busy", "true")
    page.mouse.up()
    _shows(page, second, "The second of them")


def test_a_chat_of_the_archive_opens_while_the_counters_are_on_their_way(desk: Desk) -> None:
    page = desk.page
    resolved = factories.make_conversation(
        factories.make_visitor(desk.brand),
        status="resolved",
        resolved_at=now(),
        assignee=desk.elif_,
        team=desk.team,
        holds_slot=False,
    )
    page.goto(f"{desk.site.url}/console/archive/")
    ready(page)
    held = Held(page, re.compile("part=counters"))
    desk.caller().start("Hello")
    held.wait()
    page.click(".row-item a")
    pane = page.locator(f"#thread-pane[data-conversation='{resolved.public_id}']")
    expect(pane).to_be_visible()
    expect(page.locator(".toast")).to_have_count(0)
    # The next time they are asked for nobody holds them back: by then the chat has its agent.
    held.let_go()
    expect(page.locator("#meter")).to_contain_text("1/")
    expect(pane).to_be_visible()


def test_a_status_chosen_while_the_old_one_is_drawn_anew_is_shown(desk: Desk) -> None:
    page = desk.page
    held = Held(page, "**/console/status/**")
    # Another tab of theirs: the pages hear of it.
    token = json.loads(page.get_attribute("body", "hx-headers") or "{}")
    url = f"{desk.site.url}/console/status/"
    assert page.request.post(url, form={"status": "break"}, headers=token).ok
    held.wait()
    page.click(".status-button")
    page.locator("#status-menu").get_by_role("button", name="Invisible").click()
    expect(page.locator("#status form.htmx-request")).to_have_count(1)
    # What is told meanwhile may ask once more, after it.
    until(page, lambda: any(route.request.method == "POST" for route in held.routes))
    [chosen] = [route for route in held.routes if route.request.method == "POST"]
    asked = [route for route in held.routes if route is not chosen]
    with page.expect_response("**/console/status/**"):
        for route in asked:
            route.continue_()
    chosen.continue_()
    expect(page.locator("#status")).to_have_attribute("data-status", "invisible")


def test_a_head_and_a_list_that_come_too_late_find_no_place_and_look_for_none(desk: Desk) -> None:
    page = desk.page
    first = desk.opened("The first of them", name="First")
    second = desk.chat("The second of them", name="Second")
    held = Held(page, re.compile("part=head"))
    page.evaluate("id => document.querySelector(`#row-${id} a`).click()", first.id)
    held.wait()
    desk.open(second)
    # The head of the chat that is shown now comes after the late one.
    held.let_go()
    with page.expect_response(re.compile(f"{second.id}/.*part=head")):
        page.evaluate("id => document.querySelector(`#row-${id} a`).click()", second.id)
    _shows(page, second, "The second of them")
    expect(page.locator("#chat-name")).to_have_text("Second")
    expect(page.locator("#context-name")).to_have_text("Second")


def test_a_chat_that_cannot_be_opened_leaves_the_open_one_and_its_words(
    desk: Desk, problems: Problems
) -> None:
    problems.allow("ERR_FAILED")
    page = desk.page
    second = desk.chat("The second of them", name="Second")
    first = desk.opened("The first of them", name="First")
    page.fill("#composer-text", "Half a sentence")
    page.route(re.compile("part=chat"), lambda route: route.abort())
    page.locator(f"#row-{second.id} a").click()
    expect(page.locator("#toasts")).to_contain_text("That did not work")
    expect(page.locator(f"#thread-pane[data-conversation='{first.id}']")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value("Half a sentence")
    assert f"/chats/{first.id}/" in page.url
    page.locator("#composer-text").press("Enter")
    desk.sent("Half a sentence")
    assert first.texts()[-1] == "Half a sentence"


def test_what_the_server_fails_to_do_leaves_the_chat_and_its_words(
    site: Site, new_context: Contexts, problems: Problems
) -> None:
    problems.allow("50[03]|htmx:")
    desk = open_desk(
        site, new_context, agent={"capacity": 1}, viewport={"width": 1440, "height": 900}
    )
    page = desk.page
    mine = desk.opened("The first of them", name="First")
    page.fill("#composer-text", "Half a sentence")
    page.route(
        re.compile("/(accept|transfer|end|resolve)/$"), lambda route: route.fulfill(status=503)
    )
    for button in ("#transfer-button", "#resolve-button", "#end-button"):
        page.click(button)
        if button == "#end-button":
            page.get_by_role("dialog").get_by_role("button", name="End chat").click()
        expect(page.locator("#toasts .toast").last).to_contain_text("That did not work")
        page.locator("#toasts").evaluate("box => box.replaceChildren()")
        expect(page.locator("#composer-text")).to_have_value("Half a sentence")
        expect(page.locator(button)).to_be_visible()
    waiting = desk.caller(name="Second")
    waiting.start("I wait")
    page.locator("#tab-queue").click()
    desk.open(waiting)
    page.click("#accept-button")
    expect(page.locator("#toasts .toast").last).to_contain_text("That did not work")
    expect(page.locator("#accept-button")).to_be_visible()
    # Resolved by somebody else: the head says so, and what was being written stays to be copied.
    page.locator("#tab-mine").click()
    desk.open(mine)
    chat = Conversation.objects.get(public_id=mine.id)
    boss = factories.make_agent(role=factories.make_role(Permission.SUPERVISE, scope="all"))
    resolve_conversation(conversation=chat, topic=desk.topic, by=boss, now=now())
    page.evaluate(
        """id => document.body.dispatchEvent(
          new CustomEvent("console:changed", { detail: { id } }))""",
        mine.id,
    )
    expect(page.locator("#reopen-button")).to_be_visible()
    expect(page.locator("#composer-text")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value("Half a sentence")
    expect(page.locator("#composer-text")).not_to_be_editable()
    expect(page.locator("#composer .send-button")).to_be_disabled()

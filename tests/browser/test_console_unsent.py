"""What an agent wrote and the server has not taken yet: kept, sent later, or left to a person."""

import re

import pytest
from playwright.sync_api import Page, expect

from chat.models import Conversation, Entry
from tests.conftest import Site
from tests.support import factories
from tests.support.chromium import COME_BACK_MS, Contexts, Problems, sign_in
from tests.support.console_page import Desk, Line, open_desk, ready
from tests.support.patience import until

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(site: Site, new_context: Contexts) -> Desk:
    return open_desk(site, new_context)


def test_a_refused_message_stays_and_can_be_sent_again(desk: Desk, problems: Problems) -> None:
    # While the chat is somebody else's it can't be read either, and its draft not be kept.
    problems.allow("404 .*/(entries|draft)")
    page = desk.page
    visitor = desk.opened()
    rows = Conversation.objects.filter(public_id=visitor.id)
    # What the page asks for by itself would tell it whose the chat is.
    page.route(re.compile("part=(?!chat)"), lambda route: None)
    rows.update(assignee=factories.make_agent())
    desk.enter("Is anybody there?")
    failed = page.locator(".message.is-failed")
    expect(failed).to_contain_text("Is anybody there?")
    expect(failed).to_contain_text("Not sent: this chat is not yours.")
    rows.update(assignee=desk.elif_)
    page.unroute_all()
    page.reload()
    ready(page)
    # Much may have happened since: a person decides.
    expect(failed).to_contain_text("Not sent: this chat is not yours.")
    assert visitor.texts() == ["Hello"]
    failed.get_by_role("button", name="Try again").click()
    expect(page.locator(".message.is-own .message-mark")).to_have_text("sent")
    assert visitor.texts() == ["Hello", "Is anybody there?"]


@pytest.mark.both
def test_a_restart_of_the_server_loses_and_doubles_nothing(desk: Desk, problems: Problems) -> None:
    problems.allow("ERR_CONNECTION_REFUSED|WebSocket connection|ERR_CONNECTION_RESET|502|503|htmx:")
    page = desk.page
    visitor = desk.opened("Before")
    desk.site.process.terminate()
    try:
        page.wait_for_selector("html:not([data-socket=open])", state="attached")
        desk.enter("While it was down")
        expect(page.locator(".message.is-pending")).to_contain_text("While it was down")
        expect(page.locator("#connection")).to_be_visible()
    finally:
        desk.site.process.start()
    expect(page.locator(".message.is-pending")).to_have_count(0, timeout=COME_BACK_MS)
    expect(page.locator("#connection")).to_be_hidden(timeout=COME_BACK_MS)
    expect(page.locator(".message.is-own .message-bubble")).to_have_text(["While it was down"])
    assert visitor.texts() == ["Before", "While it was down"]
    assert Entry.objects.filter(body="While it was down").count() == 1


def test_one_agents_words_never_go_out_as_those_of_the_next_one_here(
    desk: Desk, problems: Problems
) -> None:
    problems.allow("ERR_CONNECTION_REFUSED|WebSocket connection|ERR_CONNECTION_RESET|502|503|htmx:")
    problems.allow("403|404")
    page = desk.page
    visitor = desk.opened("Before")
    # Could answer as well, and gets the chat.
    mert = factories.make_agent(name="Mert Demir", language="en")
    desk.team.agents.add(mert)
    desk.site.process.terminate()
    try:
        page.wait_for_selector("html:not([data-socket=open])", state="attached")
        desk.enter("From Elif")
        # A sign-in brings another token against forgery, too.
        page.context.clear_cookies()
        sign_in(page.context, mert, url=desk.site.url)
        Conversation.objects.filter(public_id=visitor.id).update(assignee=mert)
    finally:
        desk.site.process.start()
    page.wait_for_selector("html[data-socket=stopped]", state="attached", timeout=COME_BACK_MS)
    expect(page.locator("#connection")).to_contain_text("signed out")
    assert visitor.texts() == ["Before"]


def _sign_out_elsewhere(page: Page) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    ready(other)
    other.locator(".avatar-button").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/accounts/login/**")
    other.close()


def test_words_that_waited_when_the_session_ended_are_sent_after_the_next_sign_in(
    desk: Desk, problems: Problems
) -> None:
    problems.allow("403|40[14]")
    page = desk.page
    first, second = desk.chat("Hello", name="First"), desk.chat("Hi", name="Second")
    line = Line(page)
    desk.open(first)
    line.is_blocked = True
    desk.enter("Nobody hears this yet")
    expect(page.locator(".message.is-pending")).to_contain_text("Nobody hears this yet")
    page.fill("#composer-text", "Half a tho")
    _sign_out_elsewhere(page)
    # The page stays, but whoever sits there now can add nothing.
    expect(page.locator("#connection")).to_contain_text("signed out")
    expect(page.locator("#composer-text")).to_be_disabled()
    expect(page.locator("#composer-text")).to_have_value("Half a tho")
    expect(page.locator("#composer .send-button")).to_be_disabled()
    page.evaluate(
        """() => new Promise((heard) => {
          document.body.addEventListener("htmx:afterRequest", heard, { once: true });
          htmx.ajax("GET", "/console/?part=list", { target: "#list" }).catch(() => {});
        }).then(() => {})"""
    )
    expect(page.locator(".message.is-pending")).to_contain_text("Nobody hears this yet")
    line.is_blocked = False
    sign_in(page.context, desk.elif_, url=desk.site.url)
    # Another chat is opened first: what was written goes out all the same.
    page.evaluate("path => history.replaceState({}, '', path)", f"/console/chats/{second.id}/")
    page.get_by_role("button", name="Reload the page").click()
    ready(page)
    page.locator(f"#row-{first.id} a").click()
    expect(page.locator(".message.is-own .message-mark")).to_have_text("sent")
    expect(page.locator("#composer-text")).to_have_value("Half a tho")
    assert first.texts() == ["Hello", "Nobody hears this yet"]


def test_words_that_wait_are_sent_however_many_chats_are_opened_meanwhile(desk: Desk) -> None:
    page = desk.page
    visitor = desk.chat()
    others = [
        factories.make_conversation(
            factories.make_visitor(desk.brand, name=f"Visitor {n}"),
            assignee=desk.elif_,
            status="active",
        )
        for n in range(11)
    ]
    line = Line(page)
    desk.open(visitor)
    line.is_blocked = True
    desk.enter("While you wait")
    expect(page.locator(".message.is-pending")).to_be_visible()
    for other in others:
        page.locator(f"#row-{other.public_id} a").click()
        pane = page.locator(f"#thread-pane[data-conversation='{other.public_id}']")
        expect(pane).to_be_visible()
    line.is_blocked = False
    line.break_off()
    until(page, lambda: len(visitor.texts()) > 1)
    assert visitor.texts() == ["Hello", "While you wait"]


def test_words_that_waited_for_long_go_out_only_when_a_person_says_so(desk: Desk) -> None:
    page = desk.page
    visitor = desk.chat()
    line = Line(page)
    desk.open(visitor)
    line.is_blocked = True
    desk.enter("Of this morning")
    expect(page.locator(".message.is-pending")).to_be_visible()
    page.evaluate(
        """() => {
          for (const key of Object.keys(sessionStorage)) {
            if (!key.startsWith("imece:unsent:")) continue;
            const [item] = JSON.parse(sessionStorage[key]);
            item.at = new Date(Date.now() - 31 * 60_000).toISOString();
            sessionStorage[key] = JSON.stringify([item]);
          }
        }"""
    )
    line.is_blocked = False
    page.reload()
    ready(page)
    failed = page.locator(".message.is-failed")
    expect(failed).to_contain_text("Of this morning")
    assert visitor.texts() == ["Hello"]
    failed.get_by_role("button", name="Try again").click()
    expect(page.locator(".message.is-own .message-mark")).to_have_text("sent")
    assert visitor.texts() == ["Hello", "Of this morning"]

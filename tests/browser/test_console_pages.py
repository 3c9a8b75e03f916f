"""The console's pages as a whole: small screens, accessibility, languages, weight."""

import gzip
import re

import pytest
from playwright.sync_api import Page, Response, expect

from agents.models import Agent, Permission, Role
from chat.models import Conversation, Entry
from tests.conftest import Site
from tests.support import factories
from tests.support.chromium import Contexts, assert_accessible
from tests.support.console_page import open_desk, ready
from tests.support.widget_page import Desk as Program

pytestmark = pytest.mark.browser


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_phone_shows_one_pane_at_a_time_and_back_leads_back(
    site: Site, new_context: Contexts
) -> None:
    size = {"width": 360, "height": 740}
    desk = open_desk(site, new_context, viewport=size, has_touch=True)
    page = desk.page
    _fits(page)
    visitor = desk.opened("A rather long question about returning two jackets and a hat")
    expect(page.locator(".list-pane")).to_be_hidden()
    _fits(page)
    page.get_by_role("button", name="Customer").click()
    expect(page.locator("#context")).to_contain_text("zeynep@example.com")
    _fits(page)
    role = factories.make_role(Permission.SUPERVISE, scope=Role.Scope.ALL)
    supervisor = Program(site, factories.make_agent(role=role))
    supervisor.call(f"conversations/{visitor.id}/tags", {"add": ["jacket"]})
    expect(page.locator("#context .tag-name")).to_have_text(["jacket"])
    expect(page.locator("#context-toggle")).to_have_attribute("aria-expanded", "true")
    page.locator("#context").get_by_role("button", name="Close").click()
    expect(page.locator("#context")).to_be_hidden()
    expect(page.locator("#context-toggle")).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Customer").press("Enter")
    expect(page.locator("#context-close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#context")).to_be_hidden()
    expect(page.locator("#context-toggle")).to_be_focused()
    page.go_back()
    expect(page.locator(".list-pane")).to_be_visible()
    expect(page.locator("#thread-pane")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#thread")).to_contain_text("two jackets")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(f"#row-{visitor.id}")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 640})
    _fits(page)
    page.goto(f"{site.url}/console/archive/")
    _fits(page)
    page.goto(f"{site.url}/profile/")
    _fits(page)


@pytest.mark.once
def test_every_page_is_accessible(site: Site, new_context: Contexts) -> None:
    """Each once, with themes and languages dealt out over them."""
    desk = open_desk(site, new_context)
    page = desk.page
    visitor = desk.opened()
    desk.write("Answer")
    page.keyboard.press("Alt+p")
    page.fill("#composer-text", "a note")

    def show(path: str, theme: str, language: str) -> None:
        Agent.objects.filter(pk=desk.elif_.pk).update(theme=theme, language=language)
        page.goto(f"{site.url}/console/{path}")
        ready(page)
        expect(page.locator(f"html[data-theme={theme}][lang={language}]")).to_have_count(1)

    show(f"chats/{visitor.id}/", "light", "tr")
    assert_accessible(page)
    show("?tab=queue", "dark", "en")
    assert_accessible(page)
    show("archive/", "light", "en")
    assert_accessible(page)
    show(f"chats/{visitor.id}/", "dark", "tr")
    page.click(".avatar-button")
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+e")
    expect(page.locator("#dialogs dialog")).to_be_visible()
    assert_accessible(page)


def test_theme_and_language_are_chosen_in_the_menu(site: Site, new_context: Contexts) -> None:
    desk = open_desk(site, new_context)
    page = desk.page
    page.click(".avatar-button")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    ready(page)
    page.click(".avatar-button")
    page.get_by_role("button", name="Türkçe").click()
    expect(page.locator("html")).to_have_attribute("lang", "tr")
    expect(page.locator("#list-title")).to_have_text("Aktif Sohbetler")


# What comes after the page is drawn, by static/console/late.js.
LATE = {
    *("alerts.js", "answers.js", "arrivals.js", "counter.js", "drops.js", "hasty.js", "keys.js"),
    *("late.js", "notify.js", "only_chat.js", "runs.js", "toasts.js", "typing.js", "undo.js"),
}
# What comes when somebody wants it.
ON_WISH = {"canned.js", "dialogs.js", "emoji.js", "files.js", "links.js", "tags.js", "uploads.js"}


def test_the_first_load_is_light(site: Site, new_context: Contexts) -> None:
    desk = open_desk(site, new_context)
    visitor = desk.opened()
    sizes = {"document": 0, "stylesheet": 0, "script": 0}
    seen: set[str] = set()
    answers: list[Response] = []
    page = new_context(agent=desk.elif_, url=site.url, fresh=True).new_page()
    page.on("response", lambda response: answers.append(response))
    page.goto(f"{site.url}/console/chats/{visitor.id}/")
    expect(page.locator("#thread")).to_contain_text("Hello")
    ready(page)
    page.wait_for_load_state("networkidle")
    for answer in answers:
        kind = answer.request.resource_type
        name = re.sub(r"\.[0-9a-f]{12}\.", ".", answer.url.rsplit("/", 1)[-1])
        # The socket's module is its own worker, and is read once.
        if kind in sizes and name not in LATE | seen:
            sizes[kind] += len(gzip.compress(answer.body(), 9))
        seen.add(name)
    assert LATE - {"runs.js"} <= seen
    assert not ON_WISH & seen
    assert 0 < sizes["document"] <= 30_000, sizes
    assert 0 < sizes["stylesheet"] <= 20_000, sizes
    assert 0 < sizes["script"] <= 40_000, sizes


def test_many_messages_are_all_drawn_and_the_last_is_in_view(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context)
    visitor = desk.chat()
    other = desk.chat("Other", name="Can Öz")
    _fill(Conversation.objects.get(public_id=visitor.id), 500)
    desk.open(other)
    desk.open(visitor)
    expect(desk.page.locator("#thread .message")).to_have_count(501)
    expect(desk.page.locator("#thread .message").last).to_be_in_viewport()


def _fill(conversation: Conversation, number: int) -> None:
    """Add many lines the way the ledger holds them."""
    first, first_visible = conversation.last_seq, conversation.last_visitor_seq
    Entry.objects.bulk_create(
        Entry(
            conversation=conversation,
            seq=first + at,
            visitor_seq=first_visible + at,
            kind="message",
            author_kind="visitor",
            body=f"Line {at}",
            created_at=conversation.created_at,
        )
        for at in range(1, number + 1)
    )
    conversation.last_seq = first + number
    conversation.last_visitor_seq = first_visible + number
    conversation.save(update_fields=["last_seq", "last_visitor_seq"])

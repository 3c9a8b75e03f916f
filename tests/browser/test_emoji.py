"""Emoji in both composers, by mouse and by keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.conftest import Site
from tests.support.chromium import Contexts, Problems, assert_accessible
from tests.support.console_page import open_desk
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser


def test_an_agent_finds_an_emoji_by_keyboard_and_it_goes_in_at_the_cursor(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context)
    page = desk.page
    visitor = desk.opened()
    box, panel = page.locator("#composer-text"), page.locator("#composer .emoji")
    box.fill("Thanks bye")
    box.evaluate("box => box.setSelectionRange(6, 6)")
    page.locator("[data-do=emoji]").press("Enter")
    find = panel.get_by_role("textbox", name="Find an emoji")
    expect(find).to_be_focused()
    for word in ("ÇIÇEK", "blossom"):
        # Both languages find it, whichever the screen speaks.
        find.fill(word)
        expect(panel.get_by_role("button").filter(has_text="🌸")).to_be_visible()
        expect(panel.get_by_role("button").filter(has_text="😘")).to_have_count(0)
    find.fill("xyzzy")
    expect(panel.get_by_role("status")).to_have_text("No such emoji.")
    find.fill("")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(panel.get_by_role("button", name="kiss", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel).to_be_hidden()
    expect(box).to_be_focused()
    expect(box).to_have_value("Thanks😘 bye")
    page.keyboard.press("Enter")
    desk.sent("Thanks😘 bye")
    assert visitor.texts()[-1] == "Thanks😘 bye"


def test_escape_closes_the_agents_emoji_and_gives_the_focus_back(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context, agent={"language": "tr"})
    page = desk.page
    visitor = desk.opened()
    button, panel = page.locator("[data-do=emoji]"), page.locator("#composer .emoji")
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        button.click()
        expect(panel).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
        expect(button).to_be_focused()
        # Only the panel closed.
        expect(page.locator(f"#thread-pane[data-conversation='{visitor.id}']")).to_be_visible()
    button.click()
    button.click()
    expect(panel).to_be_hidden()


def test_a_part_that_can_not_be_loaded_says_so_and_comes_with_the_next_press(
    site: Site, new_context: Contexts, problems: Problems
) -> None:
    problems.allow("ERR_FAILED")
    desk = open_desk(site, new_context)
    page = desk.page
    desk.opened()
    page.route("**/emoji.*.js", lambda route: route.abort())
    button, panel = page.locator("[data-do=emoji]"), page.locator("#composer .emoji")
    button.click()
    told = page.locator("#toasts .toast")
    expect(told).to_contain_text("This part could not be loaded.")
    expect(told.get_by_role("button", name="Reload the page")).to_be_visible()
    page.unroute("**/emoji.*.js")
    button.click()
    expect(panel).to_be_visible()


def test_a_visitor_puts_an_emoji_into_a_message(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    frame = visitor.frame
    button, panel = frame.get_by_role("button", name="Emoji"), frame.locator(".emoji")
    button.click()
    expect(panel).to_be_visible()
    assert_accessible(visitor.page)
    frame.locator(".emoji-find").press("Escape")
    expect(panel).to_be_hidden()
    expect(button).to_be_focused()
    # Only the panel of the emoji closed.
    expect(visitor.launcher).to_have_attribute("aria-expanded", "true")
    button.click()
    frame.locator(".emoji-find").fill("gül")
    panel.get_by_role("button", name="rose", exact=True).click()
    expect(frame.locator(".composer-text")).to_have_value("🌹")
    frame.locator(".composer-text").press("Enter")
    visitor.sent("🌹")
    assert elif_.texts(elif_.chats()[0]["id"])[-1] == "🌹"


def test_escape_closes_the_visitors_menu_alone(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    button, menu = visitor.frame.locator("[aria-controls=menu]"), visitor.frame.locator("#menu")
    button.click()
    expect(menu.get_by_role("button", name="Turn sound off")).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "true")
    button.click()
    button.click()
    expect(menu).to_be_hidden()
    visitor.page.keyboard.press("Escape")
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")

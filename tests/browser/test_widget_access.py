"""The widget for everybody: narrow screens, keyboards, screen readers, slow lines."""

import pytest
from playwright.sync_api import expect

from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser


def _fits(visitor: Visitor) -> bool:
    fits: bool = visitor.frame.locator("html").evaluate(
        "(html) => [html, ...html.querySelectorAll('.screen, .chat-thread, .body')]"
        ".every((each) => each.scrollWidth <= each.clientWidth)"
    )
    return fits


@pytest.mark.once
def test_every_state_of_a_widget_without_agents_is_accessible(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site, language="tr", privacy_url="https://shop.example/privacy")
    visitor = Visitor(visitor_context(new_context), shop.url).open()
    assert_accessible(visitor.page)
    visitor.pick().submit()
    expect(visitor.frame.locator("#text-error")).not_to_be_empty()
    assert_accessible(visitor.page)
    visitor.fill(text="Later", email="vera@example.com").submit()
    visitor.frame.locator(".thanks-title").wait_for()
    assert_accessible(visitor.page)
    shop.agent()
    visitor.frame.locator(".thanks .button").click()
    expect(visitor.frame.locator(".hero-state.is-online")).to_be_visible()
    expect(visitor.frame.locator(".own-tickets")).to_be_visible()
    assert_accessible(visitor.page)


@pytest.mark.once
def test_every_state_of_a_chat_is_accessible(site: Site, new_context: Contexts) -> None:
    shop = Shop(site, language="en", capacity=1, privacy_url="https://shop.example/privacy")
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start("Now")
    expect(visitor.frame.locator(".who h1")).to_have_text("Elif Kaya")
    elif_.say(elif_.chats()[0]["id"], "Hello, see https://shop.example/size")
    visitor.sees("Hello, see")
    assert_accessible(visitor.page)
    second = Visitor(visitor_context(new_context), shop.url).start("In line")
    expect(second.frame.locator(".queue")).to_be_visible()
    assert_accessible(second.page)
    visitor.frame.locator("[aria-controls=menu]").click()
    visitor.frame.locator(".menu-item").nth(1).click()
    assert_accessible(visitor.page)
    visitor.frame.locator(".menu .is-danger").click()
    expect(visitor.frame.locator(".ended")).to_be_visible()
    assert_accessible(visitor.page)


@pytest.mark.once
def test_on_a_dark_page_it_is_dark_and_speaks_the_language_that_was_chosen(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site, language="tr", privacy_url="https://shop.example/privacy")
    shop.topic.name_en = "Your order"
    shop.topic.save()
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).open()
    dark = visitor.frame.locator("html.dark")
    expect(visitor.frame.locator("html")).to_be_attached()
    expect(dark).to_have_count(0)
    # A site may turn dark while somebody reads it.
    visitor.page.evaluate("document.documentElement.style.colorScheme = 'dark'")
    expect(dark).to_be_attached()
    assert_accessible(visitor.page)
    visitor.frame.locator(".language").click()
    expect(visitor.frame.locator("html[lang=en]")).to_be_attached()
    expect(visitor.frame.locator(".topic").first).to_contain_text("Your order")
    expect(dark).to_be_attached()
    visitor.pick()
    assert_accessible(visitor.page)
    visitor.fill(text="In the dark").submit()
    expect(visitor.frame.locator(".who h1")).to_have_text("Elif Kaya")
    elif_.say(elif_.chats()[0]["id"], "Good evening, see https://shop.example/lamps")
    visitor.sees("Good evening")
    assert_accessible(visitor.page)
    visitor.frame.locator("[aria-controls=menu]").click()
    assert_accessible(visitor.page)
    visitor.frame.locator(".menu-item").nth(1).click()
    visitor.frame.locator(".menu .is-danger").click()
    expect(visitor.frame.locator(".ended")).to_be_visible()
    assert_accessible(visitor.page)
    # The next page speaks it, too; it is light.
    visitor.answered().page.reload()
    expect(visitor.frame.locator("html[lang=en]:not(.dark)")).to_be_attached()


def test_a_phone_shows_it_on_the_full_screen_without_overflow(
    site: Site, new_context: Contexts
) -> None:
    # The narrowest of all: its sheets know no other width.
    width = 320
    shop = Shop(site, language="tr")
    elif_ = shop.agent(name="Muhammet Abdurrahmangazioğulları")
    context = visitor_context(
        new_context, viewport={"width": width, "height": 640}, has_touch=True, is_mobile=True
    )
    visitor = Visitor(context, shop.url).open()
    panel = visitor.page.locator("imece-chat [role=dialog]").bounding_box()
    assert panel == {"x": 0, "y": 0, "width": width, "height": 640}
    expect(visitor.launcher).to_be_hidden()
    assert visitor.page.evaluate("document.body.inert")
    assert _fits(visitor)
    visitor.pick()
    assert _fits(visitor)
    visitor.fill(text="w" * 300).submit()
    expect(visitor.frame.locator(".who h1")).to_have_text(elif_.agent.name)
    elif_.say(elif_.chats()[0]["id"], "https://shop.example/" + "x" * 200)
    visitor.sees("https://shop.example/")
    assert _fits(visitor)
    # What the link leads to is seen, here or in a tab of its own, and not the panel before it.
    with context.expect_page():
        visitor.frame.locator(".message-bubble a").tap()
    expect(visitor.launcher).to_be_visible()
    assert not visitor.page.evaluate("document.body.inert")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_whole_chat_needs_only_the_keyboard(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url)
    visitor.launcher.focus()
    keyboard = visitor.page.keyboard
    keyboard.press("Enter")
    expect(visitor.frame.locator("h1")).to_be_focused()
    expect(visitor.frame.locator(".outlook.is-now").first).to_be_visible()
    keyboard.press("Tab")
    expect(visitor.frame.locator(".topic").first).to_be_focused()
    keyboard.press("Enter")
    expect(visitor.frame.locator("#name")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.type("By keyboard")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(visitor.frame.locator(".composer-text")).to_be_focused()
    keyboard.type("Second line")
    keyboard.press("Enter")
    visitor.sent("Second line")
    assert elif_.texts(elif_.chats()[0]["id"]) == ["By keyboard", "Second line"]
    keyboard.press("Escape")
    expect(visitor.launcher).to_be_focused()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")


def test_the_focus_stays_where_it_is_when_an_agent_comes_or_goes(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url)
    visitor.launcher.focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.frame.locator("h1")).to_be_focused()
    expect(visitor.frame.locator(".outlook.is-now").first).to_be_visible()
    elif_.call("status", {"status": "invisible"})
    expect(visitor.frame.locator(".outlook.is-now")).to_have_count(0)
    expect(visitor.frame.locator("h1")).to_be_focused()
    visitor.page.keyboard.press("Tab")
    expect(visitor.frame.locator(".topic").first).to_be_focused()
    elif_.call("status", {"status": "online"})
    expect(visitor.frame.locator(".outlook.is-now").first).to_be_visible()
    expect(visitor.frame.locator(".topic").first).to_be_focused()


def test_it_is_usable_after_few_and_small_answers(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    shop.agent()
    page = visitor_context(new_context).new_page()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.goto(shop.url)
    page.locator("imece-chat button").first.click()
    page.frame_locator("imece-chat iframe").locator(".topic").first.wait_for()
    own = [url for url in seen if "/demo" not in url and not url.endswith("demo.css")]
    assert len(own) <= 12, "\n".join(own)

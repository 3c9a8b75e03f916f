"""The widget for everybody: narrow screens, keyboards, screen readers, slow lines."""

import gzip
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import expect

from config.web.staticfiles import minified, with_imports
from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.factories import make_brand
from tests.support.widget_page import Shop, Visitor, visitor_context

IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")


def _fits(visitor: Visitor) -> bool:
    fits: bool = visitor.frame.locator("html").evaluate(
        "(html) => [html, ...html.querySelectorAll('.screen, .chat-thread, .body')]"
        ".every((each) => each.scrollWidth <= each.clientWidth)"
    )
    return fits


@pytest.mark.browser
@pytest.mark.once
@pytest.mark.parametrize("language", ["tr", "en"])
def test_every_state_of_the_widget_is_accessible(
    site: Site, new_context: Contexts, language: str
) -> None:
    shop = Shop(site, language=language, capacity=1, privacy_url="https://shop.example/privacy")
    visitor = Visitor(visitor_context(new_context), shop.url).open()
    assert_accessible(visitor.page)
    visitor.pick().submit()
    expect(visitor.frame.locator("#text-error")).not_to_be_empty()
    assert_accessible(visitor.page)
    visitor.fill(text="Later", email="vera@example.com").submit()
    visitor.frame.locator(".thanks-title").wait_for()
    assert_accessible(visitor.page)
    elif_ = shop.agent()
    visitor.frame.locator(".thanks .button").click()
    expect(visitor.frame.locator(".hero-state.is-online")).to_be_visible()
    assert_accessible(visitor.page)
    visitor.pick().fill(text="Now").submit()
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


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_shows_it_on_the_full_screen_without_overflow(
    site: Site, new_context: Contexts, width: int
) -> None:
    shop = Shop(site, language="tr")
    elif_ = shop.agent(name="Muhammet Abdurrahmangazioğulları")
    context = visitor_context(
        new_context, viewport={"width": width, "height": 640}, has_touch=True, is_mobile=True
    )
    visitor = Visitor(context, shop.url).open()
    panel = visitor.page.locator("imece-chat [role=dialog]").bounding_box()
    assert panel == {"x": 0, "y": 0, "width": width, "height": 640}
    expect(visitor.launcher).to_be_hidden()
    assert visitor.page.locator("main").get_attribute("inert") is not None
    assert _fits(visitor)
    visitor.pick()
    assert _fits(visitor)
    visitor.fill(text="w" * 300).submit()
    expect(visitor.frame.locator(".who h1")).to_have_text(elif_.agent.name)
    elif_.say(elif_.chats()[0]["id"], "https://shop.example/" + "x" * 200)
    visitor.sees("https://shop.example/")
    assert _fits(visitor)
    visitor.frame.locator(".is-close").click()
    expect(visitor.launcher).to_be_visible()
    assert visitor.page.locator("main").get_attribute("inert") is None
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
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
    visitor.sees("Second line")
    expect(visitor.pending).to_have_count(0)
    assert elif_.texts(elif_.chats()[0]["id"]) == ["By keyboard", "Second line"]
    keyboard.press("Escape")
    expect(visitor.launcher).to_be_focused()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")


@pytest.mark.browser
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


@pytest.mark.browser
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


def _modules(start: str) -> set[str]:
    found, todo = set(), [start]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        path = finders.find(name)
        assert path, name
        with open(path) as file:
            text = file.read()
        folder = name.split("/")[0]
        for target in IMPORT.findall(text):
            todo.append(
                target[3:] if target.startswith("../") else f"{folder}/{target.removeprefix('./')}"
            )
    return found


def _weight(name: str) -> int:
    path = finders.find(name)
    assert path
    with open(path) as file:
        text = file.read()
    served = minified(text) if name.endswith(".js") else with_imports(name, text)
    return len(gzip.compress(served.encode(), 9))


# Loaded by those who open the emoji, add a file, want the transcript, or leave a message.
ONLY_ON_WISH = {
    *("live/emoji.js", "live/fold.js"),
    *("widget/thanks.js", "widget/transcript.js", "widget/uploads.js"),
}


def test_the_scripts_of_the_widget_stay_light() -> None:
    modules = _modules("widget/frame.js") - ONLY_ON_WISH
    assert "live/thread.js" in modules
    assert sum(map(_weight, modules)) <= 25_000
    assert _weight("widget/loader.js") <= 6 * 1024


@pytest.mark.django_db
def test_the_page_and_its_styles_stay_light() -> None:
    brand = make_brand()
    for language in ("tr", "en"):
        page = Client().get(f"/widget/frame/?site={brand.site_key}&language={language}")
        assert page.status_code == 200
        assert len(gzip.compress(page.content, 9)) + _weight("widget/widget.css") <= 10 * 1024


@pytest.mark.django_db
def test_the_loader_has_one_address_and_is_asked_again_cheaply() -> None:
    client = Client(headers={"Accept-Encoding": "gzip, br"})
    first = client.get("/widget.js")
    assert first["Content-Encoding"] == "br"
    assert first["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get("/widget.js", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert not again.content
    assert client.get("/widget/frame/?site=nobody").status_code == 404
    assert client.get("/demo/").status_code == 404

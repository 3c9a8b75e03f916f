"""The widget on other people's pages: strict ones, hostile ones, without storage."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Site
from tests.support.chromium import Contexts, assert_accessible
from tests.support.widget_page import Shop, Visitor, host_page, visitor_context

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="{language}"><head><title>Somebody else</title>{head}</head>
<body><h1>Their page</h1><a href="#help" data-imece-open>Help</a>
<p>{filler}</p></body></html>"""

CORPUS = [
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"><svg onload=document.title='owned'>",
    "javascript:document.title='owned'",
    "{{7*7}}{name}</textarea><iframe src=//evil.example>",
    "https://shop.example/\" onmouseover=\"document.title='owned'",
    "<a href=\"javascript:document.title='owned'\">x</a> &lt;b&gt; &amp;",
    "\u202eгhidden\u202c \U0001f600 İıŞğ",
]


def _embed(site: Site, shop: Shop) -> str:
    key = shop.brand.site_key
    return f'<script async src="{site.url}/widget.js" data-site="{key}"></script>'


def _page(site: Site, shop: Shop, **places: str) -> str:
    places = {"language": "en", "head": _embed(site, shop), "filler": "text " * 400} | places
    return PAGE.format(**places)


def test_a_page_that_allows_only_our_scripts_and_frames_shows_the_widget(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    elif_ = shop.agent()
    policy = f"default-src 'none'; script-src {site.url}; frame-src {site.url}"
    headers = {"Content-Security-Policy": policy}
    with host_page(_page(site, shop), headers) as address:
        shop.brand.allowed_origins = [address]
        shop.brand.save()
        visitor = Visitor(visitor_context(new_context), address).start("From a strict page")
        visitor.sees("From a strict page")
        elif_.say(elif_.chats()[0]["id"], "Hello on your page")
        visitor.sees("Hello on your page")
        box = visitor.launcher.bounding_box()
        assert box is not None
        assert box["width"] == box["height"] == 60


def test_a_page_of_a_foreign_origin_shows_no_widget(
    site: Site, new_context: Contexts, problems: object
) -> None:
    problems.allow("frame-ancestors|Framing")  # type: ignore[attr-defined]
    shop = Shop(site, allowed_origins=["https://shop.example"])
    with host_page(_page(site, shop), {}) as address:
        page = visitor_context(new_context).new_page()
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(address)
        expect(page.locator("imece-chat button")).to_have_count(0)


def test_the_chat_survives_a_reload_where_third_party_storage_is_refused(
    site: Site, new_context: Contexts
) -> None:
    """What Chromium does to a foreign frame whose cookies are blocked: storage throws."""
    shop = Shop(site)
    shop.agent()
    context = visitor_context(new_context)
    context.add_init_script("""
        if (window.parent !== window) {
          const refuse = {get() { throw new DOMException("refused", "SecurityError"); }};
          Object.defineProperty(window, "localStorage", refuse);
          Object.defineProperty(window, "sessionStorage", refuse);
          Object.defineProperty(window, "indexedDB", refuse);
          navigator.locks.request = () => Promise.reject(new DOMException("", "SecurityError"));
        }
    """)
    with host_page(_page(site, shop), {}) as address:
        shop.brand.allowed_origins = [address]
        shop.brand.save()
        visitor = Visitor(context, address).start("Remember me")
        visitor.sees("Remember me")
        expect(visitor.frame.locator(".who h1")).to_have_text("Elif Kaya")
        visitor.answered()
        context.set_offline(True)
        visitor.enter("Kept by the page")
        context.set_offline(False)
        visitor.page.reload()
        visitor.sees("Remember me")
        visitor.sent("Kept by the page")
        expect(visitor.words).to_have_count(2)


def test_nothing_is_stored_before_the_visitor_does_something(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    shop.agent()
    context = visitor_context(new_context)
    visitor = Visitor(context, shop.url)
    visitor.launcher.wait_for()
    assert visitor.page.evaluate("localStorage.length") == 0
    assert context.cookies() == []
    visitor.open()
    visitor.page.wait_for_function("localStorage['imece:demo-cloud']")
    assert "v" not in visitor.page.evaluate("JSON.parse(localStorage['imece:demo-cloud'])")
    visitor.pick().fill(text="Hello").submit()
    visitor.sees("Hello")
    visitor.page.wait_for_function("JSON.parse(localStorage['imece:demo-cloud']).v")
    kept = visitor.page.evaluate("JSON.parse(localStorage['imece:demo-cloud'])")
    assert re.fullmatch(r"[\w-]{43}", kept["v"])
    assert shop.brand.visitors.count() == 1


def test_a_hostile_style_sheet_does_not_reach_the_widget(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    head = _embed(site, shop) + (
        "<style>* { display: block !important; position: static !important; opacity: 0.1;"
        " font-size: 60px !important; width: 900px !important; }</style>"
    )
    with host_page(_page(site, shop, head=head), {}) as address:
        shop.brand.allowed_origins = [address]
        shop.brand.save()
        visitor = Visitor(visitor_context(new_context), address).open()
        box = visitor.launcher.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (60, 60)


def test_the_host_page_does_not_shift(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    context = visitor_context(new_context)
    context.add_init_script("""
        window.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({type: "layout-shift", buffered: true});
    """)
    visitor = Visitor(context, shop.url)
    before = visitor.page.evaluate("document.documentElement.scrollHeight")
    visitor.open()
    assert visitor.page.evaluate("window.shift") == 0
    assert visitor.page.evaluate("document.documentElement.scrollHeight") == before


def test_it_stays_on_pages_that_are_isolated_moved_and_drawn_anew(
    site: Site, new_context: Contexts
) -> None:
    """Alone in holding: COEP, a transformed body, a tag run as a module, and what frameworks do."""
    shop = Shop(site)
    elif_ = shop.agent()
    tag = _embed(site, shop).replace("async", 'type="module"')
    head = tag + "<style>body { transform: translateZ(0); margin: 0 0 2000px 300px }</style>"
    isolated = {"Cross-Origin-Embedder-Policy": "require-corp"}
    with host_page(_page(site, shop, head=head), isolated) as address:
        shop.brand.allowed_origins = [address]
        shop.brand.save()
        visitor = Visitor(visitor_context(new_context), address).start("First")
        visitor.sees("First")
        page = visitor.page
        size = page.viewport_size
        box = visitor.launcher.bounding_box()
        assert size
        assert box
        right, bottom = box["x"] + box["width"], box["y"] + box["height"]
        assert (size["width"] - right, size["height"] - bottom) == (20, 20)
        # As Turbo does.
        page.evaluate("document.body.replaceWith(document.createElement('body'))")
        visitor.say("Second")
        # As a framework does that finds what it has not drawn.
        page.evaluate("document.querySelector('imece-chat').remove()")
        visitor.sees("Second")
        elif_.say(elif_.chats()[0]["id"], "Still there?")
        visitor.sees("Still there?")
        page.evaluate("document.documentElement.replaceWith(document.createElement('html'))")
        page.evaluate("document.documentElement.append(document.createElement('body'))")
        visitor.say("Yes")
        assert shop.brand.visitors.count() == 1
        # Another person signs in there.
        page.evaluate("Imece.shutdown(); Imece.open()")
        visitor.frame.locator(".home").wait_for()
        visitor.pick().fill(text="Somebody else").submit()
        visitor.sees("Somebody else")
        expect(visitor.words).to_have_count(1)
        assert shop.brand.visitors.count() == 2


def test_it_is_shown_on_a_page_that_loads_others_without_their_cookies(
    site: Site, new_context: Contexts
) -> None:
    """Alone in holding: COEP `credentialless`, which browsers check beside `require-corp`."""
    shop = Shop(site)
    shop.agent()
    isolated = {
        "Cross-Origin-Embedder-Policy": "credentialless",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    with host_page(_page(site, shop, head=_embed(site, shop)), isolated) as address:
        shop.brand.allowed_origins = [address]
        shop.brand.save()
        visitor = Visitor(visitor_context(new_context), address).open()
        assert visitor.page.evaluate("crossOriginIsolated")
        expect(visitor.frame.locator(".topic").first).to_be_visible()


def test_a_tag_that_says_too_little_says_why_there_is_no_widget(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    page = visitor_context(new_context).new_page()
    with (
        host_page(
            _page(site, shop, head=f'<script src="{site.url}/widget.js"></script>'), {}
        ) as address,
        page.expect_console_message(lambda message: "data-site" in message.text),
    ):
        page.goto(address)
    expect(page.locator("imece-chat")).to_have_count(0)


def test_the_page_can_drive_the_widget(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    shop.agent()
    head = (
        "<script>window.Imece = window.Imece || []; Imece.push(['set', {name: 'Vera'}]);"
        "window.heard = [];"
        "for (const name of ['ready', 'open', 'close', 'conversation:start'])"
        " Imece.push(['on', name, () => heard.push(name)]);</script>"
    )
    with host_page(_page(site, shop, head=head + _embed(site, shop)), {}) as address:
        shop.brand.allowed_origins = [address]
        shop.brand.save()
        visitor = Visitor(visitor_context(new_context), address)
        visitor.launcher.wait_for()
        page = visitor.page
        page.get_by_role("link", name="Help").click()
        visitor.frame.locator(".home").wait_for()
        page.evaluate("Imece.close()")
        expect(visitor.launcher).to_have_attribute("aria-expanded", "false")
        page.evaluate("Imece.toggle()")
        visitor.pick()
        expect(visitor.frame.locator("#name")).to_have_count(0)
        visitor.fill(text="My name is known").submit()
        visitor.sees("My name is known")
        page.wait_for_function("heard.includes('conversation:start')")
        assert page.evaluate("heard") == ["ready", "open", "close", "open", "conversation:start"]
        assert shop.brand.visitors.get().name == "Vera"
        page.evaluate("Imece.hide()")
        expect(visitor.launcher).to_be_hidden()
        page.evaluate("Imece.show()")
        expect(visitor.launcher).to_be_visible()
        page.evaluate("Imece.shutdown()")
        expect(page.locator("imece-chat")).to_have_count(0)
        page.wait_for_function("localStorage.length === 0")


def test_the_host_page_cannot_look_inside(site: Site, new_context: Contexts) -> None:
    Shop(site)
    page: Page = new_context().new_page()
    page.goto(f"{site.url}/demo/cloud/")
    page.locator("imece-chat").wait_for(state="attached")
    assert page.evaluate("document.querySelector('imece-chat').shadowRoot") is None


def test_whatever_a_visitor_or_an_agent_writes_is_shown_as_text(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site, name=CORPUS[1][:80], default_language="en")
    elif_ = shop.agent(name=CORPUS[0][:80])
    visitor = Visitor(visitor_context(new_context), shop.url)
    visitor.open()
    visitor.frame.locator(".topic").last.click()
    visitor.fill(
        topic_text=CORPUS[2], name=CORPUS[0], email="vera@example.com", text=CORPUS[1]
    ).submit()
    visitor.sees(CORPUS[1])
    chat = elif_.chats()[0]["id"]
    for line in CORPUS:
        visitor.enter(line)
        elif_.say(chat, line)
    expect(visitor.words).to_have_count(1 + 2 * len(CORPUS))
    expect(visitor.pending).to_have_count(0)
    said = visitor.words.all_text_contents()
    for line in CORPUS:
        assert said.count(line) >= 2
    assert visitor.frame.locator(".message-bubble :not(a)").count() == 0
    for link in visitor.frame.locator(".message-bubble a").all():
        assert str(link.get_attribute("href")).startswith(("http://", "https://"))
    expect(visitor.frame.locator(".who h1")).to_have_text(CORPUS[0][:80])
    visitor.page.reload()
    visitor.sees(CORPUS[0])
    expect(visitor.words).to_have_count(len(said))
    assert visitor.words.all_text_contents() == said
    assert visitor.page.title() != "owned"
    assert visitor.frame.locator("html").evaluate("() => document.title") != "owned"


def test_a_file_name_is_text_and_a_wrong_file_is_explained(
    site: Site, new_context: Contexts, problems: object
) -> None:
    problems.allow("status of 4")  # type: ignore[attr-defined]
    shop = Shop(site)
    shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    picker = visitor.frame.locator("input[type=file]")
    error = visitor.frame.locator(".composer-error")
    picker.set_input_files(
        [{"name": "a.exe", "mimeType": "application/x-dosexec", "buffer": b"MZ\x90\0"}]
    )
    expect(error).to_contain_text("a.exe")
    big = b"%PDF-" + bytes(10 * 1024 * 1024)
    picker.set_input_files([{"name": "b.pdf", "mimeType": "application/pdf", "buffer": big}])
    expect(error).to_have_text("b.pdf is larger than 10 MB.")
    picker.set_input_files(
        [{"name": "evil.png", "mimeType": "image/png", "buffer": b"<svg onload=alert(1)>"}]
    )
    expect(error).to_contain_text("evil.png")
    name = "<img src=x onerror=alert(1)>.txt"
    picker.set_input_files([{"name": name, "mimeType": "text/plain", "buffer": b"fine"}])
    expect(visitor.frame.locator(".uploads .is-done")).to_have_count(1)
    visitor.frame.locator(".send").click()
    expect(visitor.frame.locator(".message-file-name")).to_contain_text("img src=x onerror")
    expect(visitor.pending).to_have_count(0)
    assert visitor.frame.locator(".message-file img").count() == 0


def test_a_picture_is_shown_small_and_never_as_an_open_address(
    site: Site, new_context: Contexts
) -> None:
    shop = Shop(site)
    shop.agent()
    visitor = Visitor(visitor_context(new_context), shop.url).start()
    png = visitor.page.screenshot()
    visitor.frame.locator("input[type=file]").set_input_files(
        [{"name": "shot.png", "mimeType": "image/png", "buffer": png}]
    )
    expect(visitor.frame.locator(".uploads .is-done")).to_have_count(1)
    visitor.frame.locator(".send").click()
    image = visitor.frame.locator(".message:not(.is-pending) .message-file img")
    expect(image).to_have_attribute("src", re.compile("^blob:"))
    assert image.get_attribute("alt") == "Image: shot.png"
    image.click()
    large = visitor.frame.get_by_role("dialog", name="Image: shot.png")
    expect(large.locator("img")).to_have_js_property("complete", True)
    expect(large.get_by_role("link")).to_have_attribute("download", "shot.png")
    small, big = image.bounding_box(), large.locator("img").bounding_box()
    assert small
    assert big
    assert big["width"] > small["width"] * 1.3
    assert_accessible(visitor.page)
    visitor.page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(image).to_be_visible()

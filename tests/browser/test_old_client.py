"""Scripts older than the server: their page is loaded anew, once, and then says so."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.factories import make_agent
from tests.support.patience import until
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser


def grow_old(context: BrowserContext) -> list[str]:
    """Let the context get a script of yesterday; return a list of its sockets."""
    sockets: list[str] = []

    def answer(route: Route) -> None:
        response = route.fetch()
        script = re.sub(r"PROTOCOL ?= ?1;", "PROTOCOL=0;", response.text())
        assert "PROTOCOL=0;" in script
        route.fulfill(response=response, body=script)

    context.route(re.compile(r"/live/socket\b.*\.js"), answer)
    context.on(
        "page",
        lambda page: page.on("websocket", lambda socket: sockets.append(socket.url)),
    )
    return sockets


def come_back(page: Page, sockets: list[str]) -> None:
    """Wait for the socket of the page that was loaded anew."""
    until(page, lambda: len(sockets) >= 2)


def test_an_old_widget_is_loaded_anew_once(site: Site, new_context: Contexts) -> None:
    shop = Shop(site)
    shop.agent()
    context = visitor_context(new_context)
    sockets = grow_old(context)
    visitor = Visitor(context, shop.url)
    visitor.launcher.click()
    come_back(visitor.page, sockets)
    banner = visitor.frame.get_by_text("There is a new version. Please reload the page.")
    expect(banner).to_be_visible()
    assert len(sockets) == 2


def test_an_old_console_is_loaded_anew_once(site: Site, new_context: Contexts) -> None:
    context = new_context(agent=make_agent(language="en"), url=site.url, fresh=True)
    sockets = grow_old(context)
    page = context.new_page()
    page.goto(f"{site.url}/console/")
    come_back(page, sockets)
    expect(page.locator("html")).to_have_attribute("data-socket", "stopped")
    expect(page.locator("#connection")).to_contain_text("There is a new version.")
    assert len(sockets) == 2

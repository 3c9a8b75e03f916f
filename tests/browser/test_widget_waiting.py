"""A visitor who waits in line, and leaves a message instead or thinks better of it."""

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.conftest import Site
from tests.support.chromium import Contexts
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser


def test_a_waiting_visitor_may_leave_a_message_instead(site: Site, new_context: Contexts) -> None:
    shop = Shop(site, capacity=1)
    shop.agent()
    Visitor(visitor_context(new_context), shop.url).start("I was first")
    second = Visitor(visitor_context(new_context), shop.url).start("My long story")
    second.frame.locator(".queue .button").click()
    expect(second.frame.locator("#text")).to_have_value("My long story")
    second.fill(email="vera@example.com").submit()
    number = second.frame.locator(".thanks-number strong")
    number.wait_for()
    expect(number).to_have_text(f"#{shop.brand.tickets.get().number}")
    assert shop.brand.conversations.filter(status="queued").count() == 0


def test_what_was_added_to_the_form_is_written_on_with_the_agent_who_comes(
    site: Site, new_context: Contexts
) -> None:
    """It alone holds that words go from a form to a chat, also through a reload."""
    shop = Shop(site, capacity=1)
    elif_ = shop.agent()
    Visitor(visitor_context(new_context), shop.url).start("I was first")
    chat = elif_.chats()[0]["id"]
    second = Visitor(visitor_context(new_context), shop.url).start("My long story")
    second.sent("My long story")
    box = second.frame.locator(".composer-text")
    box.fill("Half")
    second.frame.locator(".queue .button").click()
    # The composer's box is called the same.
    text = second.frame.locator("form.form #text")
    expect(text).to_have_value("My long story\nHalf")
    text.fill("My long story\nHalf of it, and more")
    # Through going back and through a reload it stays with the chat, too.
    second.frame.get_by_role("button", name="Back").click()
    expect(box).to_have_value("Half of it, and more")
    second.frame.locator(".queue .button").click()
    text.fill("My long story\nHalf of it, and more, and its end")
    # On a slow line the form waits for what was said before the reload.
    held: list[Route] = []
    second.page.route("**/entries?*", lambda route: held.append(route))
    # Without a socket for the first try.
    sockets: list[WebSocketRoute] = []
    second.page.route_web_socket(
        "**/ws/**",
        lambda socket: socket.connect_to_server() if sockets else sockets.append(socket),
    )
    second.page.reload()
    expect(box).to_have_value("Half of it, and more, and its end")
    second.frame.locator(".queue .button").click()
    for route in held:
        route.continue_()
    second.page.unroute("**/entries?*")
    for socket in sockets:
        socket.close()
    expect(text).to_have_value("My long story\nHalf of it, and more, and its end")
    elif_.call(f"conversations/{chat}/end", {})
    elif_.call(f"conversations/{chat}/resolve", {"topic": str(shop.topic.pk)})
    expect(second.frame.locator(".who h1")).to_have_text("Elif Kaya")
    expect(box).to_have_value("Half of it, and more, and its end")
    box.press("Enter")
    second.sent("and its end")
    second.frame.locator("[aria-controls=menu]").click()
    second.frame.get_by_role("button", name="End chat").click()
    second.frame.get_by_role("group", name="End this chat?").get_by_role(
        "button", name="End chat"
    ).click()
    second.frame.get_by_role("button", name="Start a new chat").click()
    expect(second.pick().frame.locator("#text")).to_have_value("")

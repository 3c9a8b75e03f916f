"""What is told beside the chats: tickets, a window that was opened; and the compact window."""

import re

import pytest
from playwright.sync_api import Route, expect

from agents.models import Brand
from chat.models import Conversation
from tests.conftest import Site
from tests.support import widget_page
from tests.support.chromium import Contexts
from tests.support.console_page import open_desk
from tests.support.factories import make_agent
from tests.support.widget_page import Visitor, visitor_context

pytestmark = pytest.mark.browser


def never_by_the_clock(route: Route) -> None:
    """Hand the compact window out without its clock."""
    answer = route.fetch()
    route.fulfill(response=answer, body=re.sub(r", every \d+s", "", answer.text()))


def test_tickets_are_shown_silently_an_opened_window_rings_and_the_compact_window_follows(
    site: Site, new_context: Contexts
) -> None:
    desk = open_desk(site, new_context)
    page = desk.page
    brand = {"site_key": "demo-cloud", "is_demo": True, "allowed_origins": [site.url]}
    Brand.objects.filter(pk=desk.brand.pk).update(tell_opened=True, **brand)
    desk.brand.refresh_from_db()
    mert = make_agent(name="Mert Ak")
    desk.team.agents.add(mert)
    colleague = widget_page.Desk(site, mert)
    expect(page.locator("html")).to_have_attribute("data-ready", "yes")
    gadget = page.context.new_page()
    gadget.set_viewport_size({"width": 360, "height": 640})
    gadget.route("**/console/gadget/", never_by_the_clock)
    gadget.goto(f"{site.url}/console/gadget/")
    expect(gadget.locator("html")).to_have_attribute("data-ready", "yes")
    assert gadget.evaluate("document.documentElement.scrollWidth <= innerWidth")
    caller = desk.chat("Is my parcel on its way?")
    row = gadget.locator(f"a[href$='/console/chats/{caller.id}/']")
    expect(row).to_contain_text("Is my parcel on its way?")
    caller.say("Hello?")
    expect(row).to_contain_text("Hello?")
    # Somebody opens the window.
    page.bring_to_front()
    page.locator("html").evaluate("(html) => delete html.dataset.sound")
    shop = Visitor(visitor_context(new_context), f"{site.url}/demo/cloud/").open()
    toasts = page.locator("#toasts .toast")
    said = f"A visitor opened the chat window · {desk.brand.name} · {shop.page.title()}"
    expect(toasts.filter(has_text=said)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-sound", "chat")
    # Nothing has been said, so there is no chat.
    assert Conversation.objects.count() == 1
    # A colleague opens a ticket.
    ticket = colleague.call("tickets", {"subject": "Lost parcel", "text": "It never came."})
    told = toasts.filter(has_text=f"New ticket #{ticket['number']}")
    told.get_by_role("button", name="Open it").click()
    expect(page).to_have_url(f"{site.url}/console/tickets/{ticket['number']}/")
    expect(page.locator("#ticket-thread")).to_contain_text("It never came.")

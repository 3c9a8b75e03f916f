"""Visitors who are signed in on the site: the widget's page says so, agents see it."""

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone
from joserfc import jws
from joserfc.jwk import OctKey
from playwright.sync_api import Page, expect

from agents.operations import add_identity_secret
from chat.models import Visitor as Row
from tests.conftest import Site
from tests.support.chromium import Contexts, Problems, assert_accessible
from tests.support.console_page import ready
from tests.support.factories import make_agent
from tests.support.widget_page import Shop, Visitor, visitor_context

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
LISTEN = """() => {
  window.refusals = [];
  Imece.on("identity:refused", ({ code }) => refusals.push(code));
}"""


@dataclass
class Place:
    """A shop whose server signs, and Elif at her desk."""

    shop: Shop
    key: str
    desk: Page
    contexts: Contexts

    def sign(self, **claims: Any) -> str:
        """What the shop's server says of Zeynep."""
        said = {
            "aud": self.shop.brand.site_key,
            "sub": "customer-7",
            "exp": int(time.time()) + 600,
            "name": "Zeynep Aksoy",
            "email": "zeynep@example.com",
        } | claims
        key = OctKey.import_key(self.key)
        return jws.serialize_compact({"alg": "HS256"}, json.dumps(said).encode(), key)

    def visitor(self, **options: Any) -> Visitor:
        """A browser on the shop's page."""
        return Visitor(visitor_context(self.contexts, **options), self.shop.url)


@pytest.fixture
def place(site: Site, new_context: Contexts) -> Place:
    shop = Shop(site, ask_name="required", ask_email="required")
    elif_ = make_agent(name="Elif Kaya", online=True, language="en")
    shop.team.agents.add(elif_)
    key = add_identity_secret(brand=shop.brand, by=None, now=timezone.now()).value
    desk = new_context(agent=elif_, url=site.url).new_page()
    desk.goto(f"{site.url}/console/")
    ready(desk)
    return Place(shop, key, desk, new_context)


def identify(visitor: Visitor, token: str) -> None:
    """What the shop's page does for a customer who is signed in."""
    visitor.page.evaluate("token => Imece.identify(token)", token)


@pytest.mark.both
def test_a_signed_visitor_is_not_asked_and_agents_see_who_it_is(place: Place) -> None:
    visitor = place.visitor()
    identify(visitor, place.sign())
    visitor.page.evaluate("name => Imece.track(name)", HOSTILE)
    visitor.open().pick()
    expect(visitor.frame.locator("form.form :is(input, textarea)")).to_have_count(1)
    visitor.fill(text="Where is my parcel?").submit()
    visitor.frame.locator(".chat").wait_for()
    desk = place.desk
    desk.locator(".row-item a", has_text="Zeynep Aksoy").click()
    panel = desk.locator("#context")
    expect(panel).to_contain_text("Verified by the site")
    expect(panel).to_contain_text("customer-7")
    expect(panel.locator(".site-events")).to_contain_text(HOSTILE)
    expect(desk.locator(".chat-head .presence")).to_have_text("Visitor is on the page")
    assert_accessible(desk)
    # More is told while the agent looks.
    visitor.page.evaluate("Imece.track('paid')")
    expect(panel.locator(".site-events li").first).to_contain_text("paid")
    identify(visitor, place.sign(name="Ilgaz Er"))
    expect(desk.locator(".row-item .row-name")).to_have_text("Ilgaz Er")
    expect(desk.locator(".row-item .avatar")).to_have_text("IE")
    expect(desk.locator(".chat-head .presence")).to_have_text("Visitor is on the page")
    visitor.page.context.close()
    expect(desk.locator(".chat-head .presence")).to_have_text("Visitor has left")


def test_what_a_site_and_an_agent_say_of_a_customer_is_text_too(place: Place) -> None:
    visitor = place.visitor()
    identify(visitor, place.sign(sub=f"{HOSTILE}7", name=f"{HOSTILE} Zeynep"))
    visitor.page.evaluate("Imece.set({phone: '<b>555</b>'})")
    visitor.open().pick().fill(text="Hello").submit()
    visitor.frame.locator(".chat").wait_for()
    desk = place.desk
    desk.locator(".row-item a", has_text="Zeynep").click()
    panel = desk.locator("#context")
    for said in (f"{HOSTILE}7", f"{HOSTILE} Zeynep", "<b>555</b>"):
        expect(panel).to_contain_text(said)
    tag = panel.get_by_label("Add a tag")
    tag.fill(f"{HOSTILE} tag")
    tag.press("Enter")
    expect(panel.locator(".tags")).to_contain_text(f"{HOSTILE} tag")
    assert desk.locator("img[src=x]").count() == 0


def test_somebody_else_who_signs_in_sees_nothing_of_the_one_before(place: Place) -> None:
    visitor = place.visitor()
    identify(visitor, place.sign())
    visitor.start("My address is Gül Sokak 7")
    visitor.frame.locator(".composer-text").fill("and my door code is")
    identify(visitor, place.sign(sub="customer-8", name="Can Er"))
    visitor.frame.locator(".home").wait_for()
    visitor.page.reload()
    expect(visitor.frame.locator(".home")).to_be_visible()
    stored = visitor.page.frames[1].evaluate("JSON.stringify({...localStorage})")
    assert "door code" not in stored
    visitor.pick().fill(name="Can", email="can@example.com", text="Hello").submit()
    visitor.sent("Hello")
    expect(visitor.frame.locator("body")).not_to_contain_text("Gül Sokak")
    assert set(Row.objects.values_list("external_id", flat=True)) == {"customer-7", ""}


def test_a_refused_identity_is_told_to_the_page_and_the_chat_goes_on(
    place: Place, problems: Problems
) -> None:
    problems.allow("403")
    visitor = place.visitor()
    visitor.page.evaluate(LISTEN)
    identify(visitor, place.sign(exp=int(time.time()) - 100))
    visitor.open().pick()
    expect(visitor.frame.locator("form.form :is(input, textarea)")).to_have_count(3)
    visitor.page.wait_for_function("refusals.length")
    assert visitor.page.evaluate("refusals") == ["identity_expired"]
    identify(visitor, place.sign())
    visitor.frame.locator(".home").wait_for()
    visitor.pick()
    expect(visitor.frame.locator("form.form :is(input, textarea)")).to_have_count(1)


def test_what_the_page_knows_leaves_an_open_form_and_words_stay(place: Place) -> None:
    visitor = place.visitor().open().pick()
    visitor.fill(text="Half a sentence")
    told: list[str] = []
    visitor.page.on("console", lambda message: told.append(message.text))
    visitor.page.evaluate(
        "Imece.set({name: 'Vera Ak', email: 'no address', phone: '1'.repeat(33), mail: 'x'})"
    )
    expect(visitor.frame.locator("form.form #name")).to_have_count(0)
    expect(visitor.frame.locator("form.form #text")).to_have_value("Half a sentence")
    visitor.fill(email="vera@example.com").submit()
    visitor.frame.locator(".chat").wait_for()
    row = Row.objects.get()
    assert (row.name, row.email, row.phone, row.verified) == ("Vera Ak", "vera@example.com", "", [])
    # Whoever built the page reads why.
    for field in ("email", "phone", "mail"):
        assert any(f'"{field}" aside' in words for words in told), told


def test_two_tabs_follow_whoever_signed_in_last(place: Place) -> None:
    first = place.visitor()
    identify(first, place.sign())
    first.start("Hello from the first tab")
    second = Visitor(first.page.context, place.shop.url)
    identify(second, place.sign(sub="customer-8", name="Can Er", email="can@example.com"))
    second.frame.locator(".home").wait_for()
    first.frame.locator(".home").wait_for()
    second.pick().fill(text="Hello from the second tab").submit()
    second.sent("Hello from the second tab")
    first.page.reload()
    expect(first.frame.locator(".chat")).to_contain_text("Hello from the second tab")
    expect(first.frame.locator(".chat")).not_to_contain_text("first tab")
    assert set(Row.objects.values_list("external_id", flat=True)) == {"customer-7", "customer-8"}

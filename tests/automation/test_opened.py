"""A window that a visitor opens rings where the brand wants that, before a word is said."""

import pytest
from django.core.cache import cache

from chat.models import Conversation, Visitor
from config.outbox.models import OutboxEntry
from tests.automation.notifications import register, work_pushes
from tests.support.factories import make_agent, make_role, make_team
from tests.support.http import Widget, make_shop, open_widget, started

pytestmark = pytest.mark.django_db

PAGE = {"url": "https://shop.example/iade", "title": "İade koşulları", "referrer": ""}


@pytest.fixture
def shop():
    cache.clear()
    shop = make_shop()
    shop.brand.tell_opened = True
    shop.brand.save()
    return shop


def opened(shop, page=None, address="10.0.0.1", browser="Firefox"):
    """A visitor opens the window on a page; return the config of the widget."""
    widget = Widget(shop.brand)
    answer = widget.open(page=page or PAGE)
    headers = {"User-Agent": browser}
    called = widget.post("opened", {}, REMOTE_ADDR=address, headers=headers)
    assert (called.status_code, called.content) == (204, b"")
    return answer.json()["config"]


def heard():
    """Have workers do all; return how many windows they heard of."""
    found = OutboxEntry.objects.filter(payload__name="window.opened").count()
    work_pushes()
    return found


def test_it_rings_at_every_online_agent_who_may_take_the_chat(service, shop, announced):
    offline = make_agent()
    elsewhere = make_agent(online=True)
    by_mail = make_agent(online=True, role=make_role(channels=["email"]))
    shop.team.agents.add(offline, by_mail)
    make_team(elsewhere)
    browsers = {}
    for agent in (shop.elif_, offline, elsewhere, by_mail):
        browsers[agent.pk] = service.browser(str(agent.pk))
        register(agent, browsers[agent.pk])
    shop.elif_.language = "tr"
    shop.elif_.save()
    opened(shop)
    heard()
    [told] = browsers[shop.elif_.pk].got
    assert told["title"] == "Bir ziyaretçi sohbet penceresini açtı"
    assert told["options"]["body"] == f"{shop.brand.name} · İade koşulları"
    assert (told["class"], told["url"]) == ("new_chat", "/console/")
    assert (told["options"]["silent"], told["options"]["tag"]) == (False, "opened")
    assert told["options"]["actions"] == []
    assert [len(browser.got) for browser in browsers.values()] == [1, 0, 0, 0]
    # And on the screen, where a device may be missing.
    shown = [event for event in announced if event.name == "agent.told"]
    assert [(event.agent_id, event.notice) for event in shown] == [(shop.elif_.pk, "new_chat")]
    # Nothing else came of it.
    assert not Visitor.objects.exists()
    assert not Conversation.objects.exists()


def test_it_is_heard_once_of_a_browser_and_not_without_end_of_a_brand(shop, settings):
    settings.IMECE = settings.IMECE | {
        "OPENED_PER_BRAND_PER_MINUTE": 3,
        "OPENED_PER_ADDRESS_PER_MINUTE": 2,
    }
    # The second is the site's next page, on which the window is open still.
    for _ in range(2):
        opened(shop)
    # Nor does another name of the browser make it another one.
    for number in range(3):
        opened(shop, browser=f"Firefox {number}")
    assert heard() == 1
    for number in range(4):
        opened(shop, address=f"10.0.1.{number}")
    assert heard() == 3


def test_visitors_who_are_known_are_heard_one_by_one_but_not_without_end_of_an_address(
    shop, settings
):
    settings.IMECE = settings.IMECE | {"OPENED_PER_ADDRESS_PER_MINUTE": 2}
    known = [open_widget(shop.brand) for _ in range(3)]
    for widget in known:
        chat = started(widget)
        assert widget.post(f"conversations/{chat.public_id}/end", {}).status_code == 200
    heard()
    before = OutboxEntry.objects.filter(payload__name="window.opened").count()
    for widget in known * 2:
        widget.post("opened", {})
    assert OutboxEntry.objects.filter(payload__name="window.opened").count() - before == 2


def test_where_the_brand_does_not_want_it_and_in_an_open_chat_nothing_is_heard(shop):
    widget = open_widget(shop.brand)
    started(widget)
    assert widget.post("opened", {}).status_code == 204
    assert heard() == 0
    shop.brand.tell_opened = False
    shop.brand.save()
    cache.clear()
    assert opened(shop)["opened"] is False
    assert heard() == 0


def test_the_page_is_hostile_text_and_stays_out_where_the_brand_wants_no_words(service, shop):
    browser = service.browser()
    register(shop.elif_, browser)
    opened(shop, {"title": "\u202e<b>x</b>\n" + "y" * 500, "url": "javascript:alert(1)"})
    heard()
    body = browser.got[0]["options"]["body"]
    assert "\n" not in body
    assert len(body) < 200
    shop.brand.notice_words = False
    shop.brand.save()
    cache.clear()
    opened(shop)
    heard()
    assert browser.got[1]["options"]["body"] == shop.brand.name


@pytest.mark.parametrize("body", [{"page": "x"}, [], "x"])
def test_nothing_can_be_said_with_it(shop, body):
    widget = open_widget(shop.brand)
    assert widget.post("opened", body).status_code == 400
    assert heard() == 0

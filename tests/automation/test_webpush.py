"""Browsers are told by a push service that decrypts what it gets and checks who calls."""

import pytest
import time_machine
from django.utils import timezone

from agents.models import RoleGrant
from agents.operations import disable_agent
from agents.operations.notices import set_notices
from automation.notifications.telling import tell_of_waiting
from chat.operations.assignment import accept, route
from chat.operations.offers import miss_offers
from chat.operations.transfers import transfer
from chat.posting.marks import mark_read
from tests.automation.notifications import later, register, say, states, taken, told, work_pushes
from tests.support.desk import fresh, make_desk, start, work
from tests.support.factories import make_agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(ringing_desk):
    return ringing_desk


def test_a_chat_that_rings_is_told_to_whom_it_rings_at_and_can_be_answered_there(service, desk):
    elif_, mert = (service.browser(name) for name in ("elif", "mert"))
    for agent, browser in zip(desk.agents, (elif_, mert), strict=True):
        register(agent, browser)
    chat = start(desk)
    work_pushes()
    rung = next(browser for browser in (elif_, mert) if browser.got)
    assert len(elif_.got) + len(mert.got) == 1
    [told_] = rung.got
    assert told_["title"] == "Yeni canlı sohbet"
    assert told_["options"]["body"] == "Vera: Siparişim nerede?"
    assert [each["action"] for each in told_["options"]["actions"]] == ["accept", "decline"]
    assert told_["url"] == f"/console/chats/{chat.public_id}/"
    assert told_["options"]["tag"] == f"c-{chat.public_id}"
    assert rung.headers[0]["Urgency"] == "high"
    assert 290 < int(rung.headers[0]["TTL"]) <= 300


def test_a_chat_that_rings_is_told_once_though_its_first_word_is_heard_before_its_ring(
    service, desk
):
    browser = service.browser("elif")
    register(desk.agents[0], browser)
    desk.team.agents.remove(desk.agents[1])
    chat = start(desk)
    route(now=timezone.now())
    tell_of_waiting(conversation_id=chat.pk, seq=1, is_passed=False, now=timezone.now())
    work_pushes()
    assert [each["class"] for each in browser.got] == ["new_chat"]


def test_once_the_first_ring_has_passed_everybody_who_may_take_it_is_told_once(service, desk):
    others = [make_agent(online=True), make_agent(online=False)]
    desk.team.agents.add(others[1])
    browsers = [service.browser(str(number)) for number in range(4)]
    for agent, browser in zip([*desk.agents, *others], browsers, strict=True):
        register(agent, browser)
    start(desk)
    work_pushes()
    with later(31):
        miss_offers(now=timezone.now())
        work_pushes()
        with later(1):
            work_pushes()
    # Rung at first; then both who may take it, of whom one is rung at again.
    assert sorted(len(browser.got) for browser in browsers[:2]) == [1, 2]
    # Of another team, and Offline.
    assert [len(browser.got) for browser in browsers[2:]] == [0, 0]


def test_a_chat_that_nobody_is_free_for_is_told_and_a_word_renews_that_after_half_a_minute(
    service,
):
    desk = make_desk(brand={"capacity": 1})
    browser = service.browser()
    taken_ = start(desk)
    work()
    assert fresh(taken_).assignee == desk.agents[0]
    register(desk.agents[0], browser)
    chat = start(desk, text="İadem nerede?")
    work_pushes()
    assert told(browser) == []
    with later(1):
        work_pushes()
        assert told(browser) == [("new_chat", "Vera: İadem nerede?")]
        say(chat, "Kimse yok mu?")
        work_pushes()
    with later(5):
        work_pushes()
        assert len(browser.got) == 1
    with later(40):
        say(chat, "Alo?")
        work_pushes()
        with later(1):
            work_pushes()
        assert told(browser)[1:] == [("new_chat", "Vera: Alo?")]


def test_three_words_are_three_sounding_pushes_in_their_order(service, desk):
    chat = taken(desk)
    browser = service.browser()
    register(desk.agents[0], browser)
    for word in ("Merhaba", "Orada mısınız?", "Bekliyorum"):
        say(chat, word)
    work_pushes()
    with later(1):
        work_pushes()
    assert told(browser) == [
        ("message", "Vera: Merhaba"),
        ("message", "Vera: Orada mısınız?"),
        ("message", "Vera: Bekliyorum"),
    ]
    assert all(each["title"] == "Yeni mesaj geldi" for each in browser.got)
    assert all(each["options"]["renotify"] for each in browser.got)
    assert len({each["push"] for each in browser.got}) == 3


def test_what_was_read_meanwhile_is_not_told_and_what_others_took_is_withdrawn(service, desk):
    chat = taken(desk)
    browser = service.browser()
    register(desk.agents[0], browser)
    say(chat, "Buldum, teşekkürler")
    last = fresh(chat).last_seq
    mark_read(conversation=chat, by=desk.agents[0], seq=last)
    work_pushes()
    assert browser.got == []
    assert states() == ["skipped"]
    say(chat, "Bir şey daha")
    work_pushes()
    transfer(conversation=fresh(chat), to=desk.agents[1], by=desk.agents[0], now=timezone.now())
    work_pushes()
    another = taken(desk)
    say(another, "Selam")
    work_pushes()
    assert [each["withdrawn"] for each in browser.got if each["withdrawn"]] == [
        [f"c-{chat.public_id}"]
    ]
    say(another, "Selam?")
    work_pushes()
    assert browser.got[-1]["withdrawn"] == []


def test_a_transfer_is_told_and_taking_a_chat_oneself_is_not(service, desk):
    elif_, mert = service.browser("elif"), service.browser("mert")
    register(desk.agents[0], elif_)
    register(desk.agents[1], mert)
    chat = start(desk)
    accept(conversation=chat, agent=desk.agents[0], now=timezone.now())
    work_pushes()
    assert elif_.got == []
    transfer(conversation=fresh(chat), to=desk.agents[1], by=desk.agents[0], now=timezone.now())
    work_pushes()
    assert [each["class"] for each in mert.got] == ["new_chat"]
    assert mert.got[0]["options"]["actions"] == []


def test_preferences_quiet_hours_and_the_brands_wish_for_silence_are_kept(service, desk):
    chat = taken(desk)
    elif_ = chat.assignee
    browser = service.browser()
    register(elif_, browser)
    set_notices(agent=elif_, wanted=["new_chat"])
    say(chat, "Bir")
    work_pushes()
    assert browser.got == []
    set_notices(agent=elif_, wanted=["message"], quiet=[["00:00", "23:59"]])
    elif_.status = "break"
    elif_.save()
    with time_machine.travel(timezone.now().replace(hour=9), tick=True):
        say(chat, "İki")
        work_pushes()
    assert browser.got == []
    set_notices(agent=elif_, wanted=["message"], quiet=[])
    desk.brand.notice_words = False
    desk.brand.save()
    say(chat, "Gizli")
    work_pushes()
    assert told(browser) == [("message", desk.brand.name)]
    assert "Gizli" not in str(browser.got)


def test_an_agent_who_was_let_go_hears_nothing_more(service, desk):
    chat = taken(desk)
    browser = service.browser()
    register(chat.assignee, browser)
    say(chat, "Merhaba")
    work()
    disable_agent(agent=chat.assignee, by=None, now=timezone.now())
    work_pushes()
    assert browser.got == []
    assert states() == ["skipped"]


def test_whoever_may_not_see_a_chat_any_more_is_told_no_word_of_it(service, desk):
    elif_, browser = desk.agents[0], service.browser()
    register(elif_, browser)
    chat = taken(desk)
    before = len(browser.got)
    say(chat, "Bunu daha görebilir.")
    work_pushes()
    assert len(browser.got) == before + 1
    say(chat, "Kart numaram 4111")
    # The chat is still hers, but none of her roles reaches it.
    RoleGrant.objects.filter(agent=elif_).delete()
    work_pushes()
    say(chat, "Orada mısınız?")
    work_pushes()
    assert len(browser.got) == before + 1


def test_a_browser_that_was_signed_out_hears_nothing_more(service, desk, client):
    chat = taken(desk)
    client.force_login(chat.assignee)
    browser = service.browser()
    register(chat.assignee, browser, session_key=client.session.session_key)
    say(chat, "Bir")
    work_pushes()
    assert len(browser.got) == 1
    client.post("/accounts/logout/")
    say(chat, "İki")
    work_pushes()
    assert len(browser.got) == 1

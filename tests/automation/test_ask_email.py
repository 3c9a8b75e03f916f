"""A stranger is asked for the address before anybody is rung, and whatever they answer is right."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from automation.models import Rule
from automation.rules import facts
from automation.rules.recipes import install_recipe
from automation.rules.recipes.asking import ASKED, ASKED_AGAIN
from chat.tasks import sweep_once
from tests.automation.talk import AGAIN, ASK, said, say, state, tags
from tests.support.desk import fresh, here, kinds, make_desk, start
from tests.support.factories import make_conversation, make_visitor

pytestmark = pytest.mark.django_db

CONNECT = "Teşekkürler, ekibimiz birazdan sohbete katılacak."
BUSY = "Üzgünüz, şu anda herkes meşgul gibi görünüyor."


@pytest.fixture
def desk():
    return make_desk()


def test_a_stranger_is_asked_and_nobody_is_rung(desk, ask, work_all, announced):
    ask()
    chat = start(desk)
    work_all()
    now = fresh(chat)
    assert (state(chat), now.assignee, now.queued_at, now.unanswered_since) == (
        ("parked", None, None, None)
    )
    assert said(chat) == [ASK]
    assert tags(chat) == {ASKED}
    assert "conversation.queued" not in [event.name for event in announced]
    assert "queued" not in kinds(chat)


# What is written after the question, and then: what was said, where the chat is, its tags, and the
# address that is known. An agent is free: whoever is let through is served at once.
STEPS = {
    "an address": (
        {},
        ["vera@example.com"],
        ([ASK, CONNECT], "active", set(), "vera@example.com"),
    ),
    "an address in a sentence": (
        {},
        ["Adresim <Vera@Example.com>, teşekkürler."],
        ([ASK, CONNECT], "active", set(), "Vera@Example.com"),
    ),
    "an address in two words": (
        {},
        ["vera@ example.com"],
        ([ASK, CONNECT], "active", set(), ""),
    ),
    "an address in two messages": (
        {},
        ["vera@", "example.com"],
        ([ASK, CONNECT], "active", set(), ""),
    ),
    "an at sign alone": ({}, ["fiyatı 5 @ 3 mü?"], ([ASK, CONNECT], "active", set(), "")),
    "something else": ({}, ["Siparişim?"], ([ASK, AGAIN], "parked", {ASKED_AGAIN}, "")),
    "something else, then an address": (
        {},
        ["Siparişim?", "vera@example.com"],
        ([ASK, AGAIN, CONNECT], "active", set(), "vera@example.com"),
    ),
    "something else twice": (
        {},
        ["Siparişim?", "Lütfen"],
        ([ASK, AGAIN], "active", {ASKED_AGAIN}, ""),
    ),
    "five words without @": (
        {},
        ["bir", "iki", "üç", "dört", "beş"],
        ([ASK, AGAIN], "active", {ASKED_AGAIN}, ""),
    ),
    "five words, reminded": (
        {"then": "remind"},
        ["bir", "iki", "üç", "dört", "beş"],
        ([ASK, *[AGAIN] * 5], "parked", {ASKED}, ""),
    ),
    "five words, connected": (
        {"then": "connect"},
        ["bir", "iki", "üç", "dört", "beş"],
        ([ASK, AGAIN], "active", {ASKED_AGAIN}, ""),
    ),
    "reminded, then an address": (
        {"then": "remind"},
        ["bir", "iki", "vera@example.com"],
        ([ASK, AGAIN, AGAIN, CONNECT], "active", set(), "vera@example.com"),
    ),
    "a phone number, an address wanted": (
        {},
        ["0532 123 45 67"],
        ([ASK, AGAIN], "parked", {ASKED_AGAIN}, ""),
    ),
    "the number of an order": (
        {},
        ["Siparişim 12345678"],
        ([ASK, AGAIN], "parked", {ASKED_AGAIN}, ""),
    ),
}


@pytest.mark.parametrize("case", STEPS)
def test_each_answer_has_its_step(desk, ask, work_all, case):
    settings, words, expected = STEPS[case]
    ask(**settings)
    chat = start(desk)
    work_all()
    for word in words:
        say(chat, word)
        work_all()
    now = fresh(chat)
    assert (said(chat), state(chat), tags(chat), now.visitor.email) == expected
    assert "email" not in now.visitor.verified


@pytest.mark.parametrize(
    ("words", "phone", "where"),
    [
        (["0532 123 45 67"], "0532 123 45 67", "active"),
        (["Numaram +90 (532) 123-45-67."], "+90 (532) 123-45-67", "active"),
        (["Siparişim 12345678"], "", "parked"),
        (["vera@example.com"], "", "active"),
    ],
)
def test_a_phone_number_counts_where_one_is_asked_for(desk, ask, work_all, words, phone, where):
    ask(accept="email_or_phone")
    chat = start(desk)
    work_all()
    assert "telefon" in said(chat)[0]
    for word in words:
        say(chat, word)
        work_all()
    assert (fresh(chat).visitor.phone, state(chat)) == (phone, where)


def test_an_address_in_the_first_words_is_kept_and_nobody_asks(desk, ask, work_all):
    ask()
    chat = start(desk, text="Siparişim nerede? vera@example.com")
    work_all()
    assert (said(chat), state(chat)) == ([], "active")
    assert fresh(chat).visitor.email == "vera@example.com"


def test_an_address_that_comes_before_the_question_is_an_answer(desk, ask, work_all):
    ask()
    chat = start(desk)
    say(chat, "vera@example.com")
    work_all()
    assert (said(chat), state(chat)) == ([ASK, CONNECT], "active")
    assert fresh(chat).visitor.email == "vera@example.com"


def test_two_quick_words_are_two_answers(desk, ask, work_all):
    ask()
    chat = start(desk)
    work_all()
    say(chat, "Merhaba")
    say(chat, "Orada mısınız?")
    work_all()
    assert (said(chat), state(chat)) == ([ASK, AGAIN], "active")


def test_who_is_known_is_not_asked(desk, ask, work_all):
    ask()
    known = make_visitor(desk.brand, email="vera@example.com")
    again = make_visitor(desk.brand)
    make_conversation(again, status="resolved", created_at=timezone.now() - timedelta(days=3))
    for visitor in (known, again):
        chat = start(desk, visitor)
        work_all()
        assert said(chat) == []


def test_who_begins_anew_instead_of_answering_is_asked_again(desk, ask, work_all, announced):
    ask()
    visitor = make_visitor(desk.brand)
    first = start(desk, visitor)
    work_all()
    second = start(desk, visitor)
    work_all()
    assert (fresh(first).status, state(second)) == ("resolved", "parked")
    assert said(second) == [ASK]
    assert "conversation.queued" not in [event.name for event in announced]


def test_what_is_said_is_in_the_chats_language(desk, ask, work_all):
    ask()
    chat = start(desk, make_visitor(desk.brand, language="en"))
    work_all()
    assert said(chat) == [
        "Hello! Could you first write your e-mail address, so that our team can reach you?"
    ]


def test_when_nobody_is_free_the_address_earns_the_busy_sentence_and_a_ticket(desk, ask, work_all):
    ask()
    chat = start(desk)
    work_all()
    desk.brand.capacity = 1
    desk.brand.save()
    vera = make_visitor(desk.brand)
    busy = {"assignee": desk.agents[0], "status": "active", "holds_slot": True}
    make_conversation(vera, accepted_at=timezone.now(), **busy)
    say(chat, "vera@example.com")
    work_all()
    now = fresh(chat)
    assert said(chat)[1].startswith(BUSY)
    assert now.ticket.contact.email == "vera@example.com"
    assert (now.status, now.unanswered_since is not None) == ("queued", True)


def test_at_night_the_address_goes_to_a_ticket(desk, ask, work_all, time_machine):
    ask()
    chat = start(desk)
    work_all()
    # At 23.00 nobody is there any more.
    time_machine.move_to(timezone.now() + timedelta(hours=8))
    say(chat, "vera@example.com")
    work_all()
    assert said(chat)[1].startswith(BUSY)
    sweep_once(now=timezone.now() + timedelta(minutes=11))
    done = fresh(chat)
    assert (done.status, done.outcome) == ("resolved", "converted")
    assert done.ticket.contact.email == "vera@example.com"


def test_after_the_busy_sentence_nobody_asks_again(desk, ask, busy_rules, work_all):
    ask()
    desk.brand.capacity = 1
    desk.brand.save()
    busy = {"assignee": desk.agents[0], "status": "active", "holds_slot": True}
    make_conversation(make_visitor(desk.brand), accepted_at=timezone.now(), **busy)
    chat = start(desk)
    work_all()
    assert said(chat)[0].startswith(BUSY)
    assert len(said(chat)) == 2
    assert (state(chat), tags(chat)) == ("queued", set())


def test_the_busy_rules_stand_first_whichever_was_switched_on_first(ask, work_all):
    asking = ask()
    busy, _ = install_recipe(name="everyone-busy", by=None, now=timezone.now())
    closed, _ = install_recipe(name="closed-greeting", by=None, now=timezone.now())
    order = list(Rule.objects.in_order().values_list("pk", flat=True))
    assert order == [rule.pk for rule in (*closed, *busy, *asking)]


def test_who_says_nothing_and_stays_is_let_through_and_who_left_is_not(
    desk, ask, work_all, monkeypatch
):
    ask()
    stays, left = start(desk), start(desk)
    work_all()
    hashes = {stays.visitor.secret_hash}
    monkeypatch.setattr(facts, "is_here", hashes.__contains__)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        here(desk.agents[0])
        work_all()
        assert (state(stays), state(left)) == ("parked", "parked")
    with time_machine.travel(timezone.now() + timedelta(minutes=3, seconds=5), tick=False):
        here(desk.agents[0])
        work_all()
        assert (state(stays), state(left)) == ("active", "parked")
        assert (tags(stays), tags(left)) == (set(), {ASKED})


def test_who_is_reminded_is_not_let_through_for_their_silence(desk, ask, work_all, monkeypatch):
    ask(then="remind")
    monkeypatch.setattr(facts, "is_here", lambda secret: True)
    chat = start(desk)
    work_all()
    with time_machine.travel(timezone.now() + timedelta(minutes=4), tick=False):
        work_all()
    assert state(chat) == "parked"


def test_after_a_day_without_a_word_the_chat_is_over_and_an_address_then_still_counts(
    desk, ask, work_all
):
    ask()
    chat = start(desk)
    work_all()
    assert sweep_once(now=timezone.now() + timedelta(hours=23)) is None
    assert state(chat) == "parked"
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        sweep_once(now=timezone.now())
        done = fresh(chat)
        assert (done.status, done.outcome, kinds(chat).count("ended")) == (
            ("resolved", "timed_out", 0)
        )
        here(desk.agents[0])
        say(chat, "vera@example.com")
        work_all()
        assert (said(chat)[-1], state(chat)) == (CONNECT, "active")
        assert fresh(chat).visitor.email == "vera@example.com"


def test_words_after_the_day_are_asked_again_before_anybody_is_rung(desk, ask, work_all, announced):
    ask()
    chat = start(desk)
    work_all()
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        sweep_once(now=timezone.now())
        here(desk.agents[0])
        say(chat, "Merhaba?")
        work_all()
    assert (said(chat), state(chat)) == ([ASK, AGAIN], "parked")
    assert "conversation.queued" not in [event.name for event in announced]


def test_settings_are_replaced_and_the_rules_stay_the_same(ask):
    first = ask()
    again = ask(then="remind", accept="email_or_phone")
    assert [rule.pk for rule in again] == [rule.pk for rule in first]
    assert again[-1].mode == "off"
    assert ask(then="once")[-1].mode == "on"

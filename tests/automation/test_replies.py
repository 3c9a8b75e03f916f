"""Automatic answers: once a stay in each state, where no rule speaks."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from agents.models import Status
from agents.operations.hours import set_hours
from automation.models import AutoReply
from automation.rules.recipes import install_recipe
from automation.rules.replies import STANDARD, InvalidReplies, set_replies
from chat.models import Entry
from chat.operations.conversations import (
    end_conversation,
    reopen_conversation,
    resolve_conversation,
)
from chat.operations.silence import free_idle_chats
from chat.widget.config import widget_page
from tests.agents.conftest import boss, boss_client
from tests.automation.talk import said, say
from tests.support.desk import answer, fresh, here, make_desk, start
from tests.support.factories import make_brand, make_conversation, make_visitor
from tests.support.http import cid, open_widget
from tickets.operations.contacts import create_contact

__all__ = ["boss", "boss_client"]

pytestmark = pytest.mark.django_db
PAGE = "/admin/automation/rule/replies/"
CLOSED = {"mon": [["09:00", "09:01"]]}


@pytest.fixture
def switch():
    """Call it to have a brand answer by itself in these states, with these words if any."""

    def on(brand, *states, **texts):
        told = {state: (True, texts or STANDARD[state]) for state in states}
        set_replies(brand=brand, told=told, by=None, now=timezone.now())

    return on


def states(chat) -> list[str]:
    lines = Entry.objects.filter(conversation=chat, kind="bot").order_by("seq")
    return [data.get("state", "rule") for data in lines.values_list("data", flat=True)]


def leave(brand) -> str:
    """The answer to a message that a visitor leaves."""
    widget = open_widget(brand)
    told = {"cid": cid(), "text": "Siparişim?", "topic": None}
    fields = {"name": "Vera", "email": "vera@example.com"}
    left = widget.post("offline-messages", told | {"fields": fields})
    assert left.status_code == 201, left.json()
    return left.json()["reply"]


def fill_up(desk) -> None:
    desk.brand.capacity = 1
    desk.brand.save()
    busy = {"assignee": desk.agents[0], "status": "active", "holds_slot": True}
    make_conversation(
        make_visitor(desk.brand), topic=desk.topic, accepted_at=timezone.now(), **busy
    )


def send_home(desk) -> None:
    for agent in desk.agents:
        agent.status = Status.OFFLINE
        agent.save()


EVERY = ("welcome", "busy", "offline", "closed", "closing")


def test_without_any_of_it_nothing_is_said_and_nobody_is_held(work_all):
    chat = start(make_desk())
    assert chat.held_until is None
    work_all()
    assert states(chat) == []


def test_whoever_is_served_is_welcomed_by_name_once(switch, work_all):
    desk = make_desk()
    switch(desk.brand, *EVERY)
    chat = start(desk, make_visitor(desk.brand, name="Vera", language="en"))
    work_all()
    say(chat, "?")
    work_all()
    assert fresh(chat).status == "active"
    assert said(chat)[0].startswith("Hello Vera! Your message has reached us")
    assert states(chat) == ["welcome"]


def test_whom_an_agent_takes_a_visitor_for_is_not_told_to_the_visitor(switch, work_all):
    desk = make_desk()
    switch(desk.brand, *EVERY)
    known = create_contact(name="Vera Demir", email="", language="en", now=timezone.now())
    chat = start(desk, make_visitor(desk.brand, name="", contact=known, language="en"))
    work_all()
    assert said(chat)[0].startswith("Hello and welcome!")


def test_whoever_meets_a_line_is_told_so_and_not_welcomed(switch, work_all):
    desk = make_desk()
    fill_up(desk)
    switch(desk.brand, *EVERY)
    chat = start(desk)
    work_all()
    assert states(chat) == ["busy"]
    assert fresh(chat).status == "queued"


def test_a_ready_rule_that_speaks_leaves_nothing_to_say(switch, busy_rules, work_all):
    desk = make_desk()
    fill_up(desk)
    switch(desk.brand, *EVERY)
    chat = start(desk)
    work_all()
    assert set(states(chat)) == {"rule"}


def test_a_rule_that_only_does_something_or_is_tried_out_does_not_silence_it(
    switch, rule, work_all
):
    desk = make_desk()
    switch(desk.brand, "welcome")
    rule()
    hello = {"action": "send_message", "text": {"tr": "Selam", "en": "Hi"}}
    rule(mode="trial", actions=[hello])
    chat = start(desk)
    work_all()
    assert states(chat) == ["welcome"]
    rule(actions=[hello])
    second = start(desk)
    work_all()
    assert said(second) == ["Selam"]


@pytest.mark.parametrize("state", ["busy", "offline", "closed"])
def test_a_message_that_is_left_is_answered_in_the_panel(switch, state):
    desk = make_desk(brand={"at_capacity": "form"})
    switch(desk.brand, *EVERY)
    if state == "busy":
        fill_up(desk)
    elif state == "offline":
        send_home(desk)
    else:
        set_hours(owner=desk.brand, week=CLOSED, dates=[], by=None, now=timezone.now())
    monday_noon = timezone.make_aware(timezone.datetime(2027, 3, 1, 12))
    with time_machine.travel(monday_noon if state == "closed" else timezone.now(), tick=False):
        assert leave(desk.brand) == STANDARD[state]["en"]


def test_the_ready_rule_answers_a_message_that_is_left_instead(switch):
    desk = make_desk()
    send_home(desk)
    switch(desk.brand, *EVERY)
    texts = {"busy": {"tr": "Hepimiz meşgulüz.", "en": "All busy."}}
    install_recipe(name="everyone-busy", texts=texts, by=None, now=timezone.now())
    assert leave(desk.brand) == "All busy."


def test_a_chat_that_ends_closes_with_thanks_once_and_again_in_the_next_stay(switch, work_all):
    desk = make_desk()
    switch(desk.brand, "closing")
    chat = start(desk)
    work_all()
    answer(chat, desk.agents[0])
    now = timezone.now()
    end_conversation(conversation=chat, by=desk.agents[0], now=now)
    work_all()
    assert states(chat) == ["closing"]
    resolve_conversation(conversation=chat, topic=desk.topic, by=desk.agents[0], now=now)
    work_all()
    assert states(chat) == ["closing"]
    reopen_conversation(conversation=chat, by=desk.agents[0], now=timezone.now())
    end_conversation(conversation=chat, by=desk.agents[0], now=timezone.now())
    work_all()
    assert states(chat) == ["closing", "closing"]


def test_whoever_was_never_served_is_not_thanked(switch, work_all):
    desk = make_desk()
    fill_up(desk)
    switch(desk.brand, "closing")
    chat = start(desk)
    work_all()
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    work_all()
    assert states(chat) == []


def test_the_end_that_was_there_before_it_was_switched_on_is_not_answered(switch, work_all):
    desk = make_desk()
    chat = start(desk)
    work_all()
    answer(chat, desk.agents[0])
    end_conversation(conversation=chat, by=desk.agents[0], now=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False):
        switch(desk.brand, "closing")
        work_all()
    assert states(chat) == []


def idle(desk, chat) -> None:
    """Let eleven minutes pass without a word of the customer, and the product see it."""
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        here(*desk.agents)
        free_idle_chats(now=timezone.now())


def test_silence_is_answered_unless_somebody_switched_that_off(work_all):
    desk = make_desk()
    chat = start(desk)
    work_all()
    answer(chat, desk.agents[0])
    idle(desk, chat)
    assert said(chat) == [STANDARD["idle"]["tr"]]
    told = {"idle": (False, STANDARD["idle"])}
    set_replies(brand=desk.brand, told=told, by=None, now=timezone.now())
    quiet = start(desk)
    work_all()
    answer(quiet, desk.agents[0])
    idle(desk, quiet)
    assert fresh(quiet).status == "waiting"
    assert said(quiet) == []


def test_silence_that_a_rule_has_spoken_into_is_not_answered_twice(rule, work_all):
    desk = make_desk()
    hello = {"action": "send_message", "text": {"tr": "Orada mısınız?"}}
    said_by_rule = rule(
        when="updated",
        all=[{"field": "change", "operator": "is", "value": "agent_word"}],
        actions=[hello],
    )
    chat = start(desk)
    work_all()
    answer(chat, desk.agents[0])
    work_all()
    idle(desk, chat)
    assert said(chat) == ["Orada mısınız?"]
    assert said_by_rule.pk


def test_the_text_below_an_ended_chat_is_not_said_a_second_time(switch):
    brand = make_brand()
    brand.texts.create(language="tr", closing="Yine bekleriz.")
    assert widget_page(brand, "tr")["texts"]["chat"]["ended"] == "Yine bekleriz."
    switch(brand, "closing")
    assert widget_page(brand, "tr")["texts"]["chat"]["ended"] != "Yine bekleriz."


def test_texts_are_said_in_the_brands_language_where_the_chats_is_missing(switch, work_all):
    desk = make_desk(brand={"default_language": "en"})
    switch(desk.brand, "welcome", en="Welcome to {{brand.name}}", tr="Hoş geldiniz")
    chat = start(desk, make_visitor(desk.brand, language="tr"))
    work_all()
    assert said(chat) == ["Hoş geldiniz"]
    AutoReply.objects.update(texts={"en": "Only English"})
    set_replies(brand=desk.brand, told={}, by=None, now=timezone.now())
    other = start(desk, make_visitor(desk.brand, language="en"))
    work_all()
    assert said(other) == ["Only English"]


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        ("", False),
        ("{{agent.name}}", False),
        ("{{topic}}", False),
        ("{{topic|x}} {{brand.name}}", True),
    ],
)
def test_texts_that_could_leave_a_gap_are_refused(switch, text, is_fine):
    brand = make_brand()
    if is_fine:
        switch(brand, "welcome", tr=text, en="Hi")
    else:
        with pytest.raises(InvalidReplies):
            switch(brand, "welcome", tr=text, en="Hi")
        assert not AutoReply.objects.exists()


def test_the_page_has_the_standard_texts_and_keeps_what_is_typed(boss_client):
    brand = make_brand()
    fields = boss_client.get(PAGE).context["form"]
    told = {name: fields[name].value() for name in fields.fields}
    assert told["busy_tr"] == STANDARD["busy"]["tr"]
    assert (told["idle_on"], told["busy_on"]) == (True, False)
    sent = {name: value for name, value in told.items() if value not in {False, True}}
    refused = boss_client.post(PAGE, sent | {"busy_on": "on", "busy_en": " "})
    assert refused.context["form"].errors["busy_en"]
    saved = boss_client.post(PAGE, sent | {"busy_on": "on", "busy_tr": "Hepimiz meşgulüz."})
    assert saved.status_code == 302
    reply = AutoReply.objects.get(brand=brand, state="busy")
    # Standard words are not kept.
    assert (reply.is_on, reply.texts) == (True, {"tr": "Hepimiz meşgulüz."})
    assert not AutoReply.objects.get(state="idle").is_on
    assert "1 on" in boss_client.get("/admin/automation/rule/").content.decode()


def test_the_page_says_which_ready_rule_speaks_instead_and_offers_each_brand(
    boss_client, busy_rules, settings
):
    settings.IMECE = settings.IMECE | {"IDLE_SECONDS": 900}
    first, second = make_brand(name="A"), make_brand(name="B")
    page = boss_client.get(f"{PAGE}?brand={second.pk}")
    assert page.context["brand"] == second
    assert {row["state"] for row in page.context["form"].rows() if row["instead"]} == {
        "busy",
        "offline",
    }
    assert f"?brand={first.pk}" in page.content.decode()
    # What it says of silence is what is set up.
    assert "has not answered for 15 minutes" in page.content.decode()

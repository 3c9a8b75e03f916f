"""A visitor who finds everyone busy reads the promised sentence, once, and loses nothing."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from agents.operations.hours import set_hours
from automation.models import Rule
from automation.rules import book
from chat.operations.assignment import accept
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.tasks import sweep_once
from config.outbox.operations import drain
from tests.automation.talk import said, say
from tests.support.desk import fresh, here, make_desk, start
from tests.support.factories import make_agent, make_conversation, make_visitor
from tests.support.http import cid, make_shop, open_widget
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

SENTENCE = (
    "Üzgünüz, şu anda herkes meşgul gibi görünüyor. Sorunuzu aldık ve e-posta yoluyla kısa sürede "
    "geri dönüş yapacağız."
)


@pytest.fixture
def desk():
    """One agent who has as many chats as allowed."""
    desk = make_desk(brand={"capacity": 1})
    vera = make_visitor(desk.brand)
    make_conversation(
        vera,
        assignee=desk.agents[0],
        status="active",
        holds_slot=True,
        topic=desk.topic,
        accepted_at=timezone.now(),
    )
    return desk


def free(desk) -> None:
    """Let the agent have room for one more chat."""
    desk.brand.capacity = 2
    desk.brand.save()


def test_whoever_joins_the_line_reads_the_sentence_keeps_the_place_and_is_asked_for_an_address(
    desk, busy_rules, work_all
):
    chat = start(desk)
    assert chat.is_held(timezone.now())
    work_all()
    assert said(chat)[0].startswith(SENTENCE)
    assert "sıradaki yerini koruyor" in said(chat)[0]
    assert len(said(chat)) == 2
    assert "e-posta adresinizi" in said(chat)[1]
    now = fresh(chat)
    assert (now.status, now.held_until) == ("queued", None)
    assert now.ticket.is_untouched_net
    assert not now.ticket.contact.email


def test_an_address_written_in_the_chat_joins_the_ticket(desk, busy_rules, work_all):
    chat = start(desk)
    work_all()
    say(chat, "vera (at) posta")
    say(chat, "Adresim: vera@example.com, teşekkürler")
    work_all()
    now = fresh(chat)
    assert now.ticket.contact.email == "vera@example.com"
    assert now.visitor.email == "vera@example.com"
    assert not now.ticket.contact.is_email_verified
    assert len(said(chat)) == 2


def test_a_known_address_is_not_asked_for_and_nothing_is_said_twice(desk, busy_rules, work_all):
    chat = start(desk, make_visitor(desk.brand, email="vera@example.com"))
    work_all()
    for minute in (1, 2, 3):
        with time_machine.travel(timezone.now() + timedelta(minutes=minute), tick=False):
            work_all()
    assert len(said(chat)) == 1


def test_who_stands_in_line_for_a_minute_reads_it_then(desk, busy_rules, work_all):
    # Everybody was away for a moment when it came, so no rule of the beginning said anything.
    Rule.objects.filter(when="incoming").update(mode="off")
    book.renew()
    chat = start(desk)
    work_all()
    assert said(chat) == []
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        here(desk.agents[0])
        work_all()
        assert said(chat)[0].startswith(SENTENCE)
        assert fresh(chat).status == "queued"
    for minute in (2, 3, 4):
        with time_machine.travel(timezone.now() + timedelta(minutes=minute), tick=False):
            work_all()
    assert len(said(chat)) == 2


def test_who_is_served_never_reads_it(desk, busy_rules, work_all):
    free(desk)
    chat = start(desk)
    work_all()
    assert fresh(chat).status == "active"
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        work_all()
    assert said(chat) == []
    assert fresh(chat).ticket is None


def test_resolving_the_chat_resolves_the_ticket_that_nobody_touched(desk, busy_rules, work_all):
    chat = start(desk)
    work_all()
    free(desk)
    now = timezone.now()
    accept(conversation=chat, agent=desk.agents[0], now=now)
    resolve_conversation(conversation=chat, topic=desk.topic, by=desk.agents[0], now=now)
    done = fresh(chat)
    assert (done.outcome, done.ticket.status) == ("answered", "resolved")
    say(chat, "Bir şey daha var")
    work_all()
    again = fresh(chat)
    assert (again.status, again.ticket.status) == ("active", "new")


def test_a_visitor_who_leaves_the_line_is_answered_by_mail(desk, busy_rules, work_all):
    chat = start(desk)
    work_all()
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    done = fresh(chat)
    assert (done.status, done.outcome, done.ticket.status) == ("resolved", "converted", "new")


def test_a_wait_that_is_too_long_ends_as_a_ticket(desk, busy_rules, work_all):
    chat = start(desk)
    work_all()
    # Nobody knows where to answer: the form is offered, for some minutes.
    sweep_once(now=timezone.now() + timedelta(minutes=11))
    assert (fresh(chat).status, fresh(chat).form_offered) == ("queued", "full")
    sweep_once(now=timezone.now() + timedelta(minutes=14))
    assert fresh(chat).status == "queued"
    sweep_once(now=timezone.now() + timedelta(minutes=16))
    done = fresh(chat)
    assert (done.status, done.outcome) == ("resolved", "converted")
    assert Ticket.objects.filter(conversations=chat).count() == 1


def test_who_can_be_answered_by_mail_is_not_shown_a_form_when_the_wait_ends(
    desk, busy_rules, work_all
):
    chat = start(desk, make_visitor(desk.brand, email="vera@example.com"))
    work_all()
    sweep_once(now=timezone.now() + timedelta(minutes=11))
    done = fresh(chat)
    assert (done.status, done.outcome, done.form_offered) == ("resolved", "converted", "")


def test_those_in_line_become_tickets_when_the_desk_closes(desk, busy_rules, work_all):
    known = start(desk, make_visitor(desk.brand, email="vera@example.com"))
    unknown = start(desk)
    work_all()
    now = timezone.now()
    shut = {day: [] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    set_hours(owner=desk.brand, week=shut, dates=(), by=None, now=now)
    sweep_once(now=now + timedelta(seconds=5))
    sweep_once(now=now + timedelta(seconds=10))
    done = fresh(known)
    assert (done.status, done.outcome) == ("resolved", "converted")
    assert done.entries.get(kind="resolved").data["because"] == "closed"
    assert (fresh(unknown).status, fresh(unknown).form_offered) == ("queued", "hours")


def leave(widget) -> dict:
    body = {
        "cid": cid(),
        "topic": None,
        "fields": {"name": "Vera", "email": "vera@example.com"},
        "text": "Siparişim nerede?",
    }
    response = widget.post("offline-messages", body)
    assert response.status_code == 201, response.content
    return response.json()


@pytest.mark.django_db(transaction=True)
def test_the_form_answers_with_the_sentence_and_one_mail(busy_rules, work_all):
    shop = make_shop(online=False)
    widget = open_widget(shop.brand, language="tr")
    answer = leave(widget)
    assert answer["reply"] == SENTENCE
    for _ in range(2):
        work_all()
        drain("mail")
    [sent] = mail.outbox
    assert sent.to == ["vera@example.com"]
    assert sent.body.startswith(SENTENCE)
    assert str(answer["ticket"]) in sent.body
    assert "Siparişim" not in sent.body
    assert sent.extra_headers["Auto-Submitted"] == "auto-replied"


def test_a_brand_says_its_own_sentence_instead_of_that_of_all(desk, busy_rules, work_all, client):
    client.force_login(make_agent(is_staff=True, is_superuser=True))
    page = f"/admin/automation/rule/recipes/everyone-busy/?brand={desk.brand.pk}"
    shown = client.get(page).content.decode()
    assert SENTENCE in shown
    form = client.get(page).context["form"]
    assert form.fields["mode"].initial == "off"
    typed = {name: field.initial for name, field in form.fields.items()}
    typed |= {"mode": "on", "busy_tr": "Hepimiz dolu.", "busy_en": "All full."}
    assert client.post(page, typed).status_code == 302
    chat = start(desk)
    work_all()
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        work_all()
    sentence, asks = said(chat)
    assert sentence.startswith("Hepimiz dolu.")
    assert "e-posta adresinizi" in asks
    assert SENTENCE in client.get(page.partition("?")[0]).content.decode()
    # Off, it is answered as everywhere.
    client.post(page, typed | {"mode": "off"})
    other = start(desk)
    work_all()
    assert said(other)[0].startswith(SENTENCE)


@pytest.mark.django_db(transaction=True)
def test_without_the_rule_the_form_answers_as_always(work_all):
    shop = make_shop(online=False)
    answer = leave(open_widget(shop.brand, language="en"))
    assert answer["reply"].startswith("We have received your message.")
    work_all()
    drain("mail")
    assert mail.outbox == []

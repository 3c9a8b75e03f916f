"""The e-mail of each morning: who gets it, when, and what stands in it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent
from agents.operations.notices import set_digest
from config.outbox.operations import drain
from tests.support.factories import make_brand, make_team
from tests.support.http import Desk
from tests.support.tickets import opened
from tickets.models import Ticket
from tickets.operations.changes import change_ticket, mark_spam
from tickets.operations.customers_words import hear_customer
from tickets.operations.digests import start_digests
from tickets.operations.replies import say

pytestmark = pytest.mark.django_db

# In Istanbul it is 07:50.
START = datetime.fromisoformat("2026-11-25T07:50:00+03:00")


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def reader(clock: Any, elif_: Agent, brand: Any) -> Agent:
    elif_.digest, elif_.language, elif_.time_zone = True, "en", "Europe/Istanbul"
    elif_.save()
    return elif_


def beat() -> list[Any]:
    """What beat does now and then."""
    start_digests(now=timezone.now())
    drain("mail")
    return mail.outbox


def test_it_comes_at_eight_and_once_a_day_with_what_waits(clock, reader, brand, ticket):
    answered = opened(brand, "Answer me", assignee=reader)
    waiting = opened(brand, "Theirs to answer", assignee=reader)
    change_ticket(ticket=waiting, by=reader, now=timezone.now(), changes={"status": "waiting"})
    hidden = opened(make_brand(), "Foreign", team=make_team())
    spam = opened(brand, "Spam", assignee=reader)
    mark_spam(ticket=spam, is_spam=True, by=reader, now=timezone.now())
    assert beat() == []
    clock.shift(timedelta(minutes=10))
    for _ in range(3):
        [sent] = beat()
    assert sent.to == [reader.email]
    assert sent.subject == "2 tickets wait"
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    text = sent.body
    first, new, others = (
        text.index(title)
        for title in (
            "The customer has written (1)",
            "Nobody has them (1)",
            "Your other tickets (1)",
        )
    )
    assert first < text.index(f"#{answered.pk} Answer me") < new
    assert new < text.index(f"#{ticket.pk} {ticket.subject}") < others
    assert others < text.index(f"#{waiting.pk} Theirs to answer")
    assert reverse("ticket", args=[answered.pk]) in text
    assert reverse("agents:profile") in text
    [(page, kind)] = sent.alternatives
    assert kind == "text/html"
    assert f'href="{settings.PUBLIC_URL}{reverse("ticket", args=[answered.pk])}"' in page
    assert "Nobody has them (1)" in page
    for other in (hidden, spam):
        assert other.subject not in text
    clock.shift(timedelta(hours=24))
    assert len(beat()) == 2


def test_what_was_answered_once_and_nobody_has_is_among_what_waits(clock, reader, brand, ticket):
    wish = {"text": "Bakıyoruz.", "client_id": "c1", "now": timezone.now()}
    say(ticket=ticket, by=reader, **wish)
    parked = opened(brand, "Parked")
    change_ticket(ticket=parked, by=reader, now=timezone.now(), changes={"status": "waiting"})
    hear_customer(ticket=ticket, body="Hâlâ yok", data={}, source="email", now=timezone.now())
    assert Ticket.objects.get(pk=ticket.pk).assignee is None
    clock.shift(timedelta(minutes=10))
    [sent] = [each for each in beat() if each.to == [reader.email]]
    assert sent.subject == "1 ticket waits"
    free, others = map(sent.body.index, ("Nobody has them (1)", f"#{ticket.pk} {ticket.subject}"))
    assert free < others
    assert parked.subject not in sent.body


def test_nothing_comes_when_nothing_waits_or_nobody_asked(clock, reader, brand):
    clock.shift(timedelta(minutes=10))
    assert beat() == []
    opened(brand)
    set_digest(agent=reader, is_wanted=False, now=timezone.now())
    clock.shift(timedelta(days=1))
    assert beat() == []


def test_whose_day_has_begun_elsewhere_is_asked_by_their_own_clock(clock, reader, brand):
    opened(brand)
    Agent.objects.update(time_zone="America/New_York")
    clock.shift(timedelta(hours=7))
    assert beat() == []
    clock.shift(timedelta(hours=2))
    assert len(beat()) == 1


def test_it_is_switched_on_and_off_in_the_profile_and_by_the_api(client, clock, elif_, brand):
    opened(brand)
    client.force_login(elif_)
    clock.shift(timedelta(hours=2))
    client.post(reverse("agents:profile-notifications"), {"wanted": ["ticket"], "digest": "on"})
    # Today's morning is over.
    assert beat() == []
    elif_.refresh_from_db()
    assert (elif_.digest, elif_.digest_on) == (True, date(2026, 11, 25))
    assert 'name="digest"' in client.get(reverse("agents:profile")).content.decode()
    clock.shift(timedelta(days=1))
    assert len(beat()) == 1
    desk = Desk(elif_)
    desk.call("PATCH", "notifications", {"digest": False})
    assert desk.get("notifications").json()["digest"] is False
    clock.shift(timedelta(days=1))
    assert len(beat()) == 1

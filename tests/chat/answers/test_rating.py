"""A chat that became a ticket is rated on the ticket's page, as it could be in the widget."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from chat.operations.assignment import accept
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.spam import mark_spam
from chat.operations.tickets import convert_to_ticket
from config.web.rate_limits import Limit
from tests.support.desk import answer, fresh, make_desk, start
from tests.support.factories import make_visitor
from tickets.tokens import page_token

pytestmark = pytest.mark.django_db
ASKED = "How was this chat?"


@pytest.fixture
def chat():
    """A chat that somebody answered, which became a ticket and is over."""
    desk = make_desk()
    visitor = make_visitor(desk.brand, name="Vera", email="vera@example.com", language="en")
    chat = accept(conversation=start(desk, visitor), agent=desk.agents[0], now=timezone.now())
    answer(chat, desk.agents[0])
    convert_to_ticket(conversation=fresh(chat), by=desk.agents[0], now=timezone.now())
    end_conversation(conversation=fresh(chat), by=desk.agents[0], now=timezone.now())
    return fresh(chat)


@pytest.fixture
def page(client, chat):
    """Vera's browser, after the link in her mail."""
    token = page_token(chat.ticket, now=timezone.now())
    client.get(reverse("ticket-link", args=[chat.ticket_id, token]))
    return client


def shown(page, chat) -> str:
    return page.get(reverse("ticket-page", args=[chat.ticket_id])).content.decode()


def rate(page, chat, **told):
    return page.post(reverse("ticket-rating", args=[chat.ticket_id]), told)


def ratings(chat) -> list:
    return list(chat.entries.filter(kind="rated").order_by("seq").values_list("data", flat=True))


def test_it_is_asked_kept_and_can_be_changed(page, chat):
    assert ASKED in shown(page, chat)
    assert "Thank you for your rating" not in shown(page, chat)
    assert rate(page, chat, score="2", comment=" Slow ").status_code == 302
    after = shown(page, chat)
    assert "Thank you for your rating" in after
    assert 'value="2" id="id_score_1" required checked' in after
    assert ">\nSlow</textarea>" in after
    rate(page, chat, score="5")
    assert ratings(chat) == [{"score": 2, "comment": "Slow"}, {"score": 5, "comment": ""}]
    assert fresh(chat).rating == 5


@pytest.mark.parametrize("told", [{}, {"score": "6"}, {"score": "4", "comment": "x" * 1001}])
def test_what_is_no_rating_is_refused_beside_it(page, chat, told):
    refused = rate(page, chat, **told)
    assert refused.status_code == 400
    assert 'role="alert"' in refused.content.decode()
    assert ratings(chat) == []


def test_one_that_comes_too_often_is_refused_with_what_was_typed(page, chat, monkeypatch):
    monkeypatch.setattr("tickets.page.views.TICKET_RATINGS", Limit("ratings-here", 1, 3600))
    rate(page, chat, score="2")
    refused = rate(page, chat, score="5", comment="Better now")
    assert refused.status_code == 429
    assert ">\nBetter now</textarea>" in refused.content.decode()
    assert ratings(chat) == [{"score": 2, "comment": ""}]


def test_it_is_asked_for_a_day_and_never_of_spam(page, chat):
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert ASKED not in shown(page, chat)
        rate(page, chat, score="4")
    resolve_conversation(conversation=chat, by=chat.assignee, now=timezone.now(), topic=chat.topic)
    mark_spam(conversation=fresh(chat), by=chat.assignee, now=timezone.now())
    assert ASKED not in shown(page, chat)
    rate(page, chat, score="4")
    assert ratings(chat) == []


def test_nobody_rates_without_the_ticket_s_link(client, chat):
    assert rate(client, chat, score="1").status_code == 404
    assert ratings(chat) == []

"""The one mail with the number of a ticket that an agent makes of a chat."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.actors import Rule
from chat.models import Conversation
from chat.operations.tickets import convert_to_ticket
from config.outbox.operations import drain
from tests.support.answers import later, plain
from tests.support.http import Shop
from tests.support.mail import Smtp
from tickets.mail.send import PATIENCE, send_ticket_mail
from tickets.models import Mailbox

pytestmark = pytest.mark.django_db


def convert(chat: Conversation, shop: Shop) -> Any:
    return convert_to_ticket(conversation=chat, by=shop.elif_, now=timezone.now()).ticket


def test_the_customer_reads_the_number_once(
    clock: Any, shop: Shop, chat: Conversation, smtp: Smtp
) -> None:
    ticket = convert(chat, shop)
    assert convert(chat, shop) == ticket
    drain("mail")
    assert smtp.taken == []
    for _ in range(2):
        later(clock, seconds=PATIENCE.total_seconds() + 1)
    [mail] = smtp.taken
    assert (mail["To"], mail["Auto-Submitted"]) == ("vera@example.com", "auto-replied")
    assert f"Your chat has become ticket #{ticket.pk}." in plain(mail)
    assert "/t/" in plain(mail)
    # Anybody may have typed the address.
    assert "Where is my order?" not in plain(mail)


@pytest.mark.parametrize("why", ["a rule's mail", "switched off", "by a rule"])
def test_nobody_is_told_twice_or_against_the_brands_will(
    clock: Any,
    shop: Shop,
    chat: Conversation,
    smtp: Smtp,
    why: str,
) -> None:
    if why == "switched off":
        Mailbox.objects.update(acknowledges=False)
    by = Rule(id=1, name="Net") if why == "by a rule" else shop.elif_
    ticket = convert_to_ticket(conversation=chat, by=by, now=timezone.now()).ticket
    if why == "a rule's mail":
        told = {"subject": "Talep", "text": "Aldık.", "key": "rule"}
        send_ticket_mail(ticket=ticket, to="vera@example.com", **told)
        clock.shift(timedelta(seconds=1))
        drain("mail")
    later(clock, minutes=2)
    assert len(smtp.taken) == (1 if why == "a rule's mail" else 0)

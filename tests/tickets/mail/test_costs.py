"""What a mail that comes in costs the database: fifty a second on one worker depend on it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.tickets.mail.samples import take_in, written
from tickets.mail.inbound.ingest import ingest
from tickets.operations.contacts import create_contact
from tickets.operations.mails import store_mail

pytestmark = pytest.mark.django_db


def statements(mailbox, mail) -> int:
    """Return how many statements it takes to make a line of a ticket of a mail."""
    kept = store_mail(mailbox=mailbox, content=bytes(mail), now=timezone.now())
    with CaptureQueriesContext(connection) as asked:
        ingest([{"mail": kept.pk}])
    kept.refresh_from_db()
    assert kept.entry is not None
    return sum("SAVEPOINT" not in each["sql"] for each in asked.captured_queries)


def test_a_mail_takes_few_statements(mailbox):
    first = written(message_id="<1@example.org>")
    assert statements(mailbox, first) <= 17
    # Each as much as the one before: what a thread holds by then costs nothing.
    for number in (2, 3):
        more = written(f"{number}", in_reply_to="<1@example.org>", message_id=f"<{number}@x.org>")
        assert statements(mailbox, more) <= 13


def test_an_address_that_is_anothers_stays_a_claim_of_somebody_new(mailbox):
    proven = take_in(mailbox, written()).entry.ticket.contact
    made = create_contact(
        name="Zeynep",
        email=proven.email,
        language="tr",
        now=timezone.now(),
        is_email_verified=True,
    )
    made.refresh_from_db()
    assert (made.is_email_verified, made.identities.get().is_verified) == (False, False)
    proven.refresh_from_db()
    assert proven.is_email_verified

"""Mails that wait one behind the other: looked up together, taken in one by one."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from tests.tickets.mail.samples import written
from tickets.mail.inbound import ingest as module
from tickets.models import Entry, RawMail, Ticket
from tickets.operations.mails import ATTEMPTS_MAX, store_mail
from tickets.tasks import TOGETHER

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """What a process that ends here leaves behind: nothing, as after `kill -9`."""


@pytest.fixture
def waiting(mailbox) -> list[RawMail]:
    """As many mails as are looked up together; the third is "Gift"."""
    mails = [
        written(f"{number}", subject="Gift" if number == 2 else f"Kargo {number}")
        for number in range(TOGETHER)
    ]
    return [store_mail(mailbox=mailbox, content=bytes(mail), now=timezone.now()) for mail in mails]


def fail_at_gift(monkeypatch, error: BaseException) -> None:
    read = module.read_mail

    def reads(content: bytes):
        if b"Subject: Gift" in content:
            raise error
        return read(content)

    monkeypatch.setattr(module, "read_mail", reads)


def states() -> list[str]:
    return list(RawMail.objects.order_by("pk").values_list("state", flat=True))


def test_mails_that_wait_together_are_looked_up_by_the_statements_of_one(waiting):
    with CaptureQueriesContext(connection) as asked:
        drain("media")
    statements = [each["sql"] for each in asked.captured_queries]
    assert sum('SET "attempts"' in each for each in statements) == 1
    assert sum("agents_agent" in each for each in statements) == 1
    said = Entry.objects.filter(kind="message").order_by("pk").values_list("body", flat=True)
    assert list(said) == [str(number) for number in range(TOGETHER)]


def test_one_that_fails_among_others_stops_none_and_doubles_nothing(waiting, monkeypatch):
    fail_at_gift(monkeypatch, ZeroDivisionError())
    drain("media")
    assert states() == ["done"] * 2 + ["stored"] + ["done"] * (TOGETHER - 3)
    # Nobody has to look at the others again.
    assert OutboxEntry.objects.exclude(last_error="").count() == 1
    for hours in range(ATTEMPTS_MAX):
        with time_machine.travel(timezone.now() + timedelta(hours=hours + 1), tick=True):
            drain("media")
    assert states()[2] == "broken"
    assert Ticket.objects.count() == TOGETHER - 1


def test_one_that_kills_its_worker_takes_no_other_along(waiting, monkeypatch):
    fail_at_gift(monkeypatch, Killed())
    deaths = 0
    for hours in range(ATTEMPTS_MAX * 2):
        with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=True):
            try:
                drain("media")
            except Killed:
                deaths += 1
    assert states() == ["done"] * 2 + ["broken"] + ["done"] * (TOGETHER - 3)
    assert deaths == ATTEMPTS_MAX
    assert Ticket.objects.count() == TOGETHER - 1

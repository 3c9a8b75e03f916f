"""Many customers' words at once: heard together, and each is told as if it were alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automation.models import Notification
from automation.notifications import telling
from chat.operations.assignment import accept
from config.outbox.models import OutboxEntry
from config.outbox.operations import drain
from tests.automation.notifications import register, say, taken, told, work_pushes
from tests.support.desk import fresh, start


@pytest.mark.django_db
def test_many_words_are_heard_by_the_statements_of_one(service, ringing_desk, rule):
    rule(when="updated")
    chats = [taken(ringing_desk) for _ in range(3)]
    for name in ("Telefon", "Tablet"):
        register(chats[0].assignee, service.browser(name))

    def statements(words: int) -> int:
        for number in range(words):
            say(fresh(chats[number % len(chats)]), f"Merhaba {number}")
        with CaptureQueriesContext(connection) as asked:
            assert drain() == words
        return len(asked)

    statements(1)
    assert statements(12) == statements(1) <= 15
    assert Notification.objects.filter(notice="message").count() == 14
    # Of each commit the rules look at each chat: what follows is theirs to find.
    assert OutboxEntry.objects.filter(kind="automation.look", done_at=None).count() >= 14


@pytest.mark.django_db
def test_each_word_heard_with_others_is_told_once_where_its_chat_is_and_in_order(
    service, ringing_desk
):
    elifs, merts = taken(ringing_desk), start(ringing_desk)
    work_pushes()
    accept(conversation=merts, agent=ringing_desk.agents[1], now=timezone.now())
    work_pushes()
    phone, tablet = service.browser("Telefon"), service.browser("Tablet")
    register(elifs.assignee, phone)
    register(fresh(merts).assignee, tablet)
    for chat, text in ((merts, "Alo?"), (elifs, "Bir"), (merts, "Alo!"), (elifs, "İki")):
        say(fresh(chat), text)
    events = OutboxEntry.objects.live().filter(kind="event")
    words = list(events.values_list("pk", flat=True))
    assert drain() == len(words) == 4
    # A worker that was killed before it wrote that down hears them again.
    OutboxEntry.objects.filter(pk__in=words).update(done_at=None)
    work_pushes()
    assert [body.rpartition(": ")[2] for _notice, body in told(phone)] == ["Bir", "İki"]
    assert [body.rpartition(": ")[2] for _notice, body in told(tablet)] == ["Alo?", "Alo!"]


@pytest.mark.django_db
def test_a_word_that_can_not_be_told_keeps_none_of_those_heard_with_it_waiting(
    service, ringing_desk, monkeypatch
):
    chat = taken(ringing_desk)
    browser = service.browser()
    register(chat.assignee, browser)
    for text in ("Bir", "İki", "Üç"):
        say(fresh(chat), text)
    second = fresh(chat).last_seq - 1
    tell_all = telling.tell_all

    def fail(wanted):
        if any(notification.seq == second for notification, _devices in wanted):
            raise LookupError
        return tell_all(wanted)

    with monkeypatch.context() as failing:
        failing.setattr(telling, "tell_all", fail)
        assert drain() == 3
    left = OutboxEntry.objects.get(kind="event", done_at=None)
    assert left.last_error.startswith("LookupError")
    work_pushes()
    assert [body.rpartition(": ")[2] for _notice, body in told(browser)] == ["Bir", "Üç"]
    OutboxEntry.objects.filter(pk=left.pk).update(available_at=timezone.now())
    work_pushes()
    assert [body.rpartition(": ")[2] for _notice, body in told(browser)] == ["Bir", "Üç", "İki"]

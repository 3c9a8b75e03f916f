"""Workers of rules are killed at each step: every effect comes once, and none is lost."""

import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from automation.models import Cursor, Effect, Run
from automation.rules import book
from automation.rules.writing import add_rule
from chat.models import Conversation, ConversationTag, Entry
from tests.support import servers
from tests.support.desk import make_desk
from tests.support.factories import make_conversation, make_visitor
from tests.support.processes import process_environment

pytestmark = [
    pytest.mark.faults,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
]


def worker(chat: Conversation, point: str) -> subprocess.Popen[bytes]:
    """Start a worker on this test's database; nobody holds the lease of one that died."""
    past = timezone.now() - timedelta(seconds=1)
    Cursor.objects.filter(lease_until__isnull=False).update(lease_until=past)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.rules_process", str(chat.pk), point],
        cwd=servers.ROOT,
        env=process_environment(),
    )


def test_a_rule_whose_workers_die_at_each_step_does_everything_once() -> None:
    """Holds alone that what is decided and done survives kill -9: five processes, 10 s."""
    desk = make_desk(agents=0)
    chat = make_conversation(make_visitor(desk.brand), topic=desk.topic, last_seq=1)
    started = {"kind": "started", "author_kind": "visitor", "created_at": timezone.now()}
    add_rule(
        by=None,
        now=timezone.now() - timedelta(minutes=1),
        name="Karşıla",
        mode="on",
        when="incoming",
        fires="every",
        actions=[
            {"action": "send_message", "text": {"tr": "Bir"}},
            {"action": "add_tag", "tag": "yeni"},
            {"action": "send_message", "text": {"tr": "İki"}},
        ],
    )
    book.fresh_book()
    Entry.objects.create(conversation=chat, seq=1, **started)
    for point in ("decided", "within:1", "after:2"):
        assert worker(chat, point).wait(120) == -signal.SIGKILL, point
    assert Run.objects.get().done_at is None
    # Two at once: one looks, the other comes too early or finds all done.
    both = [worker(chat, "never"), worker(chat, "never")]
    assert [each.wait(120) for each in both] == [0, 0]
    said = Entry.objects.filter(conversation=chat, kind="bot").order_by("seq")
    assert list(said.values_list("body", flat=True)) == ["Bir", "İki"]
    kinds = list(Entry.objects.filter(conversation=chat).values_list("kind", flat=True))
    assert (kinds.count("tagged"), kinds.count("status")) == (1, 1)
    assert ConversationTag.objects.filter(conversation=chat).count() == 1
    run = Run.objects.get()
    assert run.done_at is not None
    assert sorted(Effect.objects.values_list("position", "done")) == [
        (position, True) for position in range(4)
    ]

"""Two processes with a worker and a beat each look at the same moment: each effect comes once."""

import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from automation.reactions import LOOK
from chat.models import Conversation, Offer
from chat.operations.assignment import accept
from config.outbox.operations import enqueue
from tests.support import servers
from tests.support.desk import Desk, answer, fresh, kinds, make_desk, start
from tests.support.fault_rules import (
    LONG_AGO,
    PATIENT,
    check_mails,
    check_once,
    is_all_done,
    set_up_rules,
)
from tests.support.mail import Smtp
from tests.support.processes import database_url, process_environment, until
from tests.support.races import check_ledger

pytestmark = [
    pytest.mark.faults,
    # SQLite has one writer, and tells nobody who waits for it.
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
]

NAMES = {"beat-1", "beat-2"}
CHATS = 3
# Whoever changes a chat locks it, and rules that look at it lease it before.
LOCK, LEASE = 'SELECT "chat_conversation"', "INSERT INTO automation_cursor"
# The processes that wait for rows which one connection holds, or for who waits for them.
WAITING = """
    WITH RECURSIVE behind (pid) AS (
        SELECT %s::integer
        UNION
        SELECT waits.pid FROM pg_stat_activity waits
          JOIN behind ON behind.pid = ANY (pg_blocking_pids(waits.pid))
    )
    SELECT DISTINCT application_name FROM pg_stat_activity JOIN behind USING (pid)
     WHERE query LIKE %s
"""


class Held:
    """Chats that nobody else can change for a while, so that all who want to meet there."""

    def __init__(self, holder: psycopg.Connection, chats: list[Conversation]) -> None:
        self._holder = holder
        pks = [chat.pk for chat in chats]
        holder.execute("SELECT 1 FROM chat_conversation WHERE id = ANY (%s) FOR UPDATE", [pks])

    def is_wanted_by_both(self, statement: str) -> bool:
        """Whether both processes wait for these chats with such a statement."""
        with connection.cursor() as cursor:
            cursor.execute(WAITING, [self._holder.info.backend_pid, f"%{statement}%"])
            return {name for (name,) in cursor.fetchall()} == NAMES

    def let_go(self) -> None:
        self._holder.commit()


def begin(name: str, smtp: Smtp) -> subprocess.Popen[str]:
    """Start a process that waits for a sign."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.embedded_process", "beside"],
        cwd=servers.ROOT,
        env=process_environment(
            PGAPPNAME=name,
            EMAIL_URL=f"smtp://127.0.0.1:{smtp.port}",
            SWEEP_SECONDS="0.5",
            **PATIENT,
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def give_sign(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def silent_chat(desk: Desk) -> Conversation:
    """A chat whose customer has not answered for so long that it frees its agent."""
    now = timezone.now()
    chat = start(desk, now=now - timedelta(minutes=20))
    accept(conversation=chat, agent=desk.agents[0], now=now - timedelta(minutes=19))
    answer(chat, desk.agents[0], now=now - timedelta(minutes=15))
    return chat


def test_two_beats_at_the_same_moment_do_everything_once(smtp: Smtp) -> None:
    """It alone has whole processes compete for rules and sweeps: two of them, 10 s."""
    desk, other = (make_desk(auto_accept=False, ring_seconds=3600, capacity=10) for _ in range(2))
    set_up_rules(desk)
    come = [start(desk, now=timezone.now() - LONG_AGO) for _ in range(CHATS)]
    silent = [silent_chat(other) for _ in range(CHATS)]
    with ExitStack() as stack:
        both = [stack.enter_context(begin(name, smtp)) for name in sorted(NAMES)]
        holders = [stack.enter_context(psycopg.connect(database_url())) for _ in range(2)]
        new, old = Held(holders[0], come), Held(holders[1], silent)
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "waits\n"
        for process in both:
            give_sign(process)
        # Both sweeps want to let go of the same chats, and both workers' rules look at them.
        until(lambda: new.is_wanted_by_both(LOCK))
        for chat in come:
            about = {"conversation": chat.pk, "seq": 1}
            enqueue(kind=LOOK, key=f"rules:{chat.pk}:1", payload=about)
        until(lambda: new.is_wanted_by_both(LEASE))
        new.let_go()
        # Both have seen that these are silent.
        until(lambda: old.is_wanted_by_both(LOCK))
        old.let_go()
        until(lambda: is_all_done() and not any(chat.holds_slot for chat in map(fresh, silent)))
        for process in both:
            give_sign(process)
            assert process.wait(60) == 0
    for chat in come:
        check_once(chat, hours=1)
    check_mails(smtp, *come)
    rings = Offer.objects.values_list("conversation", flat=True)
    assert sorted(rings) == [chat.pk for chat in come]
    for chat in silent:
        check_ledger(chat)
        freed = chat.entries.filter(kind="status", data__because="idle")
        assert (freed.count(), kinds(chat).count("bot")) == (1, 1)

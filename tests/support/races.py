"""Many at once: calls at the same moment, and what must hold afterwards."""

import os
import threading
from collections import Counter
from collections.abc import Callable

from django.db import connection, connections

from chat.models import Conversation
from tests.support.desk import fresh

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "2"))


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run the calls in threads of their own, at the same moment; a result may be an exception."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(place: int, call: Callable[[], object]) -> None:
        barrier.wait(30)
        try:
            results[place] = call()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return results


def somebody_waits() -> bool:
    """Return whether anybody waits for a lock; only PostgreSQL tells."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        [is_waiting] = cursor.fetchone()
    return bool(is_waiting)


def outcomes(results: list[object]) -> Counter[str]:
    return Counter(type(result).__name__ for result in results)


def check_ledger(chat: Conversation) -> None:
    """The timeline is dense for both audiences and the chat's counters agree with it."""
    rows = chat.entries.order_by("seq").values_list("seq", "visitor_seq")
    public = [visitor_seq for _, visitor_seq in rows if visitor_seq is not None]
    chat = fresh(chat)
    assert [seq for seq, _ in rows] == list(range(1, chat.last_seq + 1))
    assert public == list(range(1, chat.last_visitor_seq + 1))

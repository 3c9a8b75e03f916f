"""Many at once, with real threads and processes on the suite's database."""

import random
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from agents.models import Agent, Status
from chat.models import Conversation, Entry
from chat.operations.assignment import (
    AlreadyTaken,
    AtCapacity,
    NotOnline,
    accept,
    assign_conversation,
    requeue,
    route,
)
from chat.operations.conversations import (
    AlreadyOpen,
    NotAssigned,
    NotEnded,
    end_conversation,
    reopen_conversation,
    resolve_conversation,
)
from chat.operations.statuses import change_status
from chat.posting.messages import Author, Outgoing, post_message
from chat.rights import NotAuthorised
from tests.support import servers
from tests.support.desk import Desk, fresh, here, kinds, make_desk, start
from tests.support.factories import make_conversation, make_visitor
from tests.support.races import ROUNDS, at_once, check_ledger, outcomes

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_twenty_who_accept_at_once_exactly_one_wins() -> None:
    desk = make_desk(agents=20)
    for _ in range(ROUNDS):
        chat = start(desk)
        results = at_once(
            *(
                partial(accept, conversation=fresh(chat), agent=agent, now=timezone.now())
                for agent in desk.agents
            )
        )
        assert outcomes(results) == {"Conversation": 1, "AlreadyTaken": 19}
        [winner] = [result for result in results if isinstance(result, Conversation)]
        assert fresh(chat).assignee_id == winner.assignee_id
        assert kinds(chat).count("accepted") == 1
        check_ledger(chat)


def test_one_agent_who_accepts_many_chats_at_once_stays_within_the_limit() -> None:
    desk = make_desk(brand={"capacity": 2})
    for _ in range(ROUNDS):
        chats = [start(desk) for _ in range(8)]
        results = at_once(
            *(
                partial(accept, conversation=chat, agent=desk.agents[0], now=timezone.now())
                for chat in chats
            )
        )
        assert outcomes(results) == {"Conversation": 2, "AtCapacity": 6}
        assert Conversation.objects.filter(holds_slot=True).count() == 2
        for chat in Conversation.objects.exclude(status="resolved").select_related("visitor"):
            end_conversation(conversation=chat, by=None, now=timezone.now(), outcome="timed_out")


def test_a_visitor_who_starts_while_an_agent_reopens_has_one_open_chat() -> None:
    desk = make_desk(brand={"capacity": 100})
    [elif_] = desk.agents
    for _ in range(ROUNDS * 5):
        chat = start(desk)
        accept(conversation=chat, agent=elif_, now=timezone.now())
        end_conversation(conversation=chat, by=elif_, now=timezone.now())
        results = at_once(
            partial(start, desk, chat.visitor),
            partial(reopen_conversation, conversation=fresh(chat), by=elif_, now=timezone.now()),
        )
        assert outcomes(results) == {"Conversation": 1, "AlreadyOpen": 1}


def test_two_tabs_that_start_at_once_get_one_chat() -> None:
    desk = make_desk(brand={"capacity": 100})
    for _ in range(ROUNDS):
        visitor, cid = make_visitor(desk.brand), str(uuid.uuid4())
        same = at_once(*[partial(start, desk, visitor, client_id=cid)] * 6)
        assert outcomes(same) == {"Conversation": 6}
        assert len({chat.pk for chat in same if isinstance(chat, Conversation)}) == 1
        assert Entry.objects.filter(client_id=cid).count() == 1
        other = make_visitor(desk.brand)
        different = at_once(*[partial(start, desk, other)] * 6)
        assert outcomes(different) == {"Conversation": 1, "AlreadyOpen": 5}
        assert {error.conversation.pk for error in different if isinstance(error, AlreadyOpen)} == {
            Conversation.objects.get(visitor=other).pk
        }


def test_a_hundred_chats_five_agents_three_slots_two_processes() -> None:
    desk = make_desk(agents=5, brand={"capacity": 3})
    now = timezone.now()
    places = random.Random(7).sample(range(100), 100)
    chats = [
        make_conversation(
            make_visitor(desk.brand), topic=desk.topic, queued_at=now + timedelta(seconds=place)
        )
        for place in places
    ]
    to = connection.settings_dict
    database = (
        f"sqlite:///{to['NAME']}"
        if connection.vendor == "sqlite"
        else "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**to)
    )
    environment = servers.environment(
        {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database,
            "DATA_DIR": str(settings.DATA_DIR),
            "SECRET_KEY": settings.SECRET_KEY,
        }
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.routing_process", str(seed)],
            cwd=servers.ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in range(2)
    ]
    seen = [process.communicate(timeout=180)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert max(map(int, seen)) == 3
    assert Conversation.objects.filter(status="resolved").count() == 100
    accepted = Entry.objects.filter(kind="accepted").order_by("pk")
    in_order = [chat.pk for chat in sorted(chats, key=lambda chat: chat.queued_at)]
    assert list(accepted.values_list("conversation_id", flat=True)) == in_order
    for chat in chats:
        check_ledger(chat)


def test_going_offline_while_routing_leaves_no_chat_behind() -> None:
    for _ in range(ROUNDS):
        desk = make_desk(agents=1)
        [agent] = desk.agents
        for _ in range(3):
            start(desk)
        results = at_once(
            partial(
                change_status,
                agent=agent,
                status=Status.OFFLINE,
                confirm="requeue",
                by=agent,
                now=timezone.now(),
            ),
            partial(route, now=timezone.now()),
            partial(route, now=timezone.now()),
        )
        assert not [result for result in results if isinstance(result, Exception)]
        assert not Conversation.objects.filter(assignee=agent, status="active").exists()
        Agent.objects.all().update(is_active=False)


def test_a_storm_of_operations_neither_deadlocks_nor_breaks_a_limit_or_a_timeline() -> None:
    desk = make_desk(agents=4, brand={"capacity": 2})
    for _ in range(ROUNDS):
        here(*desk.agents)
        chats = [start(desk) for _ in range(6)]
        results = at_once(*(partial(_storm, desk, chats, seed) for seed in range(6)))
        assert [result for result in results if result is not None] == []
        for chat in Conversation.objects.all():
            check_ledger(chat)
            assert chat.holds_slot == (chat.status in {"active", "wrap_up"})
            assert (chat.status == "active") <= (chat.assignee_id is not None)
        held = Counter(
            Conversation.objects.filter(holds_slot=True).values_list("assignee_id", flat=True)
        )
        assert max(held.values(), default=0) <= 2
        for chat in Conversation.objects.exclude(status="resolved").select_related("visitor"):
            agent = chat.assignee or desk.agents[0]
            if chat.assignee is None:
                end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
            else:
                resolve_conversation(
                    conversation=chat, topic=desk.topic, by=agent, now=timezone.now()
                )


def _storm(desk: Desk, chats: list[Conversation], seed: int) -> None:
    """Do twenty random things to the same chats; refusals are fine, anything else is not."""
    rng = random.Random(seed)
    for _ in range(20):
        chat = Conversation.objects.select_related("visitor").get(pk=rng.choice(chats).pk)
        agent, now = rng.choice(desk.agents), timezone.now()
        words = Outgoing(chat.public_id, Author.of_visitor(chat.visitor), "?", str(uuid.uuid4()))
        acts: list[Callable[[], object]] = [
            partial(route, now=now),
            partial(accept, conversation=chat, agent=agent, now=now),
            partial(end_conversation, conversation=chat, by=chat.visitor, now=now),
            partial(resolve_conversation, conversation=chat, topic=desk.topic, by=agent, now=now),
            partial(reopen_conversation, conversation=chat, by=chat.visitor, now=now),
            partial(requeue, conversation=chat, by=agent, now=now),
            partial(assign_conversation, conversation=chat, to=agent, by=None, now=now),
            partial(post_message, words, now=now),
        ]
        with suppress(
            *(AlreadyTaken, AtCapacity, NotAuthorised, NotOnline, NotAssigned, NotEnded),
            AlreadyOpen,
        ):
            rng.choice(acts)()

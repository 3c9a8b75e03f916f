"""The lines of a timeline alone tell what the rows say."""

import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from agents.models import Agent, Presence
from chat.models import Conversation, Entry, Offer, Visitor
from chat.operations.assignment import accept, assign_conversation, requeue, route
from chat.operations.conversations import (
    TooLate,
    end_conversation,
    reopen_conversation,
    resolve_conversation,
    set_topic,
)
from chat.operations.entries import NewLine, append
from chat.operations.offers import decline, miss_offers
from chat.operations.offline import leave_offline_message
from chat.operations.ratings import NotRateable, rate_conversation
from chat.operations.spam import clear_spam, mark_spam
from chat.operations.starting import NobodyAvailable
from chat.operations.statuses import change_status
from chat.operations.tags import add_tag, remove_tag
from chat.operations.tickets import convert_to_ticket
from chat.operations.transfers import transfer
from chat.operations.vanished import withdraw_unheard
from chat.operations.waking import wake_conversation
from chat.operations.wrap_ups import free_wrap_ups
from chat.posting.messages import Author, Outgoing, Posted, post_message
from chat.refusals import _REFUSALS
from tests.support.desk import Desk, make_desk, start
from tests.support.factories import make_team, make_topic, make_visitor
from tests.support.ledger import row_as_told, told_by

pytestmark = pytest.mark.django_db


class Nothing(Exception):
    """There is no chat to which this could happen now."""


REFUSED = (*_REFUSALS, NobodyAvailable, NotRateable, TooLate, Nothing)
DAYS = 3
STEPS = 70


class Day:
    """One day at a desk, on which anything may happen in any order."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.desk: Desk = make_desk(agents=3, brand={"capacity": 2})
        self.now: datetime = timezone.now()
        Presence.objects.update(seen_at=self.now + timedelta(days=9))
        first, second, _ = self.desk.agents
        # Chats of one topic are accepted at once, those of the other ring.
        ringing = make_team(first, second, auto_accept=False, ring_seconds=20)
        self.teams = [self.desk.team, ringing]
        self.topics = [self.desk.topic, make_topic(self.desk.brand, ringing)]
        self.visitors: list[Visitor] = [make_visitor(self.desk.brand) for _ in range(4)]
        self.happenings: list[Callable[[], object]] = [
            self.begins,
            self.begins,
            self.routes,
            self.routes,
            self.accepts,
            self.accepts,
            self.declines,
            self.sweeps,
            self.assigns,
            self.returns,
            self.passes_on,
            self.passes_on,
            self.visitor_writes,
            self.visitor_writes,
            self.agent_writes,
            self.agent_writes,
            self.ends,
            self.resolves,
            self.changes_topic,
            self.reopens,
            self.reopens,
            self.changes_status,
            self.waits,
            self.leaves_message,
            self.files,
            self.tags,
            self.rates,
            self.marks,
        ]

    def pass_by(self) -> None:
        """Let `STEPS` things happen, most of them seconds apart; what is refused is no step."""
        done = 0
        while done < STEPS:
            self.now += timedelta(seconds=self.pick.choice([0, 0, 1, 7, 40, 400]))
            with suppress(*REFUSED):
                self.pick.choice(self.happenings)()
                done += 1

    def chat(self, *statuses: str) -> Conversation:
        own = Conversation.objects.filter(brand=self.desk.brand, status__in=statuses)
        found = list(own.order_by("pk"))
        if not found:
            raise Nothing
        return self.pick.choice(found)

    def agent(self) -> Agent:
        return self.pick.choice(self.desk.agents)

    def begins(self) -> None:
        start(
            self.desk,
            self.pick.choice(self.visitors),
            topic=self.pick.choice([*self.topics, None]),
            topic_text=self.pick.choice(["", "Kargo"]),
            now=self.now,
        )

    def routes(self) -> None:
        route(now=self.now)

    def accepts(self) -> None:
        accept(conversation=self.chat("queued"), agent=self.agent(), now=self.now)

    def declines(self) -> None:
        ringing = Offer.objects.filter(result="open").order_by("pk").first()
        if ringing is None:
            raise Nothing
        decline(conversation=ringing.conversation, agent=ringing.agent, now=self.now)

    def sweeps(self) -> None:
        sweep = self.pick.choice([miss_offers, miss_offers, free_wrap_ups, withdraw_unheard])
        if not sweep(now=self.now):
            raise Nothing

    def assigns(self) -> None:
        chat = self.chat("queued", "active")
        by = self.pick.choice([None, self.agent()])
        assign_conversation(conversation=chat, to=self.agent(), by=by, now=self.now)

    def returns(self) -> None:
        at_head = self.pick.random() < 0.5
        requeue(conversation=self.chat("active"), by=None, now=self.now, at_head=at_head)

    def passes_on(self) -> None:
        chat = self.chat("active")
        to = self.pick.choice([self.agent(), *self.teams])
        transfer(conversation=chat, to=to, by=chat.assignee, now=self.now, reason="biliyor")

    def visitor_writes(self) -> None:
        chat = self.chat(
            *self.pick.choice([("waiting",), ("queued", "active", "wrap_up", "resolved")])
        )
        self.write(chat, Author.of_visitor(chat.visitor))
        wake_conversation(conversation_id=chat.pk, now=self.now)

    def agent_writes(self) -> None:
        chat = self.chat("active")
        kind = self.pick.choice(["message", "message", "note"])
        self.write(chat, Author.of_agent(chat.assignee), kind)

    def write(self, chat: Conversation, author: Author, kind: str = "message") -> None:
        words = f"Söz {self.pick.random()}"
        said = Outgoing(chat.public_id, author, words, str(uuid.uuid4()), kind)
        if not isinstance(post_message(said, now=self.now), Posted):
            raise Nothing

    def ends(self) -> None:
        chat = self.chat("queued", "active")
        outcome = ""
        by = self.pick.choice([chat.visitor, chat.assignee, None])
        if by is None:
            outcome = self.pick.choice(["", "timed_out"])
        end_conversation(conversation=chat, by=by, now=self.now, outcome=outcome)

    def resolves(self) -> None:
        chat = self.chat("active", "wrap_up", "wrap_up")
        topic = self.pick.choice(self.topics)
        resolve_conversation(conversation=chat, topic=topic, by=chat.assignee, now=self.now)

    def changes_topic(self) -> None:
        chat = self.chat("queued", "active", "wrap_up")
        topic = self.pick.choice(self.topics)
        set_topic(conversation=chat, topic=topic, by=chat.assignee, now=self.now)

    def reopens(self) -> None:
        chat = self.chat("wrap_up", "resolved")
        by = self.pick.choice([chat.visitor, chat.assignee, self.agent()])
        reopen_conversation(conversation=chat, by=by or chat.visitor, now=self.now)

    def changes_status(self) -> None:
        agent = self.agent()
        agent.refresh_from_db()
        status = self.pick.choice(["online", "online", "online", "break", "offline"])
        confirm = self.pick.choice(["keep", "requeue"])
        change_status(agent=agent, status=status, confirm=confirm, by=agent, now=self.now)
        free_wrap_ups(now=self.now, agent_id=agent.pk)

    def waits(self) -> None:
        """As a rule will park a chat: it gives up its slot, and a line says so."""
        chat = self.chat("active")
        chat.status, chat.holds_slot = "waiting", False
        chat.save(update_fields=["status", "holds_slot"])
        append(chat, NewLine(kind="status", data={"from": "active", "to": "waiting"}), now=self.now)

    def leaves_message(self) -> None:
        visitor = self.pick.choice(self.visitors)
        leave_offline_message(
            visitor=visitor,
            brand=self.desk.brand,
            channel="web",
            topic=self.pick.choice([*self.topics, None]),
            fields={"email": "vera@example.com"},
            text="Yazın lütfen",
            client_id=str(uuid.uuid4()),
            page={},
            now=self.now,
        )

    def files(self) -> None:
        chat = self.chat("active", "wrap_up", "resolved")
        by = chat.assignee or self.agent()
        convert_to_ticket(conversation=chat, by=by, now=self.now, email="vera@example.com")

    def tags(self) -> None:
        do = self.pick.choice([add_tag, remove_tag])
        word = self.pick.choice(["iade", "acil"])
        do(conversation=self.chat("queued", "active", "wrap_up"), name=word, by=None, now=self.now)

    def rates(self) -> None:
        score = self.pick.randint(1, 5)
        chat = self.chat("wrap_up", "resolved")
        rate_conversation(conversation=chat, score=score, comment="", now=self.now)

    def marks(self) -> None:
        do = self.pick.choice([mark_spam, clear_spam])
        chat = self.chat("queued", "active", "wrap_up", "resolved")
        do(conversation=chat, by=self.agent(), now=self.now)


@pytest.mark.parametrize("seed", range(DAYS))
def test_the_lines_alone_tell_what_the_rows_say(seed: int) -> None:
    Day(seed).pass_by()
    for chat in Conversation.objects.select_related("assignee").order_by("pk"):
        assert told_by(lines_of(chat)) == row_as_told(chat), [
            (line.seq, line.kind, line.data) for line in lines_of(chat)
        ]
    kinds = set(Entry.objects.values_list("kind", flat=True))
    # Else the day was too quiet to prove anything.
    assert {"queued", "accepted", "field", "ended", "resolved", "reopened"} <= kinds


def lines_of(chat: Conversation, kind: str = "") -> list[Entry]:
    lines = chat.entries.order_by("seq").select_related("agent")
    return list(lines.filter(kind=kind) if kind else lines)

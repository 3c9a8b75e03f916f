"""A small desk: one brand, one team, one topic, agents who are there."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from agents.models import Agent, Brand, Team, Topic
from agents.presence import heartbeat
from chat.models import Conversation, Entry, Visitor
from chat.operations.starting import start_conversation
from chat.posting.messages import Author, Outgoing, Posted, post_message
from config.outbox.operations import drain
from config.settings import QUEUES
from tests.support.factories import (
    make_agent,
    make_brand,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)


@dataclass(kw_only=True)
class Desk:
    """Who works where."""

    brand: Brand
    team: Team
    topic: Topic
    agents: list[Agent] = field(default_factory=list)


def here(*agents: Agent) -> None:
    """Lease the presence of these agents."""
    for agent in agents:
        heartbeat(agent=agent, now=timezone.now())


def make_desk(*, agents: int = 1, brand: dict[str, Any] | None = None, **team: Any) -> Desk:
    """A desk with so many Online agents who are there."""
    role = make_role()
    people = [make_agent(role=role, online=True) for _ in range(agents)]
    made_team = make_team(*people, **team)
    made_brand = make_brand(default_team=made_team, **brand or {})
    here(*people)
    return Desk(
        brand=made_brand,
        team=made_team,
        topic=make_topic(made_brand, made_team),
        agents=people,
    )


def start(desk: Desk, visitor: Visitor | None = None, **changes: Any) -> Conversation:
    """A chat that a (new) visitor started through the operation."""
    wish: dict[str, Any] = {
        "visitor": visitor or make_visitor(desk.brand),
        "brand": desk.brand,
        "channel": "web",
        "topic": desk.topic,
        "topic_text": "",
        "fields": {},
        "page": {},
        "text": "Siparişim nerede?",
        "client_id": str(uuid.uuid4()),
        "attachment_ids": [],
        "now": timezone.now(),
    }
    return start_conversation(**wish | changes).conversation


def answer(conversation: Conversation, agent: Agent, **changes: Any) -> None:
    """A person's words to the visitor."""
    words = Outgoing(
        conversation=conversation.public_id,
        author=Author.of_agent(agent),
        client_id=str(uuid.uuid4()),
        text="Bakıyorum",
    )
    posted = post_message(words, **{"now": timezone.now()} | changes)
    assert isinstance(posted, Posted), posted


def work() -> None:
    """Let the worker do what is due, and what follows from that."""
    while drain():
        pass


def work_all() -> None:
    """Let all workers but the mail's do what is due, and what follows from that."""
    while sum(drain(queue) for queue in QUEUES if queue not in {"mail", "push"}):
        pass


def kinds(conversation: Conversation) -> list[str]:
    """The kinds of the timeline's entries, in order."""
    return list(
        Entry.objects.filter(conversation=conversation)
        .order_by("seq")
        .values_list("kind", flat=True)
    )


def fresh(conversation: Conversation) -> Conversation:
    """The row as it is now."""
    return Conversation.objects.get(pk=conversation.pk)

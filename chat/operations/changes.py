"""How the timeline names what changed: both sides by id, and as people call them.

The keys are described in `chat/models/kinds.py`.
"""

from datetime import datetime
from typing import Any

from agents.actors import Rule
from agents.models import Agent, Team, Topic
from chat.models import Conversation, Entry
from chat.operations.entries import append, written_by

TOPIC, TEAM, PRIORITY, OUTCOME = "topic", "team", "priority", "outcome"
# Why a team changed: by itself, and not along with something else.
SET = "set"


def name_agent(key: str, agent: Agent | None) -> dict[str, Any]:
    """Return an agent, or nobody, under `key` and `key`_id."""
    return {
        key: agent.name if agent else "",
        f"{key}_id": agent.public_id if agent else None,
    }


def name_topic(chat: Conversation) -> dict[str, Any]:
    """Return what a chat is about; nothing when nobody knows, words alone when it is no topic."""
    if chat.topic is not None:
        return {"topic": chat.topic.label(chat.language), "topic_id": str(chat.topic.pk)}
    return {"topic": chat.topic_text} if chat.topic_text else {}


def change_topic(
    chat: Conversation, topic: Topic, *, by: Agent | Rule | None, now: datetime, because: str = ""
) -> None:
    """Give a locked chat another topic; the caller saves it.

    The thread tells of it unless it changes along with something else (`because`).
    """
    if chat.topic_id == topic.pk:
        return
    data = {
        **_name_side("from", chat.topic, chat.language),
        **_name_side("to", topic, chat.language),
    }
    if because:
        data["because"] = because
    else:
        data |= {"value": str(topic.pk), "label": topic.label(chat.language)}
    chat.topic = topic
    _append_field(chat, TOPIC, data, by=by, now=now)


def change_team(
    chat: Conversation, team: Team | None, *, by: Agent | Rule | None, now: datetime, because: str
) -> None:
    """Move a locked chat to the queue of a team, or of its topic's teams; the caller saves it."""
    if chat.team_id == (team and team.pk):
        return
    data = {
        **_name_side("from", chat.team, chat.language),
        **_name_side("to", team, chat.language),
        "because": because,
    }
    chat.team = team
    _append_field(chat, TEAM, data, by=by, now=now)


def change_priority(
    chat: Conversation, priority: int, *, by: Agent | Rule | None, now: datetime
) -> None:
    """Give a locked chat another priority within its line; the caller saves it."""
    head = chat.HEAD if chat.is_at_head else 0
    before = chat.priority - head
    if before == priority:
        return
    chat.priority = priority + head
    data = {"from": before, "to": priority}
    _append_field(chat, PRIORITY, data, by=by, now=now)


def change_outcome(chat: Conversation, outcome: str, *, by: Agent, now: datetime) -> None:
    """Say that a locked chat is spam, or none after all; the caller saves it."""
    told = "marked" if outcome == Conversation.Outcome.SPAM else "cleared"
    data = {
        "from": str(chat.outcome),
        "to": str(outcome),
        told: str(Conversation.Outcome.SPAM),
    }
    chat.outcome = outcome
    _append_field(chat, OUTCOME, data, by=by, now=now)


def _name_side(key: str, thing: Topic | Team | None, language: str) -> dict[str, Any]:
    name = thing.label(language) if isinstance(thing, Topic) else thing.name if thing else ""
    return {key: name, f"{key}_id": str(thing.pk) if thing else None}


def _append_field(
    chat: Conversation,
    name: str,
    data: dict[str, Any],
    *,
    by: Agent | Rule | None,
    now: datetime,
) -> None:
    append(chat, written_by(by, kind=Entry.Kind.FIELD, data={"name": name, **data}), now=now)

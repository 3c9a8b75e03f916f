"""The queue as routing sees it: the chats that wait, each with the teams that may have it.

It is no table. Who stands in it and in which order is `is_in_line` and `in_order` of
`chat/models/querysets.py`; new chats come there in `chat/operations/starting.py`, those that rules
let go by `join_line` of `holding.py`, all that come back by `put_in_queue` of `assignment.py`.
`decision.py` says who is next and who gets it; `places.py` and `shown.py` what visitors read of it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from agents.access import teams_in_charge
from chat.models import Conversation, Offer
from chat.models.querysets import IN_LINE_SINCE
from chat.routing.candidates import Load
from chat.routing.decision import Policy, TeamRule, Waiting

_TEAMS = ("team", "topic__teams", "brand__default_team")
_TEAM_FIELDS = ("pk", "capacity", "auto_accept", "ring_seconds")


@dataclass(kw_only=True)
class _Row:
    waiting: dict[str, Any]
    own: int | None
    default: int | None
    of_topic: set[int] = field(default_factory=set)


def read_queue(conversations: QuerySet[Conversation], load: Load) -> tuple[list[Waiting], Policy]:
    """Return `conversations` as the decision sees them, with the rules of their teams and brands.

    One statement: a row for each chat and team of its topic.
    """
    names = [f"{path}__{name}" for path in _TEAMS for name in _TEAM_FIELDS]
    rows: dict[int, _Row] = {}
    rules: dict[int, TeamRule] = {}
    capacities: dict[int, int] = {}
    for values in conversations.order_by("pk").values_list(
        "pk",
        "brand_id",
        "channel",
        "priority",
        IN_LINE_SINCE,
        "returning_to_id",
        "passed_by_id",
        "passed_at",
        "brand__capacity",
        *names,
    ):
        pk, brand_id, channel, priority, queued_at, back, passed, at, capacity, *fields = values
        found = list(batched(fields, len(_TEAM_FIELDS), strict=True))
        own, of_topic, default = (team_id for team_id, *_ in found)
        capacities[brand_id] = capacity
        if pk not in rows:
            asked = load.tried.get(pk, {}) | ({passed: at} if passed else {})
            rows[pk] = _Row(
                waiting={
                    "id": pk,
                    "brand_id": brand_id,
                    "channel": channel,
                    "priority": priority,
                    "queued_at": queued_at,
                    "returning_to": back,
                    "tried": tuple(sorted(asked, key=asked.__getitem__)),
                    "refused_at": max(asked.values(), default=None),
                },
                own=own,
                default=default,
            )
        if of_topic is not None:
            rows[pk].of_topic.add(of_topic)
        for team_id, limit, auto_accept, ring_seconds in found:
            if team_id is not None:
                rules[team_id] = TeamRule(
                    capacity=limit, auto_accept=auto_accept, ring_seconds=ring_seconds
                )
    queue = [
        Waiting(
            **row.waiting,
            team_ids=teams_in_charge(row.own, row.of_topic, row.default),
        )
        for row in rows.values()
    ]
    return queue, Policy(brand_capacity=capacities, teams=rules)


def offerable(now: datetime) -> QuerySet[Conversation]:
    """Return the chats that may be offered now: in line, not held by rules, and not ringing."""
    ringing = Offer.objects.filter(conversation=OuterRef("pk"), result=Offer.Result.OPEN)
    found: QuerySet[Conversation] = Conversation.objects.in_line(now).filter(
        Q(held_until=None) | Q(held_until__lte=now), ~Exists(ringing)
    )
    return found

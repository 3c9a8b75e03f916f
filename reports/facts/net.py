"""Wrap-ups without the seconds in which their agents wrote in other chats.

What an agent says in one chat may lie within the wrap-up of another, whichever of them was
written first: so whenever facts of a chat are written, the wrap-ups around its words are, too.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from reports.models import ChatFact, StintFact, Word
from reports.sweep import micros, moment_of

# One second holds one second, however much was written in it.
_SECOND = timedelta(seconds=1)


class Touched(NamedTuple):
    """Around this moment something about an agent's wrap-ups may have changed."""

    agent_id: int
    at: datetime


def touched_by(stays: QuerySet[ChatFact]) -> list[Touched]:
    """Return whose wrap-ups these stays may change, and when: their own, and by their words."""
    words = Word.objects.filter(stay__in=stays, agent__isnull=False)
    ends = StintFact.objects.filter(stay__in=stays, acw__gt=0, agent__isnull=False)
    return [
        Touched(agent_id, at)
        for rows in (
            words.values_list("agent_id", "said_at"),
            ends.values_list("agent_id", "ended_at"),
        )
        for agent_id, at in rows
        if at is not None
    ]


def write_net(touched: Iterable[Touched], *, cap: int) -> None:
    """Measure the wrap-ups around these moments anew."""
    moments = [each.at for each in touched]
    if not moments:
        return
    longest = timedelta(seconds=cap)
    agents = {each.agent_id for each in touched}
    first, last = min(moments) - longest, max(moments) + longest
    # A slot is free when the wrap-up ends; that has an index.
    near = StintFact.objects.filter(
        agent__in=agents, acw__gt=0, freed__gte=micros(first), freed__lte=micros(last)
    )
    stints = list(near.only("agent", "over", "acw", "acw_net", "conversation"))
    if not stints:
        return
    said: dict[int | None, list[tuple[datetime, int]]] = defaultdict(list)
    words = Word.objects.filter(
        agent__in=agents, said_at__gte=first, said_at__lt=last + longest
    ).order_by("said_at")
    for agent_id, at, chat in words.values_list("agent_id", "said_at", "conversation"):
        said[agent_id].append((at, chat))
    changed = []
    for stint in stints:
        net = _net(stint, said[stint.agent_id])
        if net != stint.acw_net:
            stint.acw_net = net
            changed.append(stint)
    StintFact.objects.bulk_update(changed, ["acw_net"], batch_size=500)


def _net(stint: StintFact, said: list[tuple[datetime, int]]) -> float:
    since = moment_of(stint.over or 0)
    until = since + timedelta(seconds=stint.acw or 0)
    seconds = set()
    for place in range(bisect_left(said, (since, 0)), len(said)):
        at, chat = said[place]
        if at >= until:
            break
        if chat != stint.conversation_id:
            seconds.add((at - since) // _SECOND)
    return max(0.0, (stint.acw or 0) - len(seconds))

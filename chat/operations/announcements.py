"""Telling open screens what has changed: availability, places in line, the desk's counters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache

from agents.models import Agent, Brand, Channel
from chat.events.availability import AgentSeen, AvailabilityChanged, CountersChanged, QueueMoved
from chat.models import Conversation
from chat.operations.forms import offer_forms
from chat.rights.visitors import public_agent
from chat.routing.availability import availability_of, read_floor, read_topics, with_rules
from chat.routing.counters import authorised_online
from chat.routing.places import Place, places
from chat.routing.shown import forget_shown
from config.events import publish

_KEY = "chat.told"
# For how long an ended chat may stand on its visitor's screen.
_STILL_SHOWN = timedelta(minutes=30)
# If a newer look is further ahead than this, the clocks differ and we were not overtaken.
_OVERTAKEN = timedelta(seconds=2)


@dataclass(kw_only=True)
class _Announced:
    """What screens were last told. Lost with the cache, and then everything is told again."""

    availability: dict[int, dict[str, Any]] = field(default_factory=dict)
    counters: dict[int, tuple[int, int]] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    # When whoever told it began to look.
    at: datetime = field(compare=False)


def announce_changes(*, now: datetime) -> None:
    """Compare the floor with what was last announced and push only what differs.

    Several workers may look at once: who was overtaken by a later look says nothing.
    """
    brands = list(Brand.objects.filter(is_active=True).order_by("pk"))
    topics, policy = read_topics(brands)
    floor = with_rules(read_floor(now), policy)
    told = _Announced(places=places(floor), at=now)
    for brand in brands:
        told.availability[brand.pk] = availability_of(
            floor, topics[brand.pk], Channel.WEB
        ).as_json()
        online = authorised_online(floor, brand.pk, Channel.WEB)
        told.counters[brand.pk] = (floor.length(brand.pk), online)
    before: _Announced = cache.get(_KEY) or _Announced(at=now)
    if timedelta(0) < before.at - now < _OVERTAKEN:
        return
    if told != before:
        # First of all: who asks after the ring must not be told what was true before it.
        forget_shown()
    for brand_id, answer in told.availability.items():
        if before.availability.get(brand_id) != answer:
            publish(AvailabilityChanged(brand_id=brand_id, answer=answer))
    # After that: where a desk has closed, the form says when it opens again.
    offer_forms(floor=floor, brands={brand.pk: brand for brand in brands}, now=now)
    if told == before:
        return
    for brand_id, figures in told.counters.items():
        if before.counters.get(brand_id) != figures:
            publish(CountersChanged(brand_id=brand_id, waiting=figures[0], online=figures[1]))
    _announce_places(before.places, told.places)
    cache.set(_KEY, told, timeout=None)


def _announce_places(before: Mapping[int, Place], after: Mapping[int, Place]) -> None:
    moved = [pk for pk, place in after.items() if before.get(pk) != place]
    if not moved:
        return
    chats = Conversation.objects.filter(pk__in=moved, visitor__isnull=False)
    rows = chats.values_list("pk", "visitor__secret_hash", "public_id")
    whose = {pk: visitor for pk, *visitor in rows}
    # Whoever is next hears it first.
    publish(QueueMoved(places=tuple((*whose[pk], *after[pk]) for pk in moved if pk in whose)))


def announce_status(*, agent: Agent, now: datetime) -> None:
    """Show the visitors of an agent's chats what the agent is doing.

    Also those whose chat has just ended: it may still be on their screens.
    """
    with_visitor = Conversation.objects.filter(assignee=agent, visitor__isnull=False)
    ended = with_visitor.filter(
        status=Conversation.Status.RESOLVED, resolved_at__gt=now - _STILL_SHOWN
    )
    rows = tuple(
        row
        for chats in (with_visitor.unresolved(), ended)
        for row in chats.values_list("visitor__secret_hash", "public_id")
    )
    if rows:
        publish(AgentSeen(agent=public_agent(agent), chats=rows))

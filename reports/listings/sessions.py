"""The session history: one row a stay, with all that is known of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from agents.access import Access
from agents.models import Channel
from chat.models import Conversation
from reports.definitions import Unit
from reports.figures.adding import stays_behind, stays_in
from reports.figures.standing import stays_in_line
from reports.filters import STARTED_BY, BadFilter, Filters
from reports.listings.cells import Cell
from reports.listings.kind import Column, Listing
from reports.models import ChatFact

NAME = "sessions"


# A row is five rows of the database: of a million of them what is not shown would be most.
_READ = (
    "started_at",
    "channel",
    "started_by",
    "wait",
    "first_response",
    "session_duration",
    "messages",
    "outcome",
    "score",
    "ended_at",
    "conversation__public_id",
    "conversation__status",
    "brand__name",
    "topic__name_en",
    "topic__name_tr",
    "agent__name",
)


def _find(cell: Cell, filters: Filters, access: Access, now: datetime) -> QuerySet[ChatFact]:
    if cell.is_of_tickets:
        raise BadFilter(gettext("There is no such figure."))
    if cell.figure is None:
        found = stays_in(filters, access)
    elif cell.figure.key == "queue_length":
        found = stays_in_line(filters, access, now=now)
    else:
        row = cell.value
        if cell.by == "day" and row is not None and cell.figure.source == "time":
            # Of time the part within a day counts, and no moment.
            filters, row = filters.on(row), None
        found = stays_behind(cell.figure.key, filters, access, by=cell.by, row=row)
    return found.select_related("conversation", "brand", "topic", "agent").only(*_READ)


def _show(fact: ChatFact, filters: Filters, now: datetime) -> dict[str, Any]:
    topic = fact.topic.label(get_language() or "") if fact.topic else ""
    return {
        "started_at": fact.started_at,
        "id": fact.conversation.public_id,
        "brand": fact.brand.name,
        "channel": fact.channel,
        "topic": topic,
        "agent": fact.agent.name if fact.agent else "",
        "started_by": fact.started_by,
        "wait": fact.wait,
        "first_response": fact.first_response,
        "session_duration": fact.session_duration,
        "messages": fact.messages,
        "outcome": fact.outcome,
        "score": fact.score,
        "ended_at": fact.ended_at,
    }


def _links(facts: Iterable[ChatFact], access: Access) -> Mapping[int, str]:
    """Reading a report is no right to read a chat."""
    rows = list(facts)
    wanted = {fact.conversation_id for fact in rows}
    may_open = set(
        Conversation.objects.visible_to(access).filter(pk__in=wanted).values_list("pk", flat=True)
    )
    return {fact.pk: _chat_address(fact) for fact in rows if fact.conversation_id in may_open}


def _chat_address(fact: ChatFact) -> str:
    resolved = fact.conversation.status == Conversation.Status.RESOLVED
    page = "console-archived" if resolved else "console-chat"
    return reverse(page, args=[fact.conversation.public_id])


SESSIONS = Listing(
    name=NAME,
    title=_("Session history"),
    moment="started_at",
    columns={
        "started_at": Column(name=_("Started"), unit=Unit.MOMENT),
        "id": Column(name=_("Chat"), on_page=False),
        "brand": Column(name=_("Brand")),
        "channel": Column(name=_("Channel"), labels=dict(Channel.choices), on_page=False),
        "topic": Column(name=_("Topic")),
        "agent": Column(name=_("Agent")),
        "started_by": Column(name=_("Started by"), labels=STARTED_BY, on_page=False),
        "wait": Column(name=_("Wait"), unit=Unit.SECONDS),
        "first_response": Column(name=_("First response"), unit=Unit.SECONDS),
        "session_duration": Column(name=_("Duration"), unit=Unit.SECONDS),
        "messages": Column(name=_("Messages"), unit=Unit.COUNT),
        "outcome": Column(name=_("Outcome"), labels=dict(Conversation.Outcome.choices)),
        "score": Column(name=_("Rating"), unit=Unit.COUNT),
        "ended_at": Column(name=_("Ended"), unit=Unit.MOMENT, on_page=False),
    },
    find=_find,
    show=_show,
    links=_links,
    narrowed_by=("brand", "team", "agent", "topic", "channel", "tag", "started_by"),
)

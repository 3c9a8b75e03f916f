"""The session history: one row a stay, with all that is known of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from agents.access import Access
from chat.models import Conversation
from reports.building import row_value
from reports.definitions import FIGURES, REPORTS
from reports.figures import stays_behind, stays_in
from reports.filters import BadFilter, Filters
from reports.models import ChatFact

NAME = "sessions"
TITLE = _("Session history")
PAGE = 100
COLUMNS: Mapping[str, str | Promise] = {
    "started_at": _("Started"),
    "id": _("Chat"),
    "brand": _("Brand"),
    "channel": _("Channel"),
    "topic": _("Topic"),
    "agent": _("Agent"),
    "started_by": _("Started by"),
    "wait": _("Wait"),
    "first_response": _("First response"),
    "session_duration": _("Duration"),
    "messages": _("Messages"),
    "outcome": _("Outcome"),
    "score": _("Rating"),
    "ended_at": _("Ended"),
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Which cell of which report the rows are behind; empty for the whole history."""

    figure: str = ""
    by: str = ""
    row: str | None = None

    @property
    def query(self) -> dict[str, str]:
        """Return what stands in the address."""
        values = {"figure": self.figure, "by": self.by, "row": self.row}
        return {name: value for name, value in values.items() if value is not None and self.figure}


def read_cell(wish: Mapping[str, str]) -> Cell:
    """Return the cell that an address names. Raises `BadFilter`."""
    figure, by, row = wish.get("figure", ""), wish.get("by", ""), wish.get("row")
    if not figure:
        return Cell()
    known_by = {value for report in REPORTS.values() for value in report.by}
    if figure not in FIGURES or (row is not None and by not in known_by):
        raise BadFilter(_("There is no such figure."))
    if by == "agent" and not FIGURES[figure].agent:
        raise BadFilter(_("There is no such figure."))
    return Cell(figure=figure, by=by, row=row)


def stays_of(cell: Cell, filters: Filters, access: Access) -> QuerySet[ChatFact]:
    """Return the stays behind a cell, or all that began in the range, newest first."""
    if not cell.figure:
        found = stays_in(filters, access)
    else:
        try:
            row = None if cell.row is None else row_value(cell.by, cell.row)
        except ValueError:
            raise BadFilter(_("There is no such row.")) from None
        found = stays_behind(cell.figure, filters, access, by=cell.by, row=row)
    return found.select_related("conversation", "brand", "topic", "agent").order_by(
        "-started_at", "-pk"
    )


def shown(fact: ChatFact) -> dict[str, Any]:
    """Return the values of one row, as API and files give them."""
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


def openable(facts: Iterable[ChatFact], access: Access) -> set[int]:
    """Return which chats the agent may open: reading a report is no right to read a chat."""
    wanted = {fact.conversation_id for fact in facts}
    rows = Conversation.objects.visible_to(access).filter(pk__in=wanted)
    return set(rows.values_list("pk", flat=True))


def every(facts: QuerySet[ChatFact]) -> Iterator[dict[str, Any]]:
    """Return all rows, without holding them."""
    for fact in facts.iterator(chunk_size=2000):
        yield shown(fact)

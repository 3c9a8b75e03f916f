"""Tickets behind a cell: numbers and times, and no word of a customer."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from agents.access import Access
from reports.definitions import Unit
from reports.figures.adding import tickets_behind
from reports.filters import BadFilter, Filters
from reports.listings.cells import Cell
from reports.listings.kind import Column, Listing
from tickets.models import Ticket

NAME = "ticket-list"


def _find(cell: Cell, filters: Filters, access: Access, now: datetime) -> QuerySet[Any]:
    if cell.figure and not cell.is_of_tickets:
        raise BadFilter(gettext("There is no such figure."))
    key = cell.figure.key if cell.figure else "tickets_opened"
    row = cell.value
    if isinstance(row, date):
        filters, row = filters.on(row), None
    return tickets_behind(key, filters, access, by=cell.by, row=row).select_related(
        "brand", "topic", "assignee"
    )


def _show(ticket: Any, filters: Filters, now: datetime) -> dict[str, Any]:
    return {
        "created_at": ticket.created_at,
        "number": ticket.pk,
        "brand": ticket.brand.name,
        "topic": ticket.topic.label(get_language() or "") if ticket.topic else "",
        "type": ticket.type,
        "status": ticket.status,
        "priority": ticket.priority,
        "source": ticket.source,
        "agent": ticket.assignee.name if ticket.assignee else "",
        "first_reply": ticket.first_reply,
        "first_resolution": ticket.first_resolution,
        "resolution": ticket.resolution,
    }


def _links(rows: Iterable[Any], access: Access) -> Mapping[int, str]:
    """Reading a report is no right to read a ticket."""
    wanted = [ticket.pk for ticket in rows]
    may_open = Ticket.objects.visible_to(access).filter(pk__in=wanted)
    return {pk: reverse("ticket", args=[pk]) for pk in may_open.values_list("pk", flat=True)}


TICKETS = Listing(
    name=NAME,
    title=_("Ticket list"),
    moment="created_at",
    columns={
        "created_at": Column(name=_("Opened"), unit=Unit.MOMENT),
        "number": Column(name=_("Number")),
        "brand": Column(name=_("Brand")),
        "topic": Column(name=_("Topic")),
        "type": Column(name=_("Type"), labels=dict(Ticket.Type.choices)),
        "status": Column(
            name=pgettext_lazy("ticket", "Status"), labels=dict(Ticket.Status.choices)
        ),
        "priority": Column(name=_("Priority"), labels=dict(Ticket.Priority.choices)),
        "source": Column(name=_("Source"), labels=dict(Ticket.Source.choices), on_page=False),
        "agent": Column(name=_("Agent")),
        "first_reply": Column(name=_("First reply"), unit=Unit.SECONDS),
        "first_resolution": Column(name=_("First resolution"), unit=Unit.SECONDS, on_page=False),
        "resolution": Column(name=_("Last resolution"), unit=Unit.SECONDS),
    },
    find=_find,
    show=_show,
    links=_links,
    narrowed_by=("brand", "team", "agent", "topic"),
)

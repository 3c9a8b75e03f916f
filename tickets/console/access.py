"""Who may open what of the ticket desk, and what its actions say."""

from typing import Any

from django.http import Http404, HttpRequest

from agents.access import Access, access_of
from agents.callers import signed_in
from agents.console.frame import Frame, frame_of
from agents.models import Permission
from tickets.models import Ticket

CHANGED: dict[str, Any] = {"ticket:changed": {}}


def desk_access(request: HttpRequest) -> Access:
    """Return what the agent may do; who doesn't work on tickets finds no desk."""
    access = access_of(signed_in(request))
    if not access.may(Permission.TICKETS):
        raise Http404
    return access


def desk_frame(request: HttpRequest) -> Frame:
    """Return the frame; who doesn't work on tickets finds no desk."""
    frame = frame_of(request, area="ticket")
    if not frame.access.may(Permission.TICKETS):
        raise Http404
    return frame


def visible_or_404(access: Access, number: int) -> Ticket:
    """Return the ticket if the agent may see it; else it is not found."""
    found = Ticket.objects.visible_to(access).filter(pk=number)
    ticket: Ticket | None = found.select_related(
        "brand", "contact", "topic", "team", "assignee"
    ).first()
    if ticket is None:
        raise Http404
    return ticket


def about(ticket: Ticket, text: str) -> str:
    """Return a sentence with the ticket's number before it: by then others may be looked at."""
    return f"#{ticket.pk}: {text}"

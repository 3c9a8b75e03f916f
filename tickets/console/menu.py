"""What tickets register for the console's frame: an entry of the main menu with its counter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.console.frame import Frame, register_part
from agents.console.rail import RailEntry, register_entry
from agents.models import Permission
from tickets.queries.ticket_list import Folder, count_folders, count_mine
from tickets.rights import may_see_customers

PART = "tickets"


@dataclass
class TicketPart:
    """What the frame's templates show of tickets."""

    frame: Frame
    kept: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def texts(self) -> Mapping[str, Any]:
        """Return the texts of the scripts."""
        return {
            "undo": gettext("Undo"),
            "ticketGone": gettext("This ticket is gone, or you may not see it any more."),
        }

    @cached_property
    def counts(self) -> dict[Folder, int]:
        """Return how many tickets wait in each folder."""
        return count_folders(self.frame.access, brand_id=self.frame.brand_id)

    @property
    def mine(self) -> int:
        """Return how many unfinished tickets the agent has; on the desk, of the brand shown."""
        if self.frame.area == "ticket":
            return self.counts[Folder.MINE]
        return count_mine(self.frame.access)


def build_part(frame: Frame, request: HttpRequest) -> TicketPart:
    """Return what a page's frame shows of tickets."""
    return TicketPart(frame)


def tickets_of(frame: Frame) -> TicketPart:
    """Return what a frame shows of tickets."""
    return cast(TicketPart, frame.parts[PART])


register_part(PART, build_part)
register_entry(
    RailEntry(
        key="ticket",
        label=_("Tickets"),
        icon="mail",
        url_name="tickets",
        order=15,
        may=lambda access: access.may(Permission.TICKETS),
        keeps_brand=True,
        counter="tickets/counter.html",
    )
)
register_entry(
    RailEntry(
        key="customer",
        label=_("Customers"),
        icon="users",
        url_name="customers",
        order=17,
        may=may_see_customers,
    )
)

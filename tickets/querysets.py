"""What an agent may see of tickets and contacts."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from agents.models import Agent


class TicketQuerySet(models.QuerySet[Any]):
    """Tickets."""

    def visible_to(self, agent: "Agent") -> "TicketQuerySet":
        """Keep what `agent`'s roles allow."""
        raise NotImplementedError


class ContactQuerySet(models.QuerySet[Any]):
    """Contacts."""

    def visible_to(self, agent: "Agent") -> "ContactQuerySet":
        """Keep the people of chats and tickets that `agent` may see."""
        raise NotImplementedError

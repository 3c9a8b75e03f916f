"""Which conversations: adjectives, and what an agent may see."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models

if TYPE_CHECKING:
    from agents.models import Agent


class ConversationQuerySet(models.QuerySet[Any]):
    """Conversations."""

    def visible_to(self, agent: "Agent") -> Self:
        """Keep what `agent`'s roles allow."""
        raise NotImplementedError

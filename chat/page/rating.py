"""Ratings of chats that became tickets, on the pages of these."""

from datetime import datetime

from chat.models import Conversation, Entry
from chat.operations.ratings import CHANGEABLE_FOR, NotRateable, is_rateable, rate_conversation
from tickets.models import Ticket
from tickets.page.rating import Rating, use


class _ChatRatings:
    def of(self, ticket: Ticket, *, now: datetime) -> Rating | None:
        """Return how the ticket's chat was rated; None where it can't be rated now."""
        chat = _chat_of(ticket, now)
        if chat is None:
            return None
        said = chat.entries.filter(kind=Entry.Kind.RATED).order_by("-seq")
        rated = said.values_list("data", flat=True).first() or {}
        return Rating(rated.get("score", 0), rated.get("comment", ""))

    def rate(self, ticket: Ticket, rating: Rating, *, now: datetime) -> None:
        """Keep a rating; nothing where the chat can't be rated any more."""
        chat = _chat_of(ticket, now)
        if chat is None:
            return
        try:
            rate_conversation(
                conversation=chat, score=rating.score, comment=rating.comment, now=now
            )
        except NotRateable:
            # It goes on since a moment.
            return


def _chat_of(ticket: Ticket, now: datetime) -> Conversation | None:
    """Return the ticket's chat that ended last, if it can be rated."""
    kind = Conversation.Kind.CUSTOMER
    ended = Conversation.objects.filter(ticket=ticket, kind=kind, ended_at__gt=now - CHANGEABLE_FOR)
    chat: Conversation | None = ended.order_by("-ended_at").first()
    return chat if chat is not None and is_rateable(chat, now=now) else None


use(_ChatRatings())

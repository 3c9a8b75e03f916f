"""What the visitor thought of it."""

from datetime import datetime, timedelta

from django.db import transaction

from chat.locks import lock_conversation
from chat.models import Conversation, Entry
from chat.operations.entries import NewLine, append

CHANGEABLE_FOR = timedelta(hours=24)


class NotRateable(Exception):
    """The chat goes on, nobody answered it, or it ended too long ago."""


def is_rateable(conversation: Conversation, *, now: datetime) -> bool:
    """Return whether rating makes sense: a person had taken it, and it ended not long ago."""
    if conversation.ended_at is None or conversation.accepted_at is None:
        return False
    return now - conversation.ended_at <= CHANGEABLE_FOR


@transaction.atomic
def rate_conversation(
    *, conversation: Conversation, score: int, comment: str, now: datetime
) -> Entry | None:
    """Store a rating of 1–5 for an ended chat; the newest one counts. None: nothing changed.

    Raises `NotRateable`.
    """
    chat = lock_conversation(conversation)
    if not is_rateable(chat, now=now):
        raise NotRateable
    data = {"score": score, "comment": comment}
    newest = chat.entries.filter(kind=Entry.Kind.RATED).order_by("-seq").first()
    if newest is not None and newest.data == data:
        return None
    line = NewLine(kind=Entry.Kind.RATED, author_kind=Entry.AuthorKind.VISITOR, data=data)
    return append(chat, line, now=now)[0]

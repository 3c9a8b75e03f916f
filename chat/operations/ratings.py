"""What the visitor thought of it."""

from datetime import datetime, timedelta

from django.db import transaction

from chat.locks import lock_conversation
from chat.models import Conversation, Entry
from chat.operations.entries import NewLine, append

CHANGEABLE_FOR = timedelta(hours=24)


class NotRateable(Exception):
    """The chat goes on, nobody answered it, it is spam, or it ended too long ago."""


def is_rateable(conversation: Conversation, *, now: datetime) -> bool:
    """Return whether rating makes sense: a person answered it, and it ended not long ago."""
    if conversation.ended_at is None or conversation.accepted_at is None:
        return False
    if conversation.outcome == Conversation.Outcome.SPAM:
        return False
    if now - conversation.ended_at > CHANGEABLE_FOR:
        return False
    return Entry.objects.filter(conversation=conversation).answers().exists()


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
    # The same said again after the chat went on is said of more than before.
    kinds = (Entry.Kind.RATED, Entry.Kind.REOPENED)
    newest = chat.entries.filter(kind__in=kinds).order_by("-seq").first()
    if newest is not None and newest.data == data:
        return None
    chat.rating = score
    chat.save(update_fields=["rating"])
    line = NewLine(kind=Entry.Kind.RATED, author_kind=Entry.AuthorKind.VISITOR, data=data)
    return append(chat, line, now=now)[0]

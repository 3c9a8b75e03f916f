"""What the visitor thought of it."""

from datetime import datetime, timedelta

from django.db import transaction

from chat.models import Conversation, Entry
from chat.operations.entries import Line, append

CHANGEABLE_FOR = timedelta(hours=24)


class NotRateable(Exception):
    """The chat goes on, nobody answered it, or it ended too long ago."""


def is_rateable(conversation: Conversation) -> bool:
    """Return whether rating makes sense: it has ended and a person had taken it."""
    return conversation.ended_at is not None and conversation.accepted_at is not None


@transaction.atomic
def rate_conversation(
    *, conversation: Conversation, score: int, comment: str, now: datetime
) -> Entry | None:
    """Store a rating of 1–5 for an ended chat; the newest one counts. None: nothing changed.

    Raises `NotRateable`.
    """
    locked = (
        Conversation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("visitor")
        .get(pk=conversation.pk)
    )
    if not is_rateable(locked) or now - locked.ended_at > CHANGEABLE_FOR:
        raise NotRateable
    data = {"score": score, "comment": comment}
    newest = locked.entries.filter(kind=Entry.Kind.RATED).order_by("-seq").first()
    if newest is not None and newest.data == data:
        return None
    line = Line(kind=Entry.Kind.RATED, author_kind=Entry.AuthorKind.VISITOR, data=data)
    return append(locked, line, now=now)[0]

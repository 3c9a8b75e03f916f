"""The archive: resolved chats, newest first, a page at a time."""

from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db.models import Q

from agents.access import Access
from chat.models import Conversation
from chat.queries.inbox import Row, row_of

PAGE = 40
_SALT = "archive"


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some rows, and where the next ones begin ("" at the end)."""

    rows: list[Row]
    after: str


class BadCursor(Exception):
    """The address does not name a place in the archive."""


def page(access: Access, *, brand_id: int | None, after: str = "") -> Page:
    """Return the resolved chats that `access` reaches, after the place `after`."""
    found = Conversation.objects.visible_to(access).filter(
        status=Conversation.Status.RESOLVED, kind=Conversation.Kind.CUSTOMER
    )
    if brand_id is not None:
        found = found.filter(brand=brand_id)
    if after:
        at, pk = _read(after)
        found = found.filter(Q(resolved_at__lt=at) | Q(resolved_at=at, pk__lt=pk))
        # Lets the index skip what the OR alone would scan.
        found = found.filter(resolved_at__lte=at)
    rows = list(
        found.select_related(
            "visitor", "contact", "topic", "brand", "assignee", "resolved_by"
        ).order_by("-resolved_at", "-pk")[: PAGE + 1]
    )
    shown = rows[:PAGE]
    return Page(
        rows=[row_of(conversation) for conversation in shown],
        after=_write(shown[-1]) if len(rows) > PAGE else "",
    )


def _write(conversation: Conversation) -> str:
    at = conversation.resolved_at
    return signing.dumps([at.isoformat() if at else "", conversation.pk], salt=_SALT)


def _read(cursor: str) -> tuple[datetime, int]:
    try:
        at, pk = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature as error:
        raise BadCursor from error
    return datetime.fromisoformat(at), pk

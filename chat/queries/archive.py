"""The archive: resolved chats, newest first, a page at a time."""

from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db.models import Q
from django.utils.translation import gettext as _

from agents.access import Access
from chat.models import Conversation, ConversationTag
from chat.queries.chat_list import Row, row_of

PAGE = 40
TAGS = 2
# An answer is what chats are for; spam has a mark of its own, and a ticket its number.
_OF_COURSE = (
    "",
    Conversation.Outcome.ANSWERED,
    Conversation.Outcome.SPAM,
    Conversation.Outcome.CONVERTED,
)
_SALT = "archive"


@dataclass(frozen=True, kw_only=True)
class ArchivedRow:
    """A row of the list, and what became of its chat."""

    row: Row
    tags: list[str]

    @property
    def conversation(self) -> Conversation:
        """Return the chat."""
        return self.row.conversation

    @property
    def notes(self) -> list[str]:
        """Return how it ended, where that is no matter of course, then its ticket and tags."""
        chat = self.conversation
        told = [] if chat.outcome in _OF_COURSE else [str(chat.get_outcome_display())]
        if chat.ticket_id:
            told.append(_("Ticket #{n}").format(n=chat.ticket_id))
        return told + self.tags


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some rows, and where the next ones begin ("" at the end)."""

    rows: list[ArchivedRow]
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
    tags = _tags_of(shown)
    return Page(
        rows=[ArchivedRow(row=row_of(chat), tags=tags.get(chat.pk, [])[:TAGS]) for chat in shown],
        after=_write(shown[-1]) if len(rows) > PAGE else "",
    )


def _tags_of(chats: list[Conversation]) -> dict[int, list[str]]:
    """Return the names of the tags of some chats, in one question."""
    found: dict[int, list[str]] = {}
    rows = ConversationTag.objects.filter(conversation__in=[chat.pk for chat in chats])
    for pk, name in rows.order_by("tag__folded").values_list("conversation_id", "tag__name"):
        found.setdefault(pk, []).append(name)
    return found


def _write(conversation: Conversation) -> str:
    at = conversation.resolved_at
    return signing.dumps([at.isoformat() if at else "", conversation.pk], salt=_SALT)


def _read(cursor: str) -> tuple[datetime, int]:
    try:
        at, pk = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature as error:
        raise BadCursor from error
    return datetime.fromisoformat(at), pk

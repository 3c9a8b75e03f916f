"""Tags to show and to choose from."""

from django.db.models import QuerySet

from chat.models import Conversation, Tag
from chat.models.tag import NAME_MAX
from config.folding import fold

SUGGESTED = 8


def tags_of(conversation: Conversation) -> list[Tag]:
    """Return the tags of a chat, by name."""
    return list(Tag.objects.filter(conversations=conversation).order_by("folded", "pk"))


def tags_like(text: str) -> QuerySet[Tag]:
    """Return the tags with `text` in their name, whatever marks and capitals it has."""
    wanted = _wanted(text)
    return Tag.objects.filter(folded__contains=wanted) if wanted else Tag.objects.all()


def suggested_tags(text: str, *, beside: Conversation) -> list[Tag]:
    """Return a few tags that what is typed may become, those that begin with it first."""
    wanted = _wanted(text)
    found = tags_like(text).exclude(conversations=beside).order_by("folded")
    first = list(found.filter(folded__startswith=wanted)[:SUGGESTED])
    others = found.exclude(pk__in=[tag.pk for tag in first])
    return first + list(others[: SUGGESTED - len(first)])


def _wanted(text: str) -> str:
    # More than the longest tag has: in none of them, and not too long for the database.
    return fold(" ".join(text.split())).replace("\0", "")[: NAME_MAX * 4 + 1]

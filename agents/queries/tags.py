"""Tags, found by what is typed."""

from django.db.models import QuerySet

from agents.models import Tag
from agents.models.tag import NAME_MAX
from config.text.folding import fold


def tags_like(text: str) -> QuerySet[Tag]:
    """Return the tags with `text` in their name, whatever marks and capitals it has."""
    wanted = folded_word(text)
    return Tag.objects.filter(folded__contains=wanted) if wanted else Tag.objects.all()


def folded_word(text: str) -> str:
    """Return what is typed as tags are compared by."""
    # More than the longest tag has: in none of them, and not too long for the database.
    return fold(" ".join(text.split())).replace("\0", "")[: NAME_MAX * 4 + 1]

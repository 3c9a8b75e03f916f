"""Tags of chats, to show and to choose from."""

from agents.models import Tag
from agents.queries.tags import folded_word, tags_like
from chat.models import Conversation

SUGGESTED = 8


def tags_of(conversation: Conversation) -> list[Tag]:
    """Return the tags of a chat, by name."""
    return list(Tag.objects.filter(on_chats__conversation=conversation).order_by("folded", "pk"))


def suggested_tags(text: str, *, beside: Conversation) -> list[Tag]:
    """Return a few tags that what is typed may become, those that begin with it first."""
    wanted = folded_word(text)
    found = tags_like(text).exclude(on_chats__conversation=beside).order_by("folded")
    first = list(found.filter(folded__startswith=wanted)[:SUGGESTED])
    others = found.exclude(pk__in=[tag.pk for tag in first])
    return first + list(others[: SUGGESTED - len(first)])

"""Words that become tags."""

from django.db import transaction

from agents.models import Tag
from agents.models.tag import NAME_MAX
from config.text.folding import fold


class InvalidTag(Exception):
    """A tag is a word of at most 40 characters."""


def clean_name(name: str) -> str:
    """Return a tag's name on one line, as it is stored. Raises `InvalidTag`."""
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise InvalidTag
    if not 0 < len(fold(name)) <= NAME_MAX * 4:
        raise InvalidTag
    return name


@transaction.atomic
def keep_tag(*, name: str) -> Tag:
    """Return the tag of a clean name; a new word becomes a tag for all."""
    tag, _ = Tag.objects.get_or_create(folded=fold(name), defaults={"name": name})
    return tag

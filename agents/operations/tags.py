"""Words that become tags."""

from django.db import transaction

from agents.events import TagRenamed
from agents.models import Tag
from agents.models.tag import NAME_MAX
from config.events import publish
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


@transaction.atomic
def rename_tag(*, tag: Tag, name: str) -> None:
    """Give a tag another clean name; what names it by its word hears of another word."""
    old = Tag.objects.select_for_update(no_key=True).get(pk=tag.pk).folded
    tag.name, tag.folded = name, fold(name)
    tag.save(update_fields=["name", "folded"])
    if tag.folded != old:
        publish(TagRenamed(old=old, new=name))

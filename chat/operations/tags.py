"""Putting tags on chats."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from agents.actors import Rule
from agents.models import Agent, Tag
from agents.operations.tags import clean_name, keep_tag
from chat.events.lifecycle import ConversationTagged
from chat.locks import lock_conversation
from chat.models import Conversation, ConversationTag, Entry
from chat.operations.entries import NewLine, append, written_by
from chat.rights import require_filing
from config.events import publish
from config.text.folding import fold

TAGS_MAX = 20


class TooManyTags(Exception):
    """A chat has as many tags as anybody can read."""


@transaction.atomic
def add_tag(
    *, conversation: Conversation, name: str, by: Agent | Rule | None, now: datetime
) -> Conversation:
    """Put a tag on a chat; a new word becomes a tag for all. Again: changes nothing.

    Raises `InvalidTag`, `TooManyTags` or `NotAuthorised`.
    """
    word = clean_name(name)
    chat = lock_conversation(conversation)
    if isinstance(by, Agent):
        require_filing(by, chat)
    tag = keep_tag(name=word)
    own = ConversationTag.objects.filter(conversation=chat)
    if own.filter(tag=tag).exists():
        return chat
    if own.count() >= TAGS_MAX:
        raise TooManyTags
    ConversationTag.objects.create(conversation=chat, tag=tag)
    append(chat, _line(by, "added", tag), now=now)
    publish(ConversationTagged.of(chat, added=tag.name))
    return chat


@transaction.atomic
def remove_tag(
    *, conversation: Conversation, name: str, by: Agent | Rule | None, now: datetime
) -> Conversation:
    """Take a tag off a chat; one that isn't on it changes nothing."""
    chat = lock_conversation(conversation)
    if isinstance(by, Agent):
        require_filing(by, chat)
    word = fold(" ".join(name.split())).replace("\0", "")
    found = ConversationTag.objects.filter(conversation=chat, tag__folded=word)
    own = found.select_related("tag").first()
    if own is None:
        return chat
    own.delete()
    append(chat, _line(by, "removed", own.tag), now=now)
    publish(ConversationTagged.of(chat, removed=own.tag.name))
    return chat


@transaction.atomic
def change_tags(
    *,
    conversation: Conversation,
    add: Iterable[str],
    remove: Iterable[str],
    by: Agent | Rule | None,
    now: datetime,
) -> Conversation:
    """Take tags off a chat and put others on it, all or nothing.

    Raises `InvalidTag`, `TooManyTags` or `NotAuthorised`.
    """
    for name in remove:
        remove_tag(conversation=conversation, name=name, by=by, now=now)
    # In one order for all: two who make the same new tags at once wait, and don't lock each other.
    for name in sorted(add, key=fold):
        add_tag(conversation=conversation, name=name, by=by, now=now)
    return conversation


def _line(by: Agent | Rule | None, key: str, tag: Tag) -> NewLine:
    data = {key: tag.name, f"{key}_id": str(tag.pk)}
    return written_by(by, kind=Entry.Kind.TAGGED, data=data)

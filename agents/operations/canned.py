"""An agent's own canned replies; the shared ones are the administration's to write."""

from django.db import transaction
from django.db.models import F

from agents.models import Agent, CannedReply

OWN_MAX = 500


class TooManyReplies(Exception):
    """An agent has as many own replies as anybody can use."""


def clean_shortcut(shortcut: str) -> str:
    """Return a shortcut as it is stored; as long as it was, whatever letters are in it."""
    # Python would make two signs of a dotted İ.
    return shortcut.replace("İ", "i").lower()


@transaction.atomic
def add_canned_reply(
    *, by: Agent, shortcut: str, title: str, body: str, language: str
) -> CannedReply:
    """Store a reply that only `by` sees. Raises `TooManyReplies`."""
    # The owner's row makes two requests at once count one after the other.
    Agent.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.pk)
    if CannedReply.objects.filter(agent=by).count() >= OWN_MAX:
        raise TooManyReplies
    return CannedReply.objects.create(
        agent=by, shortcut=clean_shortcut(shortcut), title=title, body=body, language=language
    )


@transaction.atomic
def change_canned_reply(*, reply: CannedReply, **changes: str) -> CannedReply:
    """Change shortcut, title, body or language of an own reply."""
    locked = CannedReply.objects.select_for_update(no_key=True, of=("self",)).get(pk=reply.pk)
    for name in {"shortcut", "title", "body", "language"} & changes.keys():
        setattr(locked, name, changes[name])
    locked.shortcut = clean_shortcut(locked.shortcut)
    locked.save(update_fields=["shortcut", "title", "body", "language"])
    return locked


@transaction.atomic
def remove_canned_reply(*, reply: CannedReply) -> None:
    """Delete an own reply."""
    CannedReply.objects.filter(pk=reply.pk).delete()


def count_use(*, reply: CannedReply) -> None:
    """Remember that a reply was put into an answer."""
    CannedReply.objects.filter(pk=reply.pk).update(used_count=F("used_count") + 1)

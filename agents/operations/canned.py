"""An agent's own canned replies; the shared ones are the administration's to write."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from agents.files import FILES_MAX
from agents.models import Agent, CannedFile, CannedReply
from agents.models.file import columns_of
from config.files.cleaning import CleanFile
from config.files.storing import stored

OWN_MAX = 500


class TooManyReplies(Exception):
    """An agent has as many own replies as anybody can use."""


class TooManyFiles(Exception):
    """A reply would have more files than a message takes."""


def clean_shortcut(shortcut: str) -> str:
    """Return a shortcut as it is stored; as long as it was, whatever letters are in it."""
    # Python would make two signs of a dotted İ.
    return shortcut.replace("İ", "i").lower()


def add_canned_reply(
    *,
    by: Agent,
    shortcut: str,
    title: str,
    body: str,
    language: str,
    added: Sequence[CleanFile] = (),
    now: datetime,
) -> CannedReply:
    """Store a reply that only `by` sees. Raises `TooManyReplies` or `TooManyFiles`."""
    with stored(added, now=now) as paths:
        # The owner's row makes two requests at once count one after the other.
        Agent.objects.select_for_update(no_key=True, of=("self",)).get(pk=by.pk)
        if CannedReply.objects.filter(agent=by).count() >= OWN_MAX:
            raise TooManyReplies
        reply = CannedReply.objects.create(
            agent=by, shortcut=clean_shortcut(shortcut), title=title, body=body, language=language
        )
        _attach(reply, added, paths, now)
    return reply


def change_canned_reply(
    *,
    reply: CannedReply,
    added: Sequence[CleanFile] = (),
    removed: Collection[CannedFile] = (),
    now: datetime,
    **changes: str,
) -> CannedReply:
    """Change shortcut, title, body or language of an own reply, and its files.

    Raises `TooManyFiles`.
    """
    with stored(added, now=now) as paths:
        locked = _locked(reply)
        for name in {"shortcut", "title", "body", "language"} & changes.keys():
            setattr(locked, name, changes[name])
        locked.shortcut = clean_shortcut(locked.shortcut)
        locked.save(update_fields=["shortcut", "title", "body", "language"])
        remove_reply_files(reply=locked, files=removed)
        _attach(locked, added, paths, now)
    return locked


def add_reply_files(
    *, reply: CannedReply, files: Sequence[CleanFile], now: datetime
) -> list[CannedFile]:
    """Give a reply more files. Raises `TooManyFiles`."""
    with stored(files, now=now) as paths:
        return _attach(_locked(reply), files, paths, now)


@transaction.atomic
def remove_reply_files(*, reply: CannedReply, files: Collection[CannedFile]) -> None:
    """Let go of files of a reply: the purge deletes them, unless somebody has sent them."""
    CannedFile.objects.filter(reply=reply, pk__in=[file.pk for file in files]).update(reply=None)


@transaction.atomic
def remove_canned_reply(*, reply: CannedReply) -> None:
    """Delete an own reply."""
    # Locked before its files are let go, as where it is changed.
    CannedReply.objects.select_for_update(of=("self",)).filter(pk=reply.pk).first()
    CannedReply.objects.filter(pk=reply.pk).delete()


def count_use(*, reply: CannedReply) -> None:
    """Remember that a reply was put into an answer."""
    CannedReply.objects.filter(pk=reply.pk).update(used_count=F("used_count") + 1)


def _locked(reply: CannedReply) -> CannedReply:
    return CannedReply.objects.select_for_update(no_key=True, of=("self",)).get(pk=reply.pk)


def _attach(
    reply: CannedReply, files: Sequence[CleanFile], paths: Sequence[str], now: datetime
) -> list[CannedFile]:
    """Write the rows of files whose bytes are stored; the reply is locked, or new."""
    if files and reply.files.count() + len(files) > FILES_MAX:
        raise TooManyFiles
    return [
        CannedFile.objects.create(reply=reply, file=path, created_at=now, **columns_of(file))
        for file, path in zip(files, paths, strict=True)
    ]

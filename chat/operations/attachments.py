"""Uploads: kept for their uploader, swept when no message takes them."""

from datetime import datetime, timedelta

from django.db import transaction

from agents.models import Agent, CannedFile
from chat.models import Attachment, Visitor
from config.files.cleaning import CleanFile
from tickets.models import Entry as TicketEntry
from tickets.operations.files import copy_canned_file, keep_file, remove_files

UNUSED_FOR = timedelta(hours=24)
_BATCH = 500
_SaidInTicket = TicketEntry.files.through


def keep_upload(*, file: CleanFile, by: Agent | Visitor, now: datetime) -> Attachment:
    """Store a cleaned file and return it bound to its uploader."""
    with keep_file(file=file, by=by if isinstance(by, Agent) else None, now=now) as kept:
        return Attachment.objects.create(file=kept, visitor=by if isinstance(by, Visitor) else None)


@transaction.atomic
def attach_canned_file(*, file: CannedFile, by: Agent, now: datetime) -> Attachment:
    """Return an upload of `by` that is a canned reply's file, as if they had sent it anew.

    Raises `CannedFile.DoesNotExist` when the reply has let go of it.
    """
    return Attachment.objects.create(file=copy_canned_file(file=file, by=by, now=now))


@transaction.atomic
def purge_attachments(*, now: datetime) -> int:
    """Delete a batch of uploads that no message took for 24 h; return how many went."""
    unused = (
        Attachment.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(entry=None, file__created_at__lt=now - UNUSED_FOR)
        .order_by("pk")[:_BATCH]
    )
    keys = [each.pk for each in unused]
    # What was said in a ticket stays; only the chats let go of it.
    ids = {each.file_id for each in unused}
    said = set(_SaidInTicket.objects.filter(file__in=ids).values_list("file", flat=True))
    remove_files(ids=ids - said)
    Attachment.objects.filter(pk__in=keys).delete()
    return len(keys)

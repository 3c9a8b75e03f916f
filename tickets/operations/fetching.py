"""How far mailboxes are read."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from tickets.models import Mailbox

# A fetcher that is not heard of for so long has vanished.
LEASE = timedelta(minutes=1)


def begin_fetch(*, mailbox: Mailbox, now: datetime) -> bool:
    """Return whether it is ours to read now: one at a time reads a mailbox."""
    free = Mailbox.objects.filter(Q(fetching_until=None) | Q(fetching_until__lt=now), pk=mailbox.pk)
    return bool(free.update(fetching_until=now + LEASE))


def end_fetch(*, mailbox: Mailbox, error: str, now: datetime) -> None:
    """Let go of a mailbox, and keep how it went."""
    rows = Mailbox.objects.filter(pk=mailbox.pk)
    if error:
        rows.update(fetching_until=None, fetch_error=error, fetch_error_at=now)
    else:
        rows.update(fetching_until=None, fetch_error="", fetched_at=now)


def begin_folder(*, mailbox: Mailbox, uid_validity: int, last_uid: int, now: datetime) -> None:
    """Note the numbers of a folder that has new ones, and up to where they are read."""
    mailbox.uid_validity, mailbox.last_uid = uid_validity, last_uid
    mailbox.reads_since = mailbox.reads_since or now
    mailbox.save(update_fields=["uid_validity", "last_uid", "reads_since"])


def pass_uid(*, mailbox: Mailbox, uid: int, now: datetime) -> None:
    """Note that a folder is read up to a mail, kept or not, and hold it for another `LEASE`."""
    mailbox.last_uid = uid
    Mailbox.objects.filter(pk=mailbox.pk).update(
        last_uid=uid, stuck_uid=0, stuck_times=0, fetching_until=now + LEASE
    )


def note_stuck(*, mailbox: Mailbox, uid: int) -> int:
    """Count that the server did not hand out a mail; return how often by now."""
    if mailbox.stuck_uid != uid:
        Mailbox.objects.filter(pk=mailbox.pk).update(stuck_uid=uid, stuck_times=0)
    Mailbox.objects.filter(pk=mailbox.pk).update(stuck_times=F("stuck_times") + 1)
    mailbox.refresh_from_db(fields=["stuck_uid", "stuck_times"])
    return mailbox.stuck_times

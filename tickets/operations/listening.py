"""Who waits for word of new mail at which mailbox."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from tickets.models import Mailbox

# A listener that is not heard of for so long has vanished. With the time until somebody looks, less
# than the minute after which the mailbox is read anyway.
LEASE = timedelta(seconds=40)
# A server that tells nothing by itself is asked again after that.
ASK_AGAIN = timedelta(hours=1)
STARTING, NO_IDLE = "starting", "no_idle"
_SERVER = (
    *("imap_host", "imap_port", "imap_security"),
    *("imap_user", "imap_folder"),
)


def unheard_mailboxes(*, now: datetime) -> QuerySet[Mailbox]:
    """Return the mailboxes that can be read and that nobody listens to."""
    free = Q(listening_until=None) | Q(listening_until__lt=now)
    mute = Q(listening_error=NO_IDLE, listening_since__gt=now - ASK_AGAIN)
    works = Mailbox.objects.exclude(imap_host="").filter(
        brand__is_active=True, fetch_error="", fetched_at__isnull=False
    )
    return works.filter(free).exclude(mute).order_by("pk")


def begin_listening(*, mailbox: Mailbox, now: datetime) -> bool:
    """Return whether it is ours to listen to: one at a time does. `now` names the listener."""
    changed = unheard_mailboxes(now=now).filter(pk=mailbox.pk).order_by()
    return bool(
        changed.update(listening_since=now, listening_until=now + LEASE, listening_error=STARTING)
    )


def note_listening(*, mailbox: Mailbox, since: datetime) -> None:
    """Note that the server tells of new mail from now on."""
    _of(mailbox, since).update(listening_error="")


def keep_listening(*, mailbox: Mailbox, since: datetime, now: datetime) -> Mailbox | None:
    """Say that the listener is still there; return the mailbox as it is now, None when the
    listener is wanted no more.

    Somebody else took over, or the mailbox was switched off, or is to be read in another way.
    """
    found: Mailbox | None = _of(mailbox, since).filter(brand__is_active=True).first()
    if found is None or _signs(found) != _signs(mailbox):
        return None
    return found if _of(mailbox, since).update(listening_until=now + LEASE) else None


def end_listening(*, mailbox: Mailbox, since: datetime, error: str) -> None:
    """Let go of a mailbox, and keep why."""
    _of(mailbox, since).update(listening_until=None, listening_error=error)


def _of(mailbox: Mailbox, since: datetime) -> QuerySet[Mailbox]:
    return Mailbox.objects.filter(pk=mailbox.pk, listening_since=since)


def _signs(mailbox: Mailbox) -> list[object]:
    return [getattr(mailbox, name) for name in _SERVER] + [mailbox.imap_password.token]

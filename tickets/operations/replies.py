"""Public replies and internal notes of agents, and replies that are taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from agents.models import Agent
from config.events import publish
from config.text.cleaning import is_blank
from tickets.events import TicketNoted
from tickets.models import Draft, Entry, File, Ticket
from tickets.operations.changes import WrongValue, apply_changes, copy_to
from tickets.operations.deliveries import queue_answer
from tickets.operations.lines import append, keep, show_last_words, write_search
from tickets.rights import lock_ticket

CC_MAX = 20
FILES_MAX = 10


class UnsayableText(Exception):
    """Nothing to read, too much of it, or what a database can't hold."""


class UnknownFile(Exception):
    """A file that is not an upload of the agent's own, or too many of them."""


class TooLateToUnsay(Exception):
    """The reply has left, or is not the agent's own."""


class SomethingNew(Exception):
    """Somebody else wrote after what the agent has seen."""

    def __init__(self, head: int) -> None:
        super().__init__(head)
        self.head = head


@dataclass(frozen=True, kw_only=True)
class Unsaid:
    """What a reply was that its agent took back."""

    text: str
    to: str
    cc: Sequence[str]
    # To whom copies go without it.
    cc_now: Sequence[str]
    files: Sequence[dict[str, Any]]


def recipient_of(ticket: Ticket) -> str:
    """Return where a reply goes unless its agent says otherwise, or "" where nobody has an address.

    To the customer, or to whom the last reply went; wants contact loaded.
    """
    return _wanted_at(ticket) or ticket.address or _last_recipient(ticket)


def _wanted_at(ticket: Ticket) -> str:
    """Return where the mail that opened the ticket wants answers, such as one of a website's form.

    A later mail only says so on its line: nobody leads the answers of a ticket elsewhere.
    """
    if ticket.source != Ticket.Source.EMAIL:
        return ""
    first = ticket.entries.filter(kind=Entry.Kind.MESSAGE, seq=2).values_list("data", flat=True)
    data = first.first() or {}
    is_theirs = str(data.get("from", "")).casefold() == ticket.contact.email.casefold()
    return str(data.get("reply_to", "")) if is_theirs and not data.get("doubtful") else ""


def _last_recipient(ticket: Ticket) -> str:
    replies = ticket.entries.filter(kind=Entry.Kind.MESSAGE, author_kind=Entry.AuthorKind.AGENT)
    data = replies.order_by("-seq").values_list("data", flat=True).first() or {}
    return str(data.get("to", ""))


@transaction.atomic
def say(
    *,
    ticket: Ticket,
    by: Agent,
    text: str,
    client_id: str,
    now: datetime,
    is_note: bool = False,
    to: str = "",
    cc: Sequence[str] | None = None,
    cc_shown: Sequence[str] | None = None,
    file_ids: Sequence[str] = (),
    status: str = "",
    seen: int | None = None,
) -> tuple[Entry, bool]:
    """Store a reply or a note, and the status that goes with it; return whether it is new.

    The same `client_id` again is the same line. Without `cc` copies go where they went. What is not
    in `cc` but in `cc_shown`, which the agent was shown, gets no more of them; who was added or
    taken out meanwhile is so still. `seen` is the last line that the agent has seen.
    A reply to a new ticket opens it; it leaves by e-mail once it can't be unsaid any more, see
    `may_leave_at`. Raises `UnsayableText`, `UnknownFile`, `SomethingNew`, `WrongValue` or
    `TicketNotAuthorised`.
    """
    if (is_blank(text) and not file_ids) or len(text) > settings.IMECE["MESSAGE_MAX_CHARS"]:
        raise UnsayableText
    if "\0" in text:
        raise UnsayableText
    locked = lock_ticket(ticket, by=by)
    repeated = Entry.objects.filter(agent=by, client_id=client_id).first()
    if repeated is not None:
        if repeated.ticket_id != locked.pk:
            raise WrongValue
        return repeated, False
    files = _own_files(file_ids, by)
    if seen is not None and (newest := _newest_of_others(locked, by)) > seen:
        raise SomethingNew(newest)
    data: dict[str, Any] = {"files": [file.wire for file in files]} if files else {}
    if not is_note:
        shown = locked.cc if cc_shown is None else cc_shown
        copies = locked.cc if cc is None else _copies(locked, list(cc), shown)
        data |= {"to": to or recipient_of(locked), "cc": copies, "cc_before": locked.cc}
    entry = append(
        locked,
        kind=Entry.Kind.NOTE if is_note else Entry.Kind.MESSAGE,
        by=by,
        now=now,
        # As of files that were said in a chat: their names are what a list can show.
        body=text.strip() or ", ".join(file.name for file in files),
        data=data,
        client_id=client_id,
    )
    entry.files.set(files)
    fields: list[str] = []
    if not is_note and locked.cc != data["cc"]:
        copy_to(locked, data["cc"], by=by, now=now)
        fields.append("cc")
        entry.data["cc_seq"] = locked.last_seq
        entry.save(update_fields=["data"])
    if not status and not is_note and locked.status == Ticket.Status.NEW:
        status = Ticket.Status.OPEN
    before = locked.status
    if status and apply_changes(locked, by=by, now=now, changes={"status": status}):
        fields.append("status")
        entry.data |= {"status_before": before, "status_seq": locked.last_seq}
        entry.save(update_fields=["data"])
    Draft.objects.filter(ticket=locked, agent=by).delete()
    keep(locked, what=entry.kind, now=now, fields=fields)
    if is_note and "@" in entry.body:
        publish(TicketNoted(ticket_id=locked.pk, by=by.pk, seq=entry.seq))
    if not is_note:
        queue_answer(entry=entry, ticket=locked, leaves_at=may_leave_at(entry), now=now)
    return entry, True


def may_leave_at(entry: Entry) -> datetime:
    """Return from when on a reply can't be unsaid, and may be mailed and shown to the customer."""
    found: datetime = entry.created_at + timedelta(seconds=settings.IMECE["REPLY_UNDO_SECONDS"])
    return found


@transaction.atomic
def unsay(*, entry: Entry, by: Agent, now: datetime) -> Unsaid:
    """Take an own reply back before it has left; its words become the draft again.

    The status that went with it is what it was, unless that has changed since. Raises
    `TooLateToUnsay` or `TicketNotAuthorised`.
    """
    locked = lock_ticket(entry.ticket, by=by)
    found = Entry.objects.filter(pk=entry.pk, agent=by, kind=Entry.Kind.MESSAGE).first()
    # Two presses at once: the second finds nothing any more.
    if found is None or found.client_id is None or now >= may_leave_at(found):
        raise TooLateToUnsay
    _take_status_back(locked, found)
    if locked.cc == found.data.get("cc"):
        locked.cc = found.data.get("cc_before", [])
        locked.entries.filter(seq=found.data.get("cc_seq")).delete()
    unsaid = Unsaid(
        text=found.body,
        to=str(found.data.get("to", "")),
        cc=list(found.data.get("cc", ())),
        cc_now=list(locked.cc),
        files=list(found.data.get("files", ())),
    )
    found.delete()
    show_last_words(locked)
    write_search(locked)
    Draft.objects.update_or_create(
        ticket=locked,
        agent=by,
        defaults={"text": unsaid.text, "mode": "reply", "saved_at": now},
    )
    keep(locked, what="unsaid", now=now, fields=["status", "cc"])
    return unsaid


def _copies(ticket: Ticket, wanted: list[str], shown: Sequence[str]) -> list[str]:
    """Return to whom copies go: as wanted, but for what others changed since that was shown."""
    has, saw = ({each.casefold() for each in some} for some in (ticket.cc, shown))
    # Mail of the customer brings people along while somebody writes.
    stay = [each for each in wanted if each.casefold() in has or each.casefold() not in saw]
    known = saw | {each.casefold() for each in stay}
    return [*stay, *(each for each in ticket.cc if each.casefold() not in known)][:CC_MAX]


def _take_status_back(ticket: Ticket, reply: Entry) -> None:
    """Undo the status that the reply took along, and its line."""
    line = ticket.entries.filter(seq=reply.data.get("status_seq")).first()
    if line is not None and ticket.status == line.data["to"]:
        ticket.status = reply.data["status_before"]
        line.delete()


def _own_files(ids: Sequence[str], agent: Agent) -> list[File]:
    """Return uploads of the agent's own. Raises `UnknownFile`."""
    found = list(File.objects.filter(public_id__in=ids, uploader=agent).order_by("pk"))
    if len(ids) > FILES_MAX or len(found) != len(set(ids)):
        raise UnknownFile
    return found


def _newest_of_others(ticket: Ticket, agent: Agent) -> int:
    """Return the number of the last words that aren't the agent's own."""
    said = ticket.entries.filter(kind__in=(Entry.Kind.MESSAGE, Entry.Kind.NOTE))
    numbers = said.exclude(agent=agent, author_kind=Entry.AuthorKind.AGENT).order_by("-seq")
    return numbers.values_list("seq", flat=True).first() or 0

"""Reports on mails of ours that did not arrive."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tickets.mail.inbound.parts import Mail
from tickets.mail.undelivered import note_came_back
from tickets.mail.verdicts import meaning, status_of
from tickets.models import Delivery, Sending
from tickets.operations.addresses import HARD, mark_dead
from tickets.tokens import is_recipient_mark

_LEFT = (Sending.State.SENDING, Sending.State.SENT, Sending.State.UNKNOWN)
# What a server answered, as reports quote it: "smtp; 550 5.1.1 No such user".
_TYPE = re.compile(r"\A\s*[\w-]{1,40}\s*;")
_ANSWER = re.compile(r"\A([245])\d\d(?:[ -]|\Z)")


def is_bounce(mail: Mail) -> bool:
    """Return whether it reports on a delivery."""
    return mail.content_type == "multipart/report" and bool(mail.report)


@dataclass(frozen=True)
class Report:
    """What a mail server says of one address."""

    address: str
    # It won't arrive any more.
    is_final: bool
    code: str
    said: str


def reports_in(mail: Mail) -> Iterator[Report]:
    """Yield what a report says of each address."""
    for block in mail.report:
        to = block.get("final-recipient") or block.get("original-recipient") or ""
        status = status_of(block.get("status", ""))
        said = _TYPE.sub("", block.get("diagnostic-code", "")).strip()
        answer = _ANSWER.match(said)
        text = said[answer.end() :] if answer else said
        yield Report(
            address=to.rpartition(";")[2].strip().strip("<>").casefold(),
            is_final=block.get("action", "").lower() == "failed" or status.startswith("5"),
            code=meaning(text, is_for_now=bool(answer and answer[1] == "4"), status=status),
            said=said[:300] or status,
        )


# Of rooms above that send mail too: each returns whether the report was about one of theirs.
_others: list[Callable[[Mail, datetime], bool]] = []


def also_ask(note: Callable[[Mail, datetime], bool]) -> None:
    """Have reports that are about none of our answers shown to `note` as well."""
    _others.append(note)


def note_bounce(*, mail: Mail, now: datetime) -> bool:
    """Note at the mails of ours that a report is about that they came back; False if of none."""
    return _note_at_answers(mail, now) or any(note(mail, now) for note in _others)


def _note_at_answers(mail: Mail, now: datetime) -> bool:
    answers = Delivery.objects.select_related("entry__ticket")
    return note_returned(answers, mail, now, tell=note_came_back)


@transaction.atomic
def note_returned[S: Sending](
    sendings: QuerySet[S], mail: Mail, now: datetime, *, tell: Callable[[S, str, datetime], None]
) -> bool:
    """Note which of `sendings` a report says came back, and `tell`; False if it is about none.

    Of a mail that went to several only a proven report counts: servers that quote nothing of it
    are believed where nobody else got the same.
    """
    about = list(sendings.filter(message_id__in=[*mail.reported, *mail.references]))
    known = {each.address.casefold(): each for each in about}
    went_to = Counter(each.message_id for each in about)
    is_ours = False
    for report in reports_in(mail):
        if (found := known.get(report.address)) is not None:
            is_proven = _is_proven(found, mail)
            if not is_proven and went_to[found.message_id] > 1:
                continue
            is_ours = True
            if not report.is_final:
                continue
            if report.code == HARD and is_proven:
                mark_dead(address=found.address, detail=report.said, now=now)
            if _came_back(found, report, now):
                tell(found, report.code, now)
    return is_ours


def _is_proven(sending: Sending, mail: Mail) -> bool:
    """Return whether the report quotes the mail to this recipient: whoever got the same mail knows
    its id, and could declare the others' mails returned and their addresses dead."""
    return any(is_recipient_mark(each, sending.message_id, sending.address) for each in mail.marks)


def _came_back(sending: Sending, report: Report, now: datetime) -> bool:
    """Note that a mail came back; False when that is known, or it has not left."""
    if sending.state not in _LEFT:
        return False
    sending.state, sending.code, sending.changed_at = Sending.State.BOUNCED, report.code, now
    sending.detail = report.said
    sending.save(update_fields=["state", "code", "detail", "changed_at"])
    return True

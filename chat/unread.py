"""What a customer has not read in a chat, and the mail that says it."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Max
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from agents.brands.looks import look_of
from chat.links import link_to
from chat.models import AnswerMail, Conversation, Entry
from chat.queries.people import email_of
from chat.transcripts import lines_of
from config.mail import is_address, mailbox
from config.text.cleaning import one_line
from tickets.mail.letters import Letter, sender_line, traces
from tickets.models import Mailbox
from tickets.models.mailbox import our_addresses
from tickets.operations.addresses import is_dead

# Of many or long answers the newest; the page has them all.
LINES_MAX = 30
_CHARS_MAX = 20_000
# It is not to be mailed about, or its ticket is.
_SILENT = (Conversation.Outcome.SPAM, Conversation.Outcome.CONVERTED)


def address_for(chat: Conversation) -> str:
    """Return where a chat's customer is mailed unread answers; "" where nobody is.

    Wants visitor, contact and brand loaded.
    """
    is_told = chat.brand.mails_answers and chat.outcome not in _SILENT
    return mailable_address(chat) if is_told else ""


def mailable_address(chat: Conversation) -> str:
    """Return where mail reaches a chat's customer who did not ask for it; "" where it must not.

    Wants visitor, contact and brand loaded.
    """
    if not chat.brand.is_active or chat.is_demo or chat.kind != Conversation.Kind.CUSTOMER:
        return ""
    given = email_of(chat)
    try:
        address = mailbox(given) if is_address(given) else ""
    except ValueError:
        return ""
    # It would come straight back.
    is_own = bool(address) and address.casefold() in our_addresses()
    return "" if is_own or is_dead(address) else address


def seen_up_to(chat: Conversation) -> int:
    """Return up to which number a customer has read, was here, or has been mailed."""
    theirs = chat.entries.filter(author_kind=Entry.AuthorKind.VISITOR)
    own = theirs.aggregate(last=Max("visitor_seq"))["last"] or 0
    mailed = chat.answer_mails.aggregate(last=Max("up_to"))["last"] or 0
    return max(chat.visitor_read_seq, own, mailed)


def answers_between(chat: Conversation, after: int, up_to: int | None = None) -> list[Entry]:
    """Return what agents have said to the customer after a number, oldest first."""
    found = Entry.objects.filter(conversation=chat, visitor_seq__gt=after).answers()
    if up_to is not None:
        found = found.filter(visitor_seq__lte=up_to)
    return list(found.for_wire().order_by("visitor_seq"))


def answers_letter(mail: AnswerMail, answers: Sequence[Entry], own: Mailbox | None) -> Letter:
    """Return the mail: the agents' words alone, for anybody may have typed the address."""
    chat = mail.conversation
    brand = chat.brand
    with translation.override(chat.language):
        subject = one_line(_("%(brand)s has answered you") % {"brand": brand.name})
        context = look_of(brand) | {
            "language": chat.language,
            "subject": subject,
            "lines": _fitting(lines_of(answers, brand.name)),
            "link": link_to(chat, mail.address),
            # Whoever writes above the line is understood.
            "is_answered": own is not None and own.is_read,
        }
        made = Letter(
            subject=subject,
            body=render_to_string("chat/mail/answers.txt", context),
            from_email=sender_line(own, brand),
            to=[mail.address],
            headers={
                **traces(mail.message_id, mail.address),
                # Nobody's holiday notice shall answer it.
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
            },
        )
        made.attach_alternative(render_to_string("chat/mail/answers.html", context), "text/html")
    return made


def _fitting(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    fitting: list[dict[str, Any]] = []
    size = 0
    for line in reversed(lines[-LINES_MAX:]):
        size += len(line["text"])
        if fitting and size > _CHARS_MAX:
            break
        fitting.append(line)
    return fitting[::-1]

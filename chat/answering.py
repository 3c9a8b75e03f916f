"""Answers of customers to the mail with unread answers: they are said in the chat."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from chat.locks import lock_conversation
from chat.models import AnswerMail, Conversation, Entry, Visitor
from chat.operations.attachments import keep_upload
from chat.operations.entries import NewLine, append
from chat.operations.tickets import convert_to_ticket
from chat.posting.messages import Author, Outgoing, Posted, post_messages
from chat.protocol import ATTACHMENTS_MAX
from chat.queries.people import email_of
from config.files.cleaning import CleanFile
from config.mail import mailbox as mailbox_of
from config.web.rate_limits import CHAT_ANSWERS, spend
from tickets.mail.inbound.parts import Mail
from tickets.models import Mailbox, Ticket

# As `collect_answers` makes them.
_OURS = re.compile(r"<c\d{1,18}\.[0-9a-f]{20}@[^<>\s]+>")
# Where a long mail may be parted.
_ENDS = ("\n\n", "\n", " ")


class NotStored(Exception):
    """Words that a chat would take could not be stored just now."""


def address_of(chat: Conversation) -> str:
    """Return where a chat's customer reads mail, as mail servers write it; "" where nobody knows.

    Wants visitor and contact loaded.
    """
    try:
        return mailbox_of(email_of(chat))
    except ValueError:
        return ""


@dataclass(frozen=True)
class MailedChat:
    """A chat whose customer answers the mail with unread answers."""

    chat: Conversation
    visitor: Visitor

    @property
    def language(self) -> str:
        """Return the chat's language."""
        return self.chat.language

    def say(
        self,
        *,
        body: str,
        files: Sequence[CleanFile],
        refused: Sequence[str],
        key: str,
        now: datetime,
    ) -> bool:
        """Say the words in the chat, with the files; False when the chat takes no more.

        Raises `TooMany`.
        """
        spend(CHAT_ANSWERS, f"chat:{self.chat.pk}")
        uploads = [keep_upload(file=file, by=self.visitor, now=now) for file in files]
        batches = list(
            batched([each.file.public_id for each in uploads], ATTACHMENTS_MAX, strict=False)
        )
        texts = parted(body)
        # Files go along with the last of the words; further ones follow.
        said: list[tuple[str, Sequence[str]]] = [(text, ()) for text in texts[:-1]]
        said.append((texts[-1], batches[0] if batches else ()))
        said += [("", more) for more in batches[1:]]
        author = Author.of_visitor(self.visitor)
        drafts = [
            Outgoing(
                self.chat.public_id,
                author,
                text,
                str(uuid5(NAMESPACE_URL, f"{key}/{number}")),
                attachment_ids=ids,
            )
            for number, (text, ids) in enumerate(said)
        ]
        first, *_others = post_messages(drafts, now=now, wait=True)
        if not isinstance(first, Posted):
            if first.retry:
                raise NotStored(first.code)
            return False
        if refused and not first.dup:
            self._tell_refused(refused, now)
        return True

    @transaction.atomic
    def _tell_refused(self, names: Sequence[str], now: datetime) -> None:
        chat = lock_conversation(self.chat)
        with translation.override(chat.language):
            body = _("Not taken from the customer's e-mail: %(names)s")
        line = NewLine(kind=Entry.Kind.NOTE, body=body % {"names": ", ".join(names)})
        append(chat, line, now=now)

    def ticket(self, *, now: datetime) -> Ticket:
        """Return the chat's ticket, which is made of it if there is none."""
        return convert_to_ticket(conversation=self.chat, by=None, now=now).ticket


def parted(text: str) -> list[str]:
    """Return `text` as messages of a chat: in one piece where it fits, else cut between words."""
    most = settings.IMECE["MESSAGE_MAX_CHARS"]
    pieces = []
    while len(text) > most:
        # Not where hardly anything would be left of it.
        cuts = (text.rfind(end, most // 2, most) for end in _ENDS)
        at = next((cut for cut in cuts if cut > 0), most)
        pieces.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [piece for piece in (*pieces, text) if piece]


def answered_chat(mail: Mail, own: Mailbox) -> MailedChat | None:
    """Return the chat whose unread answers a mail answers: only of who was mailed them.

    As with the link in it, another address of the customer since ends that.
    """
    ours = [each for each in mail.references if _OURS.fullmatch(each)]
    if not ours:
        return None
    sent = AnswerMail.objects.filter(
        message_id__in=ours[:20],
        conversation__kind=Conversation.Kind.CUSTOMER,
        conversation__brand=own.brand_id,
        conversation__brand__is_active=True,
    ).exclude(conversation__outcome=Conversation.Outcome.SPAM)
    names = ("visitor", "contact", "brand")
    rows = sent.select_related(*(f"conversation__{name}" for name in names)).order_by("-pk")
    for row in rows:
        chat = row.conversation
        known = {row.address.casefold(), address_of(chat).casefold()}
        if chat.visitor is not None and known == {mail.sender.casefold()}:
            return MailedChat(chat, chat.visitor)
    return None

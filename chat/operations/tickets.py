"""Tickets made of chats, and what is said after that."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from agents.actors import Rule
from agents.models import Agent
from chat.events.lifecycle import ConversationConverted
from chat.locks import lock_brand, lock_conversation, lock_visitor
from chat.models import Conversation, Entry, Visitor
from chat.operations.entries import append, written_by
from chat.operations.visitors import contact_of_identity, keep_browser
from chat.protocol import attachment_json
from chat.queries.people import email_of, given_name
from chat.rights import require_filing
from config.events import publish
from tickets.mail.send import confirm_chat
from tickets.models import Contact, Delivery, Ticket
from tickets.models import Entry as TicketEntry
from tickets.operations.contacts import create_contact, keep_given
from tickets.operations.customers_words import hear_customer
from tickets.operations.entries import Said, add_said, last_said
from tickets.operations.tickets import elsewhere, open_ticket, subject_of_words

_CUSTOMER = TicketEntry.AuthorKind.CUSTOMER


class EmailNeeded(Exception):
    """A ticket is answered by e-mail, and nobody knows the customer's address."""


class Converted(NamedTuple):
    """The ticket of a chat, and whether this request made it."""

    ticket: Ticket
    created: bool


@transaction.atomic
def convert_to_ticket(
    *,
    conversation: Conversation,
    by: Agent | Rule | None,
    now: datetime,
    email: str = "",
    kind: str = "",
    number: int | None = None,
    because: str = "",
) -> Converted:
    """Make a ticket of what was said in a chat, which goes on or stays in the archive.

    A chat has one ticket: again is the same one, whatever `kind` and `number` are wanted then;
    without a `kind` the topic says of what type it is. `email` counts where none is known yet. An
    agent needs an address: raises `EmailNeeded` or `NotAuthorised`. By a rule or the system it is
    made in case nobody takes the chat, and the address may join later. `because` says why a wait in
    line ended: rules for tickets then meet what the customer began, as in an offline form.
    """
    # Visitor before chat, as when one leaves an offline message.
    visitor = lock_visitor(conversation.visitor_id) if conversation.visitor_id else None
    chat = lock_conversation(conversation)
    if isinstance(by, Agent):
        require_filing(by, chat)
    if chat.ticket is not None:
        return Converted(chat.ticket, created=False)
    given = _given(chat, "email")
    address = email_of(chat) or email
    if not address and isinstance(by, Agent):
        raise EmailNeeded
    contact = chat.contact or (contact_of(visitor, now) if visitor else None)
    if contact is None:
        name = given_name(chat)
        contact = create_contact(
            name=name, email=address, language=chat.language, brand=chat.brand, now=now
        )
    else:
        mail = given if contact.email else address
        keep_given(contact=contact, email=mail, phone=_given(chat, "phone"), brand=chat.brand)
    said = said_in(chat)
    ticket = open_ticket(
        brand=chat.brand,
        contact=contact,
        topic=chat.topic,
        team=chat.team,
        email=given,
        subject=_subject(chat, said),
        said=said,
        language=chat.language,
        source=Ticket.Source.CHAT,
        data=_origin(chat) | ({"because": because} if because else {}),
        origin_key=f"chat:{chat.public_id}",
        is_safety_net=not isinstance(by, Agent),
        kind=kind,
        number=number,
        by=by if isinstance(by, Agent) else None,
        now=now,
    )
    chat.ticket, chat.contact = ticket, contact
    chat.save(update_fields=["ticket", "contact"])
    line = written_by(by, kind=Entry.Kind.CONVERTED, data={"number": ticket.number})
    append(chat, line, now=now)
    publish(ConversationConverted.of(chat, outcome=chat.outcome, ticket_id=ticket.pk))
    if isinstance(by, Agent):
        _tell_number(chat, ticket, now=now)
    return Converted(ticket, created=True)


def promise_answer(chat: Conversation, *, now: datetime) -> None:
    """Have who left the line, or stood there in vain, mailed the number of the ticket that remains.

    The chat is in the archive by now; a ticket that somebody touched is answered anyway.
    """
    is_converted = chat.outcome == Conversation.Outcome.CONVERTED
    if is_converted and chat.ticket is not None and chat.ticket.is_untouched_net:
        _tell_number(chat, chat.ticket, now=now)


def _tell_number(chat: Conversation, ticket: Ticket, *, now: datetime) -> None:
    if chat.kind == Conversation.Kind.CUSTOMER and not chat.is_demo:
        confirm_chat(ticket=ticket, to=ticket.address, now=now)


@transaction.atomic
def add_to_ticket(*, conversation_id: int, now: datetime, is_left: bool = False) -> None:
    """Copy what was said in a chat since its ticket was made, or last copied to.

    Nobody answers in a chat that is over, or that its visitor has just left (`is_left`): what the
    customer says there the ticket hears as if it were mailed.
    """
    chat = Conversation.objects.select_related("ticket").filter(pk=conversation_id).first()
    # Chat and ticket may be gone by now: demo data that was purged.
    if chat is None or chat.ticket is None:
        return
    ticket = chat.ticket
    said = said_in(chat, after=last_said(ticket=ticket, chat_id=chat.pk))
    over_since = 0 if is_left else _over_since(chat)
    heard = [
        each
        for each in said
        if over_since is not None
        and (each.chat_seq or 0) > over_since
        and each.author_kind == _CUSTOMER
    ]
    if copied := [each for each in said if each not in heard]:
        add_said(ticket=ticket, chat_id=chat.pk, said=copied, now=now)
    for each in heard:
        hear_customer(
            ticket=ticket,
            body=each.body,
            files=each.files,
            data=each.data,
            source=ticket.source,
            client_id=f"said:{chat.pk}:{each.chat_seq}",
            chat_line=(chat.pk, each.chat_seq or 0),
            now=now,
        )


def _over_since(chat: Conversation) -> int | None:
    """Return with which line a chat was left to its ticket; None where it was not."""
    ends = chat.entries.filter(kind=Entry.Kind.RESOLVED).order_by("-seq")
    return ends.values_list("seq", flat=True).first() if chat.is_left_to_ticket else None


def said_in(chat: Conversation, *, after: int = 0) -> list[Said]:
    """Return what was said in the chat after a number, oldest first; of files their names."""
    messages = chat.entries.filter(kind__in=[Entry.Kind.MESSAGE, Entry.Kind.BOT], seq__gt=after)
    said = []
    for entry in messages.select_related("agent").prefetch_related("attachments").order_by("seq"):
        attached = list(entry.attachments.all())
        files = [attachment_json(each) for each in attached]
        said.append(
            Said(
                body=entry.body or ", ".join(str(file["name"]) for file in files),
                at=entry.created_at,
                agent=entry.agent,
                is_automatic=entry.kind == Entry.Kind.BOT,
                chat_id=chat.pk,
                chat_seq=entry.seq,
                files=[each.file for each in attached],
                data={"files": files} if files else {},
            )
        )
    return said


def give_address(chat: Conversation, visitor: Visitor) -> None:
    """Let the ticket of a locked chat know how its locked visitor says meanwhile to be reached.

    It is answered there, unless an answer went elsewhere before: whoever types an address now need
    not be who read that.
    """
    ticket = chat.ticket
    if ticket is None:
        return
    contact, email = ticket.contact, visitor.email
    keep_given(contact=contact, email=email, phone=visitor.phone, brand=visitor.brand)
    is_answered = Delivery.objects.filter(entry__ticket=ticket).exists()
    if email and not is_answered and ticket.email != (other := elsewhere(email, contact)):
        ticket.email = other
        ticket.save(update_fields=["email"])


def contact_of(visitor: Visitor, now: datetime) -> Contact:
    """Return the person of a locked visitor; somebody new unless the visitor is known already."""
    if visitor.contact is None:
        if visitor.external_id:
            # Another browser of the same signed person may be making the contact now.
            lock_brand(visitor.brand_id)
        visitor.contact = contact_of_identity(visitor) or create_contact(
            name=visitor.name,
            email=visitor.email,
            phone=visitor.phone,
            is_email_verified="email" in visitor.verified,
            language=visitor.language,
            brand=visitor.brand,
            now=now,
        )
        visitor.save(update_fields=["contact"])
        keep_browser(visitor)
    return visitor.contact


def _given(chat: Conversation, name: str) -> str:
    """Return what the customer gave in this chat; what their browser told before may be old."""
    return str(chat.fields.get(name) or "").strip()


def _subject(chat: Conversation, said: list[Said]) -> str:
    """Return the customer's first words, else what the chat was about."""
    topic = chat.topic.label(chat.language) if chat.topic else chat.topic_text
    words = [each.body for each in said if each.agent is None and not each.is_automatic]
    said_first = next((body for body in words if body.strip()), "")
    return subject_of_words(said_first) or topic or given_name(chat)


def _origin(chat: Conversation) -> dict[str, Any]:
    device = chat.visitor.device if chat.visitor else ""
    return {
        "page": chat.page,
        "device": device,
        "fields": chat.fields,
        "conversation": chat.public_id,
    }

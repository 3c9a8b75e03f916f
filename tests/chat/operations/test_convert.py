"""Chats that become tickets, while they go on and once they are in the archive."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Attachment, Conversation, Visitor
from chat.operations.assignment import accept
from chat.operations.attachments import keep_upload
from chat.operations.conversations import end_conversation, resolve_conversation
from chat.operations.tickets import EmailNeeded, add_to_ticket, convert_to_ticket
from chat.operations.transfers import transfer
from chat.posting.messages import NOTE, Author, Outgoing, post_message
from chat.protocol import entry_frame
from config.files.cleaning import clean_file
from tests.support.desk import Desk, fresh, here, kinds, start, work
from tests.support.factories import make_agent, make_role, make_team, make_visitor
from tests.support.http import picture
from tickets.models import Contact, Ticket
from tickets.models import Entry as TicketEntry
from tickets.operations.changes import change_ticket
from tickets.operations.contacts import create_contact

pytestmark = pytest.mark.django_db


def chat_of(desk: Desk, **visitor: str) -> Conversation:
    known = {"name": "Ayşe Çelik", "email": "ayse@example.com"} | visitor
    chat = start(desk, make_visitor(desk.brand, **known), text="Faturam gelmedi")
    return accept(conversation=chat, agent=desk.agents[0], now=timezone.now())


def say(chat: Conversation, author: Author, text: str, **more) -> None:
    draft = Outgoing(chat.public_id, author, text, str(uuid.uuid4()), **more)
    post_message(draft, now=timezone.now())


def convert(chat: Conversation, desk: Desk, **more) -> Ticket:
    result = convert_to_ticket(conversation=chat, by=desk.agents[0], now=timezone.now(), **more)
    return result.ticket


def words(ticket: Ticket) -> list[str]:
    said = TicketEntry.objects.filter(ticket=ticket, kind="message").order_by("seq")
    return list(said.values_list("body", flat=True))


def test_a_chat_becomes_a_ticket_with_every_word_and_no_note(desk) -> None:
    chat = chat_of(desk)
    agent = desk.agents[0]
    say(chat, Author.of_agent(agent), "Hemen bakıyorum")
    say(chat, Author.of_agent(agent), "müşteri kızgın", kind=NOTE)
    boss = Author.of_agent(make_agent(role=make_role("supervise", scope="all")))
    say(chat, boss, "yüzde on ver", kind=NOTE, is_whisper=True)
    assert chat.entries.filter(kind="note").count() == 2
    ticket = convert(chat, desk)
    assert words(ticket) == ["Faturam gelmedi", "Hemen bakıyorum"]
    assert (ticket.subject, ticket.source, ticket.status) == ("Faturam gelmedi", "chat", "new")
    assert (ticket.topic, ticket.team) == (desk.topic, desk.team)
    assert ticket.data["conversation"] == chat.public_id
    assert (ticket.contact.name, ticket.contact.email) == ("Ayşe Çelik", "ayse@example.com")
    assert not ticket.contact.is_email_verified
    created = TicketEntry.objects.get(ticket=ticket, kind="created")
    assert (created.agent, created.author_kind) == (agent, "agent")
    chat = fresh(chat)
    assert (chat.ticket, chat.contact) == (ticket, ticket.contact)
    assert Visitor.objects.get(pk=chat.visitor_id).contact == ticket.contact


def test_it_goes_on_and_ends_as_converted(desk) -> None:
    chat = chat_of(desk)
    convert(chat, desk)
    assert (fresh(chat).status, fresh(chat).outcome) == ("active", "")
    resolve_conversation(
        conversation=fresh(chat), topic=desk.topic, by=desk.agents[0], now=timezone.now()
    )
    assert (fresh(chat).status, fresh(chat).outcome) == ("resolved", "converted")
    assert chat.entries.get(kind="resolved").data["outcome"] == "converted"


def test_both_sides_see_the_number(desk) -> None:
    chat = chat_of(desk)
    ticket = convert(chat, desk)
    entry = chat.entries.for_wire().get(kind="converted")
    for audience in ("visitor", "agent"):
        assert entry_frame(entry, audience=audience)["data"] == {"number": ticket.number}


def test_again_is_the_same_ticket(desk) -> None:
    chat = chat_of(desk)
    first = convert(chat, desk)
    again = convert_to_ticket(conversation=fresh(chat), by=desk.agents[0], now=timezone.now())
    assert (again.ticket, again.created) == (first, False)
    assert Ticket.objects.count() == 1
    assert kinds(chat).count("converted") == 1


def test_an_unknown_address_is_asked_for_and_stays_with_the_customer_unverified(desk) -> None:
    chat = chat_of(desk, email="")
    with pytest.raises(EmailNeeded):
        convert(chat, desk)
    assert Contact.objects.count() == Ticket.objects.count() == 0
    ticket = convert(chat, desk, email="ayse@example.com")
    assert ticket.contact.email == "ayse@example.com"
    assert not ticket.contact.is_email_verified
    # What an agent heard is not shown to whoever holds the visitor's browser.
    assert Visitor.objects.get().email == ""


def test_a_known_customer_without_an_address_gets_the_one_given(desk) -> None:
    contact = create_contact(name="Ayşe", email="", language="tr", now=timezone.now())
    chat = chat_of(desk, email="", contact=contact)
    ticket = convert(chat, desk, email="ayse@example.com")
    contact.refresh_from_db()
    assert (ticket.contact, contact.email) == (contact, "ayse@example.com")
    assert Contact.objects.count() == 1


def test_an_address_given_in_the_chat_is_answered_and_takes_the_known_ones_place_nowhere(
    desk,
) -> None:
    contact = create_contact(name="Ali", email="ali@gmial.com", language="tr", now=timezone.now())
    visitor = make_visitor(desk.brand, contact=contact)
    given = {"email": "ali@gmail.com", "phone": "0532 000 11 22"}
    chat = start(desk, visitor, fields=given)
    ticket = convert(accept(conversation=chat, agent=desk.agents[0], now=timezone.now()), desk)
    contact.refresh_from_db()
    assert (ticket.address, ticket.contact, contact.email) == (
        "ali@gmail.com",
        contact,
        "ali@gmial.com",
    )
    known = contact.identities.filter(value__in=["ali@gmail.com", "+905320001122"])
    assert [each.is_verified for each in known] == [False, False]


def test_the_same_address_never_makes_two_people_one(desk) -> None:
    one = convert(chat_of(desk), desk)
    other = convert(chat_of(desk), desk)
    assert one.contact != other.contact


def test_what_is_said_afterwards_by_anybody_reaches_the_ticket_once_and_in_order(desk) -> None:
    chat = chat_of(desk)
    agent, visitor = Author.of_agent(desk.agents[0]), Author.of_visitor(chat.visitor)
    ticket = convert(chat, desk)
    say(chat, visitor, "Sipariş no 48213")
    say(chat, agent, "yalnızca bize", kind=NOTE)
    say(chat, agent, "Teşekkürler, not ettim")
    work()
    say(chat, visitor, "Acele değil")
    work()
    add_to_ticket(conversation_id=chat.pk, now=timezone.now())
    assert words(ticket) == [
        "Faturam gelmedi",
        "Sipariş no 48213",
        "Teşekkürler, not ettim",
        "Acele değil",
    ]
    seqs = TicketEntry.objects.filter(ticket=ticket).order_by("seq").values_list("seq", flat=True)
    assert list(seqs) == [1, 2, 3, 4, 5]


def test_a_chat_without_a_ticket_costs_its_messages_nothing(desk, announced) -> None:
    chat = chat_of(desk)
    say(chat, Author.of_visitor(chat.visitor), "Merhaba")
    assert "messages.ticketed" not in {event.name for event in announced}


def test_an_archived_chat_becomes_a_ticket_too_and_stays_as_it_was_resolved(desk) -> None:
    chat = chat_of(desk)
    resolve_conversation(conversation=chat, topic=desk.topic, by=desk.agents[0], now=timezone.now())
    ticket = convert(fresh(chat), desk)
    chat = fresh(chat)
    assert (chat.status, chat.outcome, chat.ticket) == ("resolved", "answered", ticket)
    say(chat, Author.of_visitor(Visitor.objects.get()), "Bir şey daha")
    work()
    assert words(ticket)[-1] == "Bir şey daha"
    assert fresh(chat).status == "resolved"


def archived(desk: Desk, status: str) -> tuple[Conversation, Ticket]:
    """A resolved chat whose ticket has that status."""
    chat = chat_of(desk)
    ticket, now = convert(chat, desk), timezone.now()
    resolve_conversation(conversation=fresh(chat), topic=desk.topic, by=desk.agents[0], now=now)
    change_ticket(ticket=ticket, by=None, now=now, changes={"status": status})
    work()
    return fresh(chat), ticket


def test_words_in_an_archived_chat_bring_its_ticket_back_to_work_and_are_heard_once(
    desk, announced, subtests
) -> None:
    for status in ("waiting", "resolved"):
        with subtests.test(status):
            chat, ticket = archived(desk, status)
            announced.clear()
            say(chat, Author.of_visitor(chat.visitor), "Hâlâ gelmedi")
            work()
            add_to_ticket(conversation_id=chat.pk, now=timezone.now())
            ticket.refresh_from_db()
            assert (ticket.status, words(ticket)[-1]) == ("open", "Hâlâ gelmedi")
            assert words(ticket).count("Hâlâ gelmedi") == 1
            answered = [event for event in announced if event.name == "ticket.answered"]
            assert [event.ticket_id for event in answered] == [ticket.pk]
            assert fresh(chat).status == "resolved"


def test_what_was_said_before_a_chat_was_resolved_brings_no_ticket_back(desk, announced) -> None:
    chat = chat_of(desk)
    ticket, now = convert(chat, desk), timezone.now()
    change_ticket(ticket=ticket, by=None, now=now, changes={"status": "waiting"})
    work()
    say(chat, Author.of_visitor(chat.visitor), "Teşekkürler")
    resolve_conversation(conversation=fresh(chat), topic=desk.topic, by=desk.agents[0], now=now)
    work()
    ticket.refresh_from_db()
    assert (ticket.status, words(ticket)[-1]) == ("waiting", "Teşekkürler")
    assert "ticket.answered" not in {event.name for event in announced}


def test_words_in_an_archived_chat_whose_ticket_was_done_long_ago_open_one_that_follows(
    desk,
) -> None:
    chat, ticket = archived(desk, "resolved")
    TicketEntry.objects.filter(ticket=ticket).update(created_at=timezone.now() - timedelta(days=30))
    for text in ("Yine ben", "Bir de şu"):
        say(chat, Author.of_visitor(chat.visitor), text)
        work()
    ticket.refresh_from_db()
    follower = Ticket.objects.get(data__follows=ticket.pk)
    assert (ticket.status, words(follower)) == ("resolved", ["Yine ben", "Bir de şu"])


def test_who_leaves_the_line_after_getting_a_ticket_has_not_abandoned(desk) -> None:
    visitor = make_visitor(desk.brand, email="ayse@example.com")
    chat = start(desk, visitor)
    convert(chat, desk)
    end_conversation(conversation=chat, by=visitor, now=timezone.now())
    assert fresh(chat).outcome == "converted"


def test_a_transferred_chat_is_the_ticket_of_the_team_that_got_it(desk) -> None:
    chat = chat_of(desk)
    expert = make_agent(online=True)
    team = make_team(expert)
    here(expert)
    transfer(conversation=chat, to=team, by=desk.agents[0], now=timezone.now())
    made = convert_to_ticket(conversation=fresh(chat), by=expert, now=timezone.now())
    assert made.ticket.team == team


def test_files_of_the_chat_are_named_in_the_ticket(desk) -> None:
    chat = chat_of(desk)
    file = keep_upload(
        file=clean_file(picture(), "fatura.png"),
        by=chat.visitor,
        now=timezone.now(),
    )
    say(chat, Author.of_visitor(chat.visitor), "", attachment_ids=[file.public_id])
    ticket = convert(chat, desk)
    line = TicketEntry.objects.filter(ticket=ticket).order_by("-seq").first()
    assert line.body == "fatura.png"
    assert line.data["files"][0]["id"] == Attachment.objects.get().public_id

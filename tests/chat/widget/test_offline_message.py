"""What a visitor leaves when nobody is there: a ticket, and a chat that says so."""

import uuid

import pytest
from django.utils import timezone

from chat.models import Conversation
from chat.operations.assignment import accept
from chat.operations.conversations import WrongTopic
from chat.operations.offline import leave_offline_message
from chat.operations.starting import InvalidMessage
from chat.operations.tickets import convert_to_ticket
from chat.posting.messages import Author, Outgoing, post_message
from chat.routing.availability import availability
from tests.support.desk import Desk, fresh, kinds, make_desk, start, work
from tests.support.factories import make_brand, make_topic, make_visitor
from tickets.models import Contact, Ticket
from tickets.models import Entry as TicketEntry
from tickets.operations.changes import change_ticket
from tickets.operations.replies import say

pytestmark = pytest.mark.django_db


def leave(desk: Desk, visitor=None, **changes) -> Ticket:
    wish = {
        "visitor": visitor or make_visitor(desk.brand),
        "brand": desk.brand,
        "channel": "web",
        "topic": desk.topic,
        "fields": {"name": "Ayşe Çelik", "email": "ayse@example.com"},
        "text": "Faturam gelmedi, rica etsem gönderir misiniz?",
        "client_id": str(uuid.uuid4()),
        "page": {"url": "https://shop.example/sepet"},
        "now": timezone.now(),
    }
    return leave_offline_message(**wish | changes).ticket


@pytest.fixture
def desk() -> Desk:
    return make_desk(agents=0)


def test_an_offline_message_becomes_a_ticket_with_a_number_and_a_page(desk) -> None:
    ticket = leave(desk)
    assert ticket.number == ticket.pk
    assert ticket.subject == "Faturam gelmedi, rica etsem gönderir misiniz?"
    assert (ticket.source, ticket.status, ticket.team) == ("offline", "new", desk.team)
    assert ticket.data["page"] == {"url": "https://shop.example/sepet"}
    assert (ticket.contact.name, ticket.contact.email) == ("Ayşe Çelik", "ayse@example.com")
    assert not ticket.contact.is_email_verified
    rows = TicketEntry.objects.filter(ticket=ticket).order_by("seq")
    assert [(row.seq, row.kind, row.author_kind) for row in rows] == [
        (1, "created", "system"),
        (2, "message", "customer"),
    ]
    assert ticket.last_seq == 2


def test_the_customer_keeps_the_number_that_the_form_asked_for(desk) -> None:
    fields = {"name": "Ayşe Çelik", "email": "ayse@example.com", "phone": "+90 555 000 00 00"}
    assert leave(desk, fields=fields).contact.phone == "+90 555 000 00 00"


def test_a_name_of_letters_that_come_apart_into_many_is_kept(desk) -> None:
    name = "ﷺ" * 120
    contact = leave(desk, fields={"name": name, "email": "ayse@example.com"}).contact
    contact.refresh_from_db()
    assert (contact.name, len(contact.sort_name)) == (name, 600)


def test_who_leaves_another_address_and_number_is_answered_there_and_proves_nothing(desk) -> None:
    visitor = make_visitor(desk.brand)
    typo = leave(desk, visitor, fields={"email": "ali@gmial.com"})
    given = {"email": "ali@gmail.com", "phone": "0532 000 11 22"}
    ticket = leave(desk, visitor, fields=given)
    contact = ticket.contact
    assert (ticket.address, typo.address) == ("ali@gmail.com", "ali@gmial.com")
    # Another address is not theirs because somebody typed it.
    assert (contact.email, contact.phone) == ("ali@gmial.com", "0532 000 11 22")
    known = contact.identities.exclude(kind="visitor").order_by("pk")
    assert [(each.value, each.is_verified) for each in known] == [
        ("ali@gmial.com", False),
        ("ali@gmail.com", False),
        ("+905320001122", False),
    ]
    assert Conversation.objects.get(ticket=ticket).public_id == ticket.data["conversation"]


def test_an_address_typed_in_line_is_answered_unless_an_answer_went_elsewhere() -> None:
    desk = make_desk(agents=3)
    for is_answered, wanted in ((False, "yeni@example.com"), (True, "ayse@example.com")):
        waiting = start(desk, make_visitor(desk.brand, email="ayse@example.com"))
        made = convert_to_ticket(conversation=waiting, by=desk.agents[0], now=timezone.now())
        if is_answered:
            words = {"text": "Bakıyoruz.", "client_id": str(uuid.uuid4())}
            say(ticket=made.ticket, by=desk.agents[0], now=timezone.now(), **words)
        leave(desk, waiting.visitor, fields={"email": "yeni@example.com"})
        assert Ticket.objects.get(pk=made.ticket.pk).address == wanted


def test_the_archive_shows_it_as_an_offline_chat_with_its_ticket(desk) -> None:
    ticket = leave(desk)
    chat = Conversation.objects.get()
    assert (chat.status, chat.outcome, chat.ticket) == ("resolved", "offline", ticket)
    assert kinds(chat) == ["started", "message", "converted", "resolved"]
    assert chat.entries.get(kind="converted").data == {"number": ticket.number}


def test_the_same_client_id_is_the_same_ticket(desk) -> None:
    visitor, cid = make_visitor(desk.brand), str(uuid.uuid4())
    first = leave(desk, visitor, client_id=cid)
    assert leave(desk, visitor, client_id=cid) == first
    assert (Ticket.objects.count(), Conversation.objects.count()) == (1, 1)


def test_what_a_visitor_claims_never_makes_two_people_one(desk) -> None:
    mine, theirs = leave(desk), leave(desk)
    assert mine.contact != theirs.contact
    visitor = make_visitor(desk.brand)
    assert leave(desk, visitor).contact == leave(desk, visitor).contact
    assert Contact.objects.count() == 3


def test_who_stood_in_line_takes_every_word_along_and_leaves_the_line() -> None:
    desk = make_desk(brand={"capacity": 1})
    accept(conversation=start(desk), agent=desk.agents[0], now=timezone.now())
    waiting = start(desk, text="Merhaba, kimse var mı?")
    ticket = leave(desk, waiting.visitor, text="E-postayla yanıtlayabilirsiniz.")
    said = TicketEntry.objects.filter(ticket=ticket, kind="message").order_by("seq")
    assert [entry.body for entry in said] == [
        "Merhaba, kimse var mı?",
        "E-postayla yanıtlayabilirsiniz.",
    ]
    waiting = fresh(waiting)
    assert (waiting.status, waiting.outcome, waiting.ticket) == ("resolved", "offline", ticket)
    assert Conversation.objects.count() == 2
    assert availability(desk.brand, channel="web", now=timezone.now()).topics[0].state == "busy"


@pytest.mark.parametrize("left", ["Neredesiniz? ", "Merhaba\nNeredesiniz?"], ids=["last", "all"])
def test_words_from_the_line_that_are_left_once_more_stand_there_once(left: str) -> None:
    desk = make_desk(brand={"capacity": 1})
    accept(conversation=start(desk), agent=desk.agents[0], now=timezone.now())
    waiting = start(desk, text="Merhaba")
    draft = Outgoing(
        waiting.public_id, Author.of_visitor(waiting.visitor), "Neredesiniz?", str(uuid.uuid4())
    )
    post_message(draft, now=timezone.now())
    message = {"text": left, "client_id": str(uuid.uuid4())}
    ticket = leave(desk, waiting.visitor, **message)
    said = ticket.entries.filter(kind="message").order_by("seq")
    assert [entry.body for entry in said] == ["Merhaba", "Neredesiniz?"]
    assert kinds(fresh(waiting)).count("message") == 2
    assert leave(desk, waiting.visitor, **message) == ticket


def test_the_ticket_that_an_agent_made_of_a_waiting_chat_gets_the_message_and_stays_its_only_one():
    desk = make_desk()
    waiting = start(desk, make_visitor(desk.brand, email="ayse@example.com"), text="Merhaba")
    made = convert_to_ticket(conversation=waiting, by=desk.agents[0], now=timezone.now())
    message = {"text": "E-postayla yanıtlayın.", "client_id": str(uuid.uuid4())}
    assert leave(desk, waiting.visitor, **message) == made.ticket
    assert leave(desk, waiting.visitor, **message) == made.ticket
    assert Ticket.objects.get() == made.ticket
    said = TicketEntry.objects.filter(kind="message").order_by("seq")
    assert [entry.body for entry in said] == ["Merhaba", "E-postayla yanıtlayın."]
    waiting = fresh(waiting)
    assert (waiting.status, waiting.outcome, waiting.ticket) == ("resolved", "offline", made.ticket)
    assert kinds(waiting).count("converted") == 1


def test_a_message_left_in_line_brings_the_ticket_that_waited_for_it_back_to_work(announced):
    desk = make_desk()
    waiting, now = start(desk, make_visitor(desk.brand, email="ayse@example.com")), timezone.now()
    ticket = convert_to_ticket(conversation=waiting, by=desk.agents[0], now=now).ticket
    change_ticket(ticket=ticket, by=None, now=now, changes={"status": "waiting"})
    leave(desk, waiting.visitor, text="Kart değil, havale.")
    work()
    assert Ticket.objects.get().status == "open"
    assert [event.name for event in announced].count("ticket.answered") == 1


def test_what_is_added_later_reaches_the_ticket_once(desk) -> None:
    ticket = leave(desk)
    chat = Conversation.objects.select_related("visitor").get()
    author = Author.of_visitor(chat.visitor)
    post_message(
        Outgoing(chat.public_id, author, "Sipariş no 48213", str(uuid.uuid4())), now=timezone.now()
    )
    work()
    post_message(
        Outgoing(chat.public_id, author, "Acele değil", str(uuid.uuid4())), now=timezone.now()
    )
    work()
    rows = TicketEntry.objects.filter(ticket=ticket).order_by("seq")
    assert [row.body for row in rows][2:] == ["Sipariş no 48213", "Acele değil"]
    assert [row.seq for row in rows] == [1, 2, 3, 4]
    assert fresh(chat).status == "resolved"


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_001, "nul \0"])
def test_a_message_without_sayable_words_is_refused(desk, text: str) -> None:
    with pytest.raises(InvalidMessage):
        leave(desk, text=text)


def test_a_topic_of_another_brand_is_refused(desk) -> None:
    with pytest.raises(WrongTopic):
        leave(desk, topic=make_topic(make_brand()))

"""A visitor's browser shows what became of its own requests, and of nobody else's."""

import pytest
from django.test import Client
from django.utils import timezone

from chat.models import Visitor
from chat.operations.tickets import convert_to_ticket
from tests.support.http import Shop, Widget, cid, open_widget, started, taken
from tickets.models import Contact, Ticket
from tickets.operations.changes import change_ticket, mark_spam
from tickets.operations.replies import say

pytestmark = pytest.mark.django_db


def leave(widget: Widget, text: str, email: str = "zeynep@example.com") -> Ticket:
    """Leave a message."""
    body = {"cid": cid(), "fields": {"name": "Zeynep", "email": email}, "text": text}
    answer = widget.post("offline-messages", body)
    assert answer.status_code == 201, answer.content
    return Ticket.objects.get(pk=answer.json()["ticket"])


def listed(widget: Widget) -> list[dict[str, object]]:
    answer = widget.get("tickets")
    assert answer.status_code == 200
    found: list[dict[str, object]] = answer.json()
    return found


def test_a_chat_and_a_message_that_became_tickets_are_listed_with_their_state(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    assert listed(widget) == []
    first = leave(widget, "Where is my parcel?")
    chat = taken(started(widget, "Still nothing"), shop.elif_)
    second = convert_to_ticket(
        conversation=chat, email="", by=shop.elif_, now=timezone.now()
    ).ticket
    change_ticket(ticket=first, by=None, now=timezone.now(), changes={"status": "waiting"})
    rows = listed(widget)
    assert [(row["number"], row["status"], row["says"]) for row in rows] == [
        (second.pk, second.status, second.get_status_display()),
        (first.pk, "waiting", "Waiting"),
    ]
    assert rows[1]["subject"] == "Where is my parcel?"


def test_its_link_opens_the_page_of_the_ticket_for_whose_address_the_site_has_signed(
    shop: Shop, settings
) -> None:
    widget = open_widget(shop.brand)
    leave(widget, "Where is my parcel?", "zeynep@Example.com")
    Visitor.objects.update(verified=["email"])
    path = str(listed(widget)[0]["url"]).removeprefix(settings.PUBLIC_URL)
    page = Client().get(path, follow=True)
    assert page.status_code == 200
    assert "Where is my parcel?" in page.content.decode()


def test_whoever_only_typed_an_address_does_not_read_what_is_mailed_there(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    ticket = leave(widget, "Please send me my contract")
    assert [row["url"] for row in listed(widget)] == [None]
    # Another address is signed than the one to which the ticket is answered.
    Visitor.objects.update(verified=["email"])
    Contact.objects.update(email="victim@example.com")
    assert [row["url"] for row in listed(widget)] == [None]
    # Nothing is mailed to nobody: all was said in the chat.
    Contact.objects.filter(pk=ticket.contact_id).update(email="")
    assert "/t/" in str(listed(widget)[0]["url"])


@pytest.mark.parametrize("way", [{"to": "victim@example.com"}, {"cc": ["victim@example.com"]}])
def test_what_is_mailed_to_an_address_that_an_agent_typed_is_read_by_nobody_else(
    shop: Shop, settings, way
) -> None:
    settings.IMECE = settings.IMECE | {"REPLY_UNDO_SECONDS": 0}
    widget, browser = open_widget(shop.brand), Client()
    ticket = leave(widget, "Call me back")
    Contact.objects.update(email="")
    path = str(listed(widget)[0]["url"]).removeprefix(settings.PUBLIC_URL)
    assert "Call me back" in browser.get(path, follow=True).content.decode()
    now = timezone.now()
    said = {"text": "Your PIN is 1234.", "client_id": "c1", "now": now} | way
    say(ticket=ticket, by=shop.elif_, **said)
    assert listed(widget)[0]["url"] is None
    # The link that they have, and the cookie for which they swapped it.
    for page in (path, f"/t/{ticket.pk}/"):
        answer = browser.get(page, follow=True)
        assert (answer.status_code, "1234" in answer.content.decode()) == (404, False)


def test_whoever_gives_the_same_address_sees_nothing_of_it(shop: Shop) -> None:
    leave(open_widget(shop.brand), "Where is my parcel?")
    other = open_widget(shop.brand)
    own = leave(other, "Mine is another one")
    assert [row["number"] for row in listed(other)] == [own.pk]


def test_spam_and_the_net_of_an_answered_chat_are_not_listed(shop: Shop) -> None:
    widget = open_widget(shop.brand)
    spam = leave(widget, "Buy now")
    mark_spam(ticket=spam, is_spam=True, by=shop.elif_, now=timezone.now())
    net = leave(widget, "Anybody there?")
    Ticket.objects.filter(pk=net.pk).update(is_safety_net=True, status=Ticket.Status.RESOLVED)
    assert listed(widget) == []


def test_the_list_costs_the_same_however_many_there_are(
    shop: Shop, django_assert_max_num_queries
) -> None:
    widget = open_widget(shop.brand)
    for number in range(3):
        leave(widget, f"Request {number}")
    with django_assert_max_num_queries(3):
        assert len(listed(widget)) == 3

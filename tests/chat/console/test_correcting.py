"""Customers corrected from a chat: the browser's row and what the chat says go along."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chat.models import Conversation
from chat.operations.linking import link_visitor
from chat.queries.people import email_of, own_name, phone_of
from tests.support.factories import make_conversation, make_visitor
from tests.support.http import Desk, Shop, Widget, make_shop
from tests.support.tickets import opened
from tickets.models import Contact, ContactChange
from tickets.operations.contacts import change_contact, create_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(shop: Shop) -> Client:
    client = Client()
    client.force_login(shop.elif_)
    return client


def chat_of(shop: Shop, fields: dict[str, str] | None = None, **visitor: Any) -> Conversation:
    made = make_visitor(shop.brand, **({"name": "Vera", "email": "vera@exmaple.com"} | visitor))
    return make_conversation(made, assignee=shop.elif_, status="active", fields=fields or {})


def edit(console: Client, chat: Conversation, **changes: str) -> Any:
    body = {"name": "Vera", "email": "vera@exmaple.com", "phone": "", "language": chat.language}
    path = f"/console/chats/{chat.public_id}/customer/"
    return console.post(path, body | {"cid": "c1"} | changes)


def test_a_mistyped_address_is_corrected_in_the_chat_too(console: Client, shop: Shop) -> None:
    chat = chat_of(shop, {"email": "vera@exmaple.com", "order": "77"})
    path = f"/console/chats/{chat.public_id}/"
    assert f'hx-get="{path}customer/"' in console.get(path).content.decode()
    assert 'value="vera@exmaple.com"' in console.get(f"{path}customer/").content.decode()
    answer = edit(console, chat, email="vera@example.com", note="Spells it slowly.")
    assert answer.status_code == 204
    events = json.loads(answer["Console-Events"])
    assert events["console:changed"] == {"id": chat.public_id}
    chat = Conversation.objects.select_related("visitor", "contact").get(pk=chat.pk)
    assert email_of(chat) == "vera@example.com"
    assert chat.fields == {"email": "vera@example.com", "order": "77"}
    assert chat.visitor is not None
    assert chat.contact is not None
    assert chat.visitor.contact == chat.contact
    assert (chat.contact.email, chat.contact.is_email_verified) == ("vera@example.com", False)
    assert chat.contact.notes.get().body == "Spells it slowly."
    change = ContactChange.objects.get()
    assert (change.agent, change.data) == (
        shop.elif_,
        {"email": ["vera@exmaple.com", "vera@example.com"]},
    )


def test_what_the_site_signed_stands(console: Client, shop: Shop) -> None:
    chat = chat_of(shop, external_id="u1", verified=["email"])
    dialog = console.get(f"/console/chats/{chat.public_id}/customer/").content.decode()
    assert "Site tarafından imzalandı" in dialog
    assert edit(console, chat, email="mallory@example.com", name="Vera Ak").status_code == 204
    chat = Conversation.objects.select_related("visitor", "contact").get(pk=chat.pk)
    assert email_of(chat) == "vera@exmaple.com"
    assert Contact.objects.get().name == "Vera Ak"


def test_who_may_not_file_the_chat_corrects_nobody(console: Client, shop: Shop) -> None:
    other = make_shop(name="Other")
    chat = chat_of(other)
    assert edit(console, chat, name="Mallory").status_code == 404
    assert not Contact.objects.exists()


def test_the_api_corrects_what_open_chats_say_the_same_of(shop: Shop, console: Client) -> None:
    chat = chat_of(shop, {"name": "Vera V."})
    edit(console, chat, name="Vera V.", phone="0532 000 11 22")
    contact = Contact.objects.get()
    desk = Desk(shop.elif_)
    body = {"name": "Vera Ak", "email": "vera@example.com"}
    answer = desk.call("PATCH", f"contacts/{contact.pk}", body)
    assert answer.status_code == 200
    line = answer.json()["timeline"][0]
    assert line["kind"] == "change"
    assert "vera@exmaple.com → vera@example.com" in line["title"]
    chat = Conversation.objects.select_related("visitor", "contact").get(pk=chat.pk)
    assert email_of(chat) == "vera@example.com"
    # What they said of themselves in this chat was something else, and stays.
    assert chat.fields == {"name": "Vera V.", "email": "vera@example.com"}


@pytest.mark.parametrize("whose", ["anybody's", "of a signed person", "of one who was linked"])
def test_a_browser_is_told_what_was_corrected_only_where_the_site_knows_it(
    shop: Shop, whose: str
) -> None:
    widget = Widget(shop.brand)
    widget.secret = "s" * 43
    chat = chat_of(
        shop, secret=widget.secret, external_id="" if whose == "anybody's" else "u1", phone="1"
    )
    contact = create_contact(
        name="Vera", email="vera@exmaple.com", phone="1", language="tr", now=timezone.now()
    )
    opened(shop.brand, contact=contact)
    visitor = chat.visitor
    assert visitor is not None
    if whose == "of one who was linked":
        link_visitor(conversation=chat, contact=contact, by=shop.elif_, now=timezone.now())
    else:
        visitor.contact = chat.contact = contact
        visitor.save()
        chat.save()
    changes = {"email": "vera@example.com", "phone": "0532 000 11 22", "name": "Vera Ak"}
    change_contact(contact=contact, by=shop.elif_, changes=changes, now=timezone.now())
    told = widget.open().json()["fields"]
    wrong = {"name": "Vera", "email": "vera@exmaple.com", "phone": "1"}
    assert told == (changes if whose == "of a signed person" else wrong)
    # Agents see and reach the customer as they were corrected.
    chat = Conversation.objects.select_related("visitor", "contact").get(pk=chat.pk)
    assert (own_name(chat), email_of(chat), phone_of(chat)) == (
        *("Vera Ak", "vera@example.com"),
        "0532 000 11 22",
    )

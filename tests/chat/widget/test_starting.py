"""A visitor starts a chat."""

from typing import Any

import pytest
from django.utils import timezone

from agents.models import Ask
from chat.models import Conversation, Entry
from chat.operations.conversations import end_conversation
from chat.routing.shown import forget_shown
from tests.support.factories import make_topic
from tests.support.http import Shop, Widget, cid, make_shop, open_widget, started

pytestmark = pytest.mark.django_db


def test_names_and_topics_turn_nothing_around_that_stands_beside_them() -> None:
    widget = open_widget(make_shop().brand)
    fields = {"name": "Vera\u202e\nElif \U0001f469\u200d\U0001f4bb", "phone": "\u2066+90\x85 1"}
    widget.start(fields=fields, topic_text="\u202aWhere?\u2028")
    assert (widget.visitor.name, widget.visitor.phone) == (
        "Vera Elif \U0001f469\u200d\U0001f4bb",
        "+90 1",
    )
    assert Conversation.objects.get().topic_text == "Where?"


def test_starting_answers_place_in_line_and_stores_the_first_message(widget: Widget) -> None:
    answer = widget.start("Where is my parcel?")
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "status", "position", "eta"}
    assert (answer.json()["status"], answer.json()["position"]) == ("queued", 1)
    entry = Entry.objects.get(kind="message")
    assert (entry.body, entry.author_kind) == ("Where is my parcel?", "visitor")


def test_the_same_cid_again_answers_the_same_chat(widget: Widget) -> None:
    message = {"cid": cid(), "text": "Hello"}
    first = widget.start(message=message)
    second = widget.start(message=message)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert Entry.objects.filter(kind="message").count() == 1


def test_another_cid_while_a_chat_is_open_is_told_which(widget: Widget) -> None:
    chat = started(widget)
    answer = widget.start()
    assert (answer.status_code, answer.json()["code"]) == (409, "open")
    assert answer.json()["conversation"]["id"] == chat.public_id


def test_with_nobody_there_the_offline_form_is_described() -> None:
    widget = open_widget(make_shop(online=False).brand)
    answer = widget.start()
    assert (answer.status_code, answer.json()["code"]) == (409, "offline")
    fields = {field["name"]: field["required"] for field in answer.json()["form"]["fields"]}
    assert fields == {"name": False, "email": True, "text": True}
    assert answer.json()["availability"]["state"] == "offline"
    assert not Conversation.objects.exists()


def test_the_form_is_kept_with_visitor_and_chat(widget: Widget, shop: Shop) -> None:
    widget.start(fields={"name": "Vera", "email": "vera@example.com"}, topic=str(shop.topic.pk))
    chat = Conversation.objects.get()
    assert chat.fields == {"name": "Vera", "email": "vera@example.com"}
    assert (widget.visitor.name, widget.visitor.email) == ("Vera", "vera@example.com")
    assert chat.chosen_topic == shop.topic


def test_what_the_brand_requires_must_be_given_once(widget: Widget, shop: Shop) -> None:
    shop.brand.ask_email = Ask.REQUIRED
    shop.brand.save()
    forget_shown()
    answer = widget.start()
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "fields.email" in answer.json()["errors"]
    chat = Conversation.objects.get(
        public_id=widget.start(fields={"email": "v@example.com"}).json()["id"]
    )
    end_conversation(conversation=chat, by=widget.visitor, now=timezone.now())
    assert widget.start().status_code == 201


def test_a_brand_may_ask_for_a_phone_number_too(widget: Widget, shop: Shop) -> None:
    assert widget.open().json()["config"]["fields"]["phone"] == "no"
    shop.brand.ask_phone = Ask.REQUIRED
    shop.brand.save()
    forget_shown()
    assert widget.open().json()["config"]["fields"]["phone"] == "required"
    assert set(widget.start().json()["errors"]) == {"fields.phone"}
    assert widget.start(fields={"phone": "0532 123 45 67"}).status_code == 201
    assert Conversation.objects.get().fields == {"phone": "0532 123 45 67"}
    assert widget.visitor.phone == "0532 123 45 67"


def test_the_offline_form_asks_for_the_phone_number_that_the_brand_wants() -> None:
    shop = make_shop(online=False, ask_phone=Ask.OPTIONAL)
    [phone] = [
        field
        for field in open_widget(shop.brand).start().json()["form"]["fields"]
        if field["name"] == "phone"
    ]
    assert (phone["type"], phone["required"]) == ("tel", False)


def test_only_the_brands_public_topics_can_be_chosen(widget: Widget, shop: Shop) -> None:
    foreign = make_shop().topic
    hidden = make_topic(shop.brand, shop.team, is_public=False)
    closed = make_topic(shop.brand, shop.team, is_active=False)
    for wished in (foreign.pk, hidden.pk, closed.pk, 10**18, "x", "-1", "²"):
        answer = widget.start(topic=str(wished))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), wished


def test_a_start_that_makes_no_sense_is_refused(subtests: pytest.Subtests, widget: Widget) -> None:
    bodies: tuple[Any, ...] = (
        {},
        {"message": {}},
        {"message": {"cid": "not-a-uuid", "text": "x"}},
        {"message": {"cid": cid(), "text": ""}},
        {"message": {"cid": cid(), "text": " \n "}},
        {"message": {"cid": cid(), "text": "x" * 10_001}},
        {"message": {"cid": cid(), "text": "a\0b"}},
        {"message": {"cid": cid(), "text": {"$regex": ".*"}}},
        {"message": {"cid": cid(), "text": 5}},
        {"message": {"cid": cid(), "text": "x", "attachments": ["nobodys"]}},
        {"message": {"cid": cid(), "text": "x", "attachments": "abc"}},
        {"message": {"cid": cid(), "text": "x"}, "fields": {"email": "no address"}},
        {"message": {"cid": cid(), "text": "x"}, "fields": {"name": "x" * 121}},
        {"message": {"cid": cid(), "text": "x"}, "fields": {"is_staff": True}},
        {"message": {"cid": cid(), "text": "x"}, "status": "active"},
        {"message": {"cid": cid(), "text": "x", "seq": 9}},
        [],
        "text",
    )
    for body in bodies:
        with subtests.test(body=body):
            answer = widget.post("conversations", body)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
            assert not Conversation.objects.exists()


# Writing and reading

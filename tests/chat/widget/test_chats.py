"""A visitor's chat over HTTP: start, write, read, end, rate, leave a message."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from agents.models import Agent, Status
from chat.models import Conversation, Entry
from chat.operations.conversations import reopen_conversation, resolve_conversation
from chat.operations.entries import NewLine, append
from chat.operations.spam import mark_spam
from chat.posting.messages import Author, Outgoing, post_message
from tests.support.http import Shop, Widget, cid, make_shop, open_widget, started, taken
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

CHAT_KEYS = {
    "id",
    "status",
    "is_open",
    "topic",
    "topic_text",
    "agent",
    "position",
    "eta",
    "form",
    "head",
    "read",
    "agents_read",
    "agents_delivered",
    "preview",
    "rating",
    "rating_comment",
    "can_rate",
    "add_until",
    "ticket",
    "started_at",
    "ended_at",
}
ENTRY_KEYS = {"id", "seq", "kind", "author", "text", "attachments", "data", "cid", "at"}


def say(chat: Conversation, agent: Agent, text: str, kind: str = "message") -> None:
    """An agent's words."""
    author = Author.of_agent(agent)
    post_message(Outgoing(chat.public_id, author, text, cid(), kind=kind), now=timezone.now())


def test_a_message_is_new_once_and_then_repeated(widget: Widget) -> None:
    chat = started(widget)
    body = {"cid": cid(), "text": "And another thing"}
    first = widget.post(f"conversations/{chat.public_id}/messages", body)
    second = widget.post(f"conversations/{chat.public_id}/messages", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert set(first.json()) == {"id", "seq", "at"}
    assert first.json() == second.json()


def test_text_is_kept_exactly_as_typed(widget: Widget) -> None:
    chat = started(widget)
    text = "  <b>İ&amp;ı</b>\n\t😀 "
    widget.post(f"conversations/{chat.public_id}/messages", {"cid": cid(), "text": text})
    assert Entry.objects.filter(kind="message").latest("seq").body == text


def test_writing_after_the_reopen_window_is_refused(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    resolve_conversation(conversation=chat, topic=shop.topic, by=shop.elif_, now=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        widget.open()
        answer = widget.post(
            f"conversations/{chat.public_id}/messages", {"cid": cid(), "text": "Hello?"}
        )
    assert (answer.status_code, answer.json()["code"]) == (409, "ended")


def test_a_chat_says_until_when_something_may_be_added_after_its_end(
    widget: Widget, shop: Shop
) -> None:
    chat = taken(started(widget), shop.elif_)
    path = f"conversations/{chat.public_id}"
    assert widget.get(path).json()["add_until"] is None
    resolve_conversation(conversation=chat, topic=shop.topic, by=shop.elif_, now=timezone.now())
    chat.refresh_from_db()
    assert chat.ended_at
    until = widget.get(path).json()["add_until"]
    assert datetime.fromisoformat(until) - chat.ended_at < timedelta(hours=24, seconds=1)
    with time_machine.travel(chat.ended_at + timedelta(hours=23)):
        widget.open()
        assert widget.get(path).json()["add_until"] == until
    with time_machine.travel(chat.ended_at + timedelta(hours=24, seconds=1)):
        widget.open()
        assert widget.get(path).json()["add_until"] is None


def test_nobody_is_asked_to_add_to_spam(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    mark_spam(conversation=chat, by=shop.elif_, now=timezone.now())
    assert widget.get(f"conversations/{chat.public_id}").json()["add_until"] is None


def test_a_message_that_makes_no_sense_is_refused(
    subtests: pytest.Subtests, widget: Widget
) -> None:
    chat = started(widget)
    for body in (
        {"cid": cid(), "text": ""},
        {"cid": "x", "text": "x"},
        {"text": "x"},
        {"cid": cid(), "text": "x" * 10_001},
        {"cid": cid(), "text": "x", "kind": "note"},
        {"cid": cid(), "text": "x", "attachments": ["a"] * 11},
        {"cid": cid(), "text": "x", "attachments": [{"id": 1}]},
    ):
        with subtests.test(body=body):
            answer = widget.post(f"conversations/{chat.public_id}/messages", body)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
            assert chat.entries.filter(kind="message").count() == 1


def test_entries_hold_exactly_what_a_visitor_may_see(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    say(chat, shop.elif_, "Hi Vera")
    say(chat, shop.elif_, "difficult customer", kind="note")
    chat.refresh_from_db()
    append(chat, NewLine(kind="tagged", data={"tag": "vip"}), now=timezone.now())
    say(chat, shop.elif_, "How can I help?")
    answer = widget.get(f"conversations/{chat.public_id}/entries")
    assert set(answer.json()) == {"entries", "head", "more"}
    entries = answer.json()["entries"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry["kind"] for entry in entries] == [
        "started",
        "message",
        "queued",
        "accepted",
        "message",
        "message",
    ]
    assert answer.json()["head"] == len(entries)
    assert all(set(entry) == ENTRY_KEYS for entry in entries)
    assert all(set(entry["author"]) == {"kind", "id", "name"} for entry in entries)
    assert all(entry["data"] == {} for entry in entries if entry["kind"] != "started")
    text = answer.content.decode()
    for secret in ("difficult", "vip", shop.elif_.email, "127.0.0.1", f'"{shop.elif_.pk}"'):
        assert secret not in text


def test_entries_come_in_batches_after_a_number(widget: Widget) -> None:
    chat = started(widget)
    first = widget.get(f"conversations/{chat.public_id}/entries?limit=2").json()
    rest = widget.get(f"conversations/{chat.public_id}/entries?after=2&limit=2").json()
    assert ([entry["seq"] for entry in first["entries"]], first["more"]) == ([1, 2], True)
    assert ([entry["seq"] for entry in rest["entries"]], rest["more"]) == ([3], False)
    assert first["head"] == rest["head"] == 3


def test_a_senseless_range_is_refused(subtests: pytest.Subtests, widget: Widget) -> None:
    chat = started(widget)
    for query in ("after=-1", "after=x", "limit=0", "limit=201", "after=9" * 30):
        with subtests.test(query):
            answer = widget.get(f"conversations/{chat.public_id}/entries?{query}")
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_fetching_marks_delivered_and_reading_marks_read(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    say(chat, shop.elif_, "Hi")
    widget.get(f"conversations/{chat.public_id}/entries")
    chat.refresh_from_db()
    assert chat.visitor_delivered_seq == chat.last_visitor_seq == 5
    assert widget.post(f"conversations/{chat.public_id}/read", {"seq": 4}).status_code == 200
    chat.refresh_from_db()
    assert chat.visitor_read_seq == 4


# The list


def test_the_list_holds_own_chats_with_exactly_these_keys(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    say(chat, shop.elif_, "secret note", kind="note")
    other = open_widget(shop.brand)
    started(other)
    answer = widget.get("conversations")
    (row,) = answer.json()["conversations"]
    assert set(row) == CHAT_KEYS
    assert set(row["agent"]) == {"kind", "id", "name", "status"}
    assert (row["id"], row["preview"], row["is_open"]) == (chat.public_id, "Hello", True)
    assert row["agent"]["id"] == shop.elif_.public_id
    assert "secret note" not in answer.content.decode()
    assert widget.get(f"conversations/{chat.public_id}").json() == row


def test_an_invisible_agent_looks_offline(widget: Widget, shop: Shop) -> None:
    taken(started(widget), shop.elif_)
    Agent.objects.update(status=Status.INVISIBLE)
    (row,) = widget.get("conversations").json()["conversations"]
    assert row["agent"]["status"] == "offline"


def test_somebody_unknown_has_no_chats(widget: Widget) -> None:
    assert widget.get("conversations").json() == {"conversations": []}


# Ending and rating


def test_the_visitor_ends_the_chat_and_again_changes_nothing(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    say(chat, shop.elif_, "Hi Vera")
    first = widget.post(f"conversations/{chat.public_id}/end")
    second = widget.post(f"conversations/{chat.public_id}/end")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert (first.json()["status"], first.json()["can_rate"]) == ("wrap_up", True)
    assert chat.entries.filter(kind="ended").count() == 1


def test_an_ended_chat_is_rated_and_the_newest_rating_counts(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    say(chat, shop.elif_, "Hi Vera")
    widget.post(f"conversations/{chat.public_id}/end")
    path = f"conversations/{chat.public_id}/rating"
    assert widget.post(path, {"score": 2, "comment": "Slow"}).status_code == 200
    answer = widget.post(path, {"score": 2, "comment": "Slow"}).json()
    assert (answer["rating"], answer["rating_comment"]) == (2, "Slow")
    answer = widget.post(path, {"score": 5}).json()
    assert (answer["rating"], answer["rating_comment"]) == (5, "")
    assert [entry.data["score"] for entry in chat.entries.filter(kind="rated")] == [2, 5]
    chat.refresh_from_db()
    assert chat.rating == 5


def test_the_same_said_of_a_chat_that_went_on_counts_anew(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    say(chat, shop.elif_, "Hi Vera")
    for _ in range(2):
        widget.post(f"conversations/{chat.public_id}/end")
        widget.post(f"conversations/{chat.public_id}/rating", {"score": 4})
        reopen_conversation(conversation=chat, by=shop.elif_, now=timezone.now())
    assert chat.entries.filter(kind="rated").count() == 2


def test_a_rating_is_changeable_for_a_day(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    say(chat, shop.elif_, "Hi Vera")
    widget.post(f"conversations/{chat.public_id}/end")
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        widget.open()
        answer = widget.post(f"conversations/{chat.public_id}/rating", {"score": 1})
        [listed] = widget.get("conversations").json()["conversations"]
    assert (answer.status_code, answer.json()["code"]) == (409, "not_rateable")
    assert listed["can_rate"] is False


def test_an_open_or_unanswered_chat_is_not_rated(widget: Widget) -> None:
    chat = started(widget)
    path = f"conversations/{chat.public_id}/rating"
    assert widget.post(path, {"score": 5}).json()["code"] == "not_rateable"
    widget.post(f"conversations/{chat.public_id}/end")
    assert widget.post(path, {"score": 5}).json()["code"] == "not_rateable"


def test_what_was_only_said_automatically_is_not_rated(widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    path = f"conversations/{chat.public_id}/rating"
    line = NewLine(
        kind="message",
        author_kind="agent",
        agent=shop.elif_,
        body="Birazdan buradayız",
        data={"automatic": True},
    )
    append(chat, line, now=timezone.now())
    assert widget.post(f"conversations/{chat.public_id}/end").json()["can_rate"] is False
    assert widget.post(path, {"score": 5}).json()["code"] == "not_rateable"


def test_a_rating_is_one_to_five(subtests: pytest.Subtests, widget: Widget, shop: Shop) -> None:
    chat = taken(started(widget), shop.elif_)
    widget.post(f"conversations/{chat.public_id}/end")
    for score in (0, 6, "x", None, 1.5, [], True):
        with subtests.test(score=score):
            answer = widget.post(f"conversations/{chat.public_id}/rating", {"score": score})
            assert answer.status_code == 400


# Nobody there


def test_an_offline_message_becomes_one_ticket_however_often_it_is_sent() -> None:
    shop = make_shop(online=False)
    widget = open_widget(shop.brand)
    body = {
        "cid": cid(),
        "topic": str(shop.topic.pk),
        "fields": {"name": "Vera", "email": "vera@example.com"},
        "text": "Please call back",
    }
    first = widget.post("offline-messages", body)
    second = widget.post("offline-messages", body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    ticket = Ticket.objects.get()
    assert first.json()["ticket"] == ticket.number
    assert first.json()["reply"]
    assert ticket.contact.email == "vera@example.com"


def test_an_offline_message_that_makes_no_sense_is_refused(
    subtests: pytest.Subtests, widget: Widget
) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"text": " "},
        {"text": "x" * 10_001},
        {"fields": {}},
        {"fields": {"email": "x"}},
        {"cid": "x"},
        {"priority": "urgent"},
        {"topic": "999999"},
    )
    for change in changes:
        with subtests.test(**change):
            body = {"cid": cid(), "fields": {"email": "v@example.com"}, "text": "x"} | change
            answer = widget.post("offline-messages", body)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
            assert not Ticket.objects.exists()


def test_availability_has_topics_in_the_visitors_language(shop: Shop) -> None:
    turkish = open_widget(shop.brand, language="tr").get("availability").json()
    assert set(turkish) == {"state", "topics", "opens_at", "reason", "says"}
    assert turkish["topics"] == [
        {"id": str(shop.topic.pk), "name": "İade", "state": "online", "eta": None}
    ]


# All at once


@pytest.mark.django_db(transaction=True)
def test_ten_equal_sends_at_once_store_one_message() -> None:
    widget = open_widget(make_shop().brand)
    chat = started(widget)
    body = {"cid": cid(), "text": "Once"}

    def send(_: int) -> tuple[int, Any]:
        try:
            answer = widget.post(f"conversations/{chat.public_id}/messages", body)
            return answer.status_code, answer.json()
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(10)))
    assert sorted(status for status, _ in answers) == [200] * 9 + [201]
    assert len({str(answer) for _, answer in answers}) == 1
    assert chat.entries.filter(client_id=body["cid"]).count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_equal_starts_at_once_make_one_chat() -> None:
    widget = open_widget(make_shop().brand)
    message = {"cid": cid(), "text": "Once"}

    def start(_: int) -> tuple[int, Any]:
        try:
            answer = widget.start(message=message)
            return answer.status_code, answer.json()
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(start, range(10)))
    assert sorted(status for status, _ in answers) == [200] * 9 + [201]
    assert len({answer["id"] for _, answer in answers}) == 1
    assert Conversation.objects.count() == 1

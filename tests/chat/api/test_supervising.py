"""Supervisors in chats of others by the API: watch, whisper, join, leave, take over."""

import pytest
from django.utils import timezone

from agents.models import Agent, AuditEntry, Permission, Role
from chat.models import Conversation, Entry, Participation
from tests.support.factories import make_agent, make_role
from tests.support.http import Desk, Shop, Widget, cid, started, taken

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(shop: Shop, widget: Widget) -> Conversation:
    """A chat that Elif has."""
    return taken(started(widget, "Vera"), shop.elif_)


@pytest.fixture
def boss(shop: Shop) -> Agent:
    return supervisor(Permission.CHAT, Permission.SUPERVISE)


def supervisor(*rights: str) -> Agent:
    return make_agent(online=True, role=make_role(*rights, scope=Role.Scope.ALL))


def say(desk: Desk, chat: Conversation, what: str, **body: object) -> int:
    words = {"cid": cid(), "text": "Psst", **body}
    return desk.post(f"conversations/{chat.public_id}/{what}", words).status_code


def lines(chat: Conversation) -> list[str]:
    return list(chat.entries.order_by("seq").values_list("kind", flat=True))


def test_a_supervisor_joins_answers_and_leaves(chat, boss, widget):
    desk, address = Desk(boss), f"conversations/{chat.public_id}"
    for _ in range(2):
        answer = desk.post(f"{address}/join")
        assert (answer.status_code, answer.json()["id"]) == (200, chat.public_id)
    [named] = desk.get(address).json()["joined"]
    assert (named["id"], named["name"]) == (boss.public_id, boss.name)
    assert say(desk, chat, "messages") == 201
    for _ in range(2):
        assert desk.post(f"{address}/leave").status_code == 200
    assert desk.get(address).json()["joined"] == []
    assert lines(chat)[-3:] == ["joined", "message", "left"]
    seen = widget.get(f"{address}/entries").json()["entries"]
    assert [each["kind"] for each in seen][-3:] == ["joined", "message", "left"]
    assert {each["author"]["name"] for each in seen[-3:]} == {boss.name}


def test_a_supervisor_takes_over(chat, boss, shop):
    desk, address = Desk(boss), f"conversations/{chat.public_id}"
    for _ in range(2):
        answer = desk.post(f"{address}/take-over")
        assert answer.status_code == 200
        assert answer.json()["assignee"]["id"] == boss.public_id
    assert lines(chat)[-2:] == ["transferred", "accepted"]
    assert say(Desk(shop.elif_), chat, "messages") == 404
    assert say(desk, chat, "messages") == 201


def test_watching_stands_in_the_audit_log_and_nowhere_else(chat, boss, widget, shop):
    desk = Desk(boss)
    before = widget.get("conversations").json()
    for _ in range(2):
        answer = desk.post(f"conversations/{chat.public_id}/watch")
        assert (answer.status_code, answer.json()["id"]) == (200, chat.public_id)
    [line] = AuditEntry.objects.filter(action="conversation.watched")
    assert line.actor == boss
    assert not Participation.objects.filter(agent=boss).exists()
    assert widget.get("conversations").json() == before
    # One's own chat is not watched.
    assert Desk(shop.elif_).post(f"conversations/{chat.public_id}/watch").status_code == 200
    assert AuditEntry.objects.filter(action="conversation.watched").count() == 1


@pytest.mark.parametrize("call", ["watch", "join", "take-over", "notes"])
def test_a_colleague_without_the_right_is_refused(chat, shop, call):
    mert = supervisor(Permission.CHAT)
    body = {"cid": cid(), "text": "Psst", "whisper": True} if call == "notes" else {}
    answer = Desk(mert).post(f"conversations/{chat.public_id}/{call}", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert lines(chat)[-1] != "note"


@pytest.mark.parametrize("call", ["join", "take-over", "notes"])
def test_only_a_chat_that_another_agent_has_is_one_for_a_supervisor(chat, boss, widget, call):
    body = {"cid": cid(), "text": "Psst", "whisper": True} if call == "notes" else {}
    Conversation.objects.filter(pk=chat.pk).update(assignee=None, status="queued")
    address = f"conversations/{chat.public_id}/{call}"
    answer = Desk(boss).post(address, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "nobody_else")
    Conversation.objects.filter(pk=chat.pk).update(status="wrap_up", ended_at=timezone.now())
    answer = Desk(boss).post(address, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "ended")


def test_taking_over_keeps_to_the_limits_of_taking(chat, boss):
    desk, address = Desk(boss), f"conversations/{chat.public_id}/take-over"
    Agent.objects.filter(pk=boss.pk).update(capacity=0)
    assert desk.post(address).json()["code"] == "capacity"
    Agent.objects.filter(pk=boss.pk).update(capacity=5, status="break")
    assert desk.post(address).json()["code"] == "not_online"
    only = supervisor(Permission.SUPERVISE)
    assert Desk(only).post(address).status_code == 403


def test_a_whisper_is_for_agents_and_reaches_no_visitor(chat, boss, widget, shop):
    desk, address = Desk(boss), f"conversations/{chat.public_id}"
    words = {"cid": cid(), "text": "Offer ten percent", "whisper": True}
    assert [desk.post(f"{address}/notes", words).status_code for _ in range(2)] == [201, 200]
    assert say(desk, chat, "notes") == 201
    # What is read by the agent of the chat.
    read = Desk(shop.elif_).get(f"{address}/entries").json()["entries"]
    assert [each["data"] for each in read if each["kind"] == "note"] == [{"whisper": True}, {}]
    for path in ("conversations", address, f"{address}/entries"):
        assert "ten percent" not in widget.get(path).content.decode()
    # Again, whatever became of the chat.
    Conversation.objects.filter(pk=chat.pk).update(status="wrap_up", ended_at=timezone.now())
    assert desk.post(f"{address}/notes", words).status_code == 200
    assert Entry.objects.filter(kind="note").count() == 2


def test_only_notes_are_whispered(chat, boss):
    assert say(Desk(boss), chat, "messages", whisper=True) == 400
    assert say(Desk(boss), chat, "notes", whisper="perhaps") == 400

"""What the console shows and does for who supervises a chat that another agent has."""

import html
import json
import re

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Agent, AuditEntry, Permission
from chat.models import Conversation, Participation
from chat.operations.joining import join
from tests.chat.console.desk import Desk
from tests.support.factories import make_agent, make_role

pytestmark = pytest.mark.django_db

ACTS = ("join", "leave", "whisper", "take-over")


def person(*rights: str, **fields) -> Agent:
    role = make_role(*rights, scope="all")
    return make_agent(role=role, **{"online": True, "language": "en"} | fields)


@pytest.fixture
def boss() -> Agent:
    return person(Permission.CHAT, Permission.SUPERVISE)


def browser(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def page(agent: Agent, chat: Conversation) -> str:
    answer = browser(agent).get(f"/console/chats/{chat.public_id}/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def offered(shown: str) -> list[str]:
    return [act for act in ACTS if f'id="{act}-button"' in shown]


def live(shown: str) -> dict:
    return json.loads(html.unescape(re.search(r'data-live="([^"]*)"', shown)[1]))


def act(agent: Agent, chat: Conversation, what: str) -> dict:
    answer = browser(agent).post(f"/console/chats/{chat.public_id}/{what}/")
    assert answer.status_code == 204, answer.status_code
    return json.loads(answer["Console-Events"])


def test_a_supervisor_is_offered_what_may_be_done_in_a_colleagues_chat(desk: Desk, boss: Agent):
    chat = desk.chat()
    shown = page(boss, chat)
    assert offered(shown) == ["join", "whisper", "take-over"]
    assert "You are watching: the customer does not see you." in shown
    assert live(shown)["why"] == "You are watching: nothing reaches the customer. Join to reply."
    assert (live(shown)["canReply"], live(shown)["canWhisper"]) == (False, True)
    assert act(boss, chat, "join") == {"console:changed": {"id": chat.public_id}}
    shown = page(boss, chat)
    assert offered(shown) == ["leave", "whisper", "take-over"]
    assert "You have joined: the customer sees your name." in shown
    assert (live(shown)["canReply"], live(shown)["why"]) == (True, "")
    act(boss, chat, "leave")
    assert offered(page(boss, chat)) == ["join", "whisper", "take-over"]


def test_whoever_is_no_supervisor_is_offered_nothing(desk: Desk):
    chat = desk.chat()
    for agent in (desk.elif_, person(Permission.CHAT)):
        shown = page(agent, chat)
        assert offered(shown) == []
        assert not live(shown)["canWhisper"]
    assert live(page(person(Permission.CHAT), chat))["why"] == "Only the chat's agent can reply."
    assert live(page(desk.elif_, chat))["why"] == ""


def test_who_answers_no_chats_is_not_offered_to_take_one_over(desk: Desk):
    chat = desk.chat()
    assert offered(page(person(Permission.SUPERVISE), chat)) == ["join", "whisper"]


@pytest.mark.parametrize(
    "changes",
    [
        {"assignee": None, "status": "queued", "holds_slot": False},
        {"status": "wrap_up", "ended_at": timezone.now()},
    ],
)
def test_nothing_is_offered_where_nobody_has_the_chat_or_it_has_ended(
    desk: Desk, boss: Agent, changes: dict
):
    assert offered(page(boss, desk.chat(**changes))) == []


def test_who_joined_and_supervises_no_more_can_still_leave(desk: Desk, boss: Agent):
    chat = desk.chat()
    join(conversation=chat, by=boss, now=timezone.now())
    role = boss.role_grants.get().role
    role.permissions = [Permission.CHAT]
    role.save()
    assert offered(page(boss, chat)) == ["leave"]
    act(boss, chat, "leave")
    assert offered(page(boss, chat)) == []


def test_a_supervisor_takes_a_chat_over_and_it_is_opened_as_an_own_one(desk: Desk, boss: Agent):
    chat = desk.chat()
    assert act(boss, chat, "take-over") == {"console:open": {"id": chat.public_id}}
    chat.refresh_from_db()
    assert chat.assignee == boss
    shown = page(boss, chat)
    assert offered(shown) == []
    assert live(shown)["mine"]
    assert "has this chat now" in browser(desk.elif_).get(
        f"/console/chats/{chat.public_id}/?part=head"
    ).headers.get("Console-Told", "")


def test_why_it_could_not_be_taken_over_is_said_with_the_customers_name(desk: Desk, boss: Agent):
    chat = desk.chat()
    Agent.objects.filter(pk=boss.pk).update(status="break")
    told = act(boss, chat, "take-over")
    assert told["console:toast"]["text"] == f"{chat.visitor.name}: Go Online to take chats."
    assert told["console:changed"] == {"id": chat.public_id}


def test_a_whisper_that_was_begun_is_kept_as_one(desk: Desk, boss: Agent):
    chat = desk.chat()
    url = f"/console/chats/{chat.public_id}/draft/"
    words = {"text": "Offer them", "mode": "whisper"}
    assert browser(boss).post(url, words).status_code == 204
    assert Participation.objects.get(agent=boss).draft_mode == "whisper"
    assert 'data-mode="whisper" autocomplete' in page(boss, chat)


def test_who_may_not_see_the_chat_finds_no_such_page(desk: Desk):
    chat = desk.chat()
    stranger = browser(make_agent())
    for what in ("join", "leave", "take-over"):
        assert stranger.post(f"/console/chats/{chat.public_id}/{what}/").status_code == 404
        assert stranger.get(f"/console/chats/{chat.public_id}/{what}/").status_code == 405
    assert not AuditEntry.objects.filter(action__startswith="conversation.").exists()


@pytest.mark.parametrize("words", ["Katıl", "Fısılda", "Devral", "İzliyorsunuz"])
def test_it_is_said_in_turkish_too(desk: Desk, words: str):
    assert words in page(person(Permission.CHAT, Permission.SUPERVISE, language="tr"), desk.chat())

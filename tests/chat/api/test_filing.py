"""Transfer, convert and tags by HTTP: the desk's API and the console's pages have one rule."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Permission, Role, Status, Tag
from agents.presence import heartbeat
from chat.models import Conversation
from chat.operations.conversations import resolve_conversation
from chat.operations.spam import mark_spam
from tests.support.desk import work
from tests.support.factories import make_agent, make_brand, make_role, make_team
from tests.support.http import Desk, Shop, Widget, open_widget, started, taken
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def mert(shop: Shop) -> Agent:
    agent = make_agent(online=True, name="Mert")
    shop.team.agents.add(agent)
    heartbeat(agent=agent, now=agent.status_since)
    return agent


@pytest.fixture
def chat(widget: Widget, shop: Shop) -> Conversation:
    return taken(started(widget), shop.elif_)


def page_of(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def console(chat: Conversation, act: str) -> str:
    return f"/console/chats/{chat.public_id}/{act}/"


def events(answer: HttpResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer["Console-Events"])
    return found


def known(chat: Conversation) -> None:
    chat.visitor.email = "vera@example.com"
    chat.visitor.save()


# Transfer


def test_the_api_hands_a_chat_to_a_colleague(chat, shop, mert) -> None:
    desk = Desk(shop.elif_)
    body = {"agent": mert.public_id, "reason": "  Knows it  "}
    answer = desk.post(f"conversations/{chat.public_id}/transfer", body)
    assert answer.status_code == 200
    assert answer.json()["assignee"] == {"id": mert.public_id, "name": "Mert"}
    assert chat.entries.get(kind="transferred").data["reason"] == "Knows it"
    # Who answers own chats only doesn't see it any more.
    assert desk.post(f"conversations/{chat.public_id}/transfer", body).status_code == 404


def test_the_api_puts_a_chat_in_the_queue_of_a_team(chat, shop) -> None:
    team = make_team(make_agent())
    desk = Desk(shop.elif_)
    answer = desk.post(f"conversations/{chat.public_id}/transfer", {"team": str(team.pk)})
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["status"], shown["team"]["id"], shown["assignee"]) == (
        "queued",
        str(team.pk),
        None,
    )


def test_a_wish_that_names_nobody_is_invalid(subtests, chat, shop) -> None:
    desk = Desk(shop.elif_)
    for body in (
        {},
        {"agent": "nobody"},
        {"team": "999999"},
        {"team": "x"},
        {"team": "9" * 20},
        {"agent": "a", "team": "1"},
        {"team": "1", "reason": "x" * 501},
        {"team": "1", "reason": "a\0b"},
        {"agent": 1},
        {"to": "x"},
    ):
        with subtests.test(body=body):
            answer = desk.post(f"conversations/{chat.public_id}/transfer", body)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
            chat.refresh_from_db()
            assert chat.assignee == shop.elif_


def test_a_refused_transfer_says_why(chat, shop, mert, widget) -> None:
    desk, path = Desk(shop.elif_), f"conversations/{chat.public_id}/transfer"
    Agent.objects.filter(pk=mert.pk).update(capacity=0)
    assert desk.post(path, {"agent": mert.public_id}).json()["code"] == "capacity"
    Agent.objects.filter(pk=mert.pk).update(status=Status.BREAK)
    assert desk.post(path, {"agent": mert.public_id}).json()["code"] == "not_online"
    empty = make_team()
    assert desk.post(path, {"team": str(empty.pk)}).json()["code"] == "not_authorised"
    desk.post(f"conversations/{chat.public_id}/end")
    assert desk.post(path, {"agent": mert.public_id}).json()["code"] == "ended"


def test_a_chat_in_the_queue_must_be_accepted_before_it_is_passed_on(widget, shop, mert) -> None:
    chat = started(widget)
    answer = Desk(shop.elif_).post(
        f"conversations/{chat.public_id}/transfer", {"agent": mert.public_id}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not_assigned")


def test_the_dialog_lists_who_can_take_it_with_their_free_slots(chat, shop, mert) -> None:
    client = page_of(shop.elif_)
    stranger = make_agent(online=True, name="Stranger")
    heartbeat(agent=stranger, now=stranger.status_since)
    full = make_agent(online=True, name="Full", capacity=0)
    shop.team.agents.add(full)
    heartbeat(agent=full, now=full.status_since)
    empty = make_team(name="Nobody")
    text = client.get(console(chat, "transfer")).content.decode()
    assert f'data-value="agent:{mert.public_id}"' in text
    assert "4 boş yer" in text
    assert f'data-value="team:{shop.team.pk}"' in text
    assert shop.elif_.public_id not in text
    assert stranger.public_id not in text
    assert empty.name not in text
    row = text.split(f'data-value="agent:{full.public_id}"', 1)[1].split(">", 1)[0]
    assert 'aria-disabled="true"' in row


def test_the_page_passes_a_chat_on_and_the_list_lets_it_go(chat, shop, mert) -> None:
    client = page_of(shop.elif_)
    nobody = client.post(console(chat, "transfer"), {"to": "", "reason": ""})
    assert "Sohbeti alacak" in nobody.content.decode()
    answer = client.post(
        console(chat, "transfer"), {"to": f"agent:{mert.public_id}", "reason": "x"}
    )
    assert events(answer)["console:gone"]["id"] == chat.public_id
    chat.refresh_from_db()
    assert chat.assignee == mert
    assert client.post(console(chat, "transfer"), {"to": "team:1"}).status_code == 404


@pytest.mark.parametrize("kind", ["agent", "team"])
def test_a_page_that_came_too_late_says_so(chat, shop, mert, kind) -> None:
    Agent.objects.filter(pk=mert.pk).update(status=Status.OFFLINE)
    to = f"agent:{mert.public_id}" if kind == "agent" else f"team:{make_team().pk}"
    answer = page_of(shop.elif_).post(console(chat, "transfer"), {"to": to})
    assert events(answer)["console:toast"]["text"]
    chat.refresh_from_db()
    assert chat.assignee == shop.elif_


# Convert


def test_the_api_makes_one_ticket_of_a_chat(chat, shop) -> None:
    known(chat)
    desk, path = Desk(shop.elif_), f"conversations/{chat.public_id}/convert"
    made = desk.post(path)
    ticket = Ticket.objects.get()
    assert (made.status_code, made.json()) == (201, {"ticket": ticket.pk, "status": "new"})
    again = desk.post(path, {"email": "other@example.com"})
    assert (again.status_code, again.json()) == (200, made.json())
    assert desk.get(f"conversations/{chat.public_id}").json()["ticket"] == ticket.pk
    assert Ticket.objects.get().contact.email == "vera@example.com"


def test_the_api_asks_for_an_address_that_nobody_knows(chat, shop) -> None:
    desk, path = Desk(shop.elif_), f"conversations/{chat.public_id}/convert"
    for body in ({}, {"email": "vera@"}, {"email": ""}, {"mail": "vera@example.com"}):
        answer = desk.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert desk.post(path, {"email": "vera@example.com"}).status_code == 201


def test_the_page_converts_in_one_click_or_asks_for_the_address_alone(chat, shop, settings) -> None:
    settings.IMECE = settings.IMECE | {"UNDO_SECONDS": 0}
    client, path = page_of(shop.elif_), console(chat, "convert")
    here = f"/console/chats/{chat.public_id}/"
    assert f'hx-get="{path}"' in client.get(here).content.decode()
    assert 'name="email"' in client.get(path).content.decode()
    assert 'role="alert"' in client.post(path, {"email": "vera@"}).content.decode()
    assert 'role="alert"' in client.post(path, {"email": ""}).content.decode()
    long = f"vera@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.example.com"
    assert 'role="alert"' in client.post(path, {"email": long}).content.decode()
    assert Ticket.objects.count() == 0
    known(chat)
    assert f'hx-post="{path}"' in client.get(here).content.decode()
    assert client.post(path).status_code == 204
    assert Ticket.objects.count() == 0
    work()
    ticket = Ticket.objects.get()
    page = client.get(here).content.decode()
    assert "convert-button" not in page
    assert f"#{ticket.pk} · Yeni" in page


def test_who_may_not_see_the_ticket_sees_its_number_alone(chat, shop) -> None:
    known(chat)
    Desk(shop.elif_).post(f"conversations/{chat.public_id}/convert")
    chatting = make_agent(role=make_role(Permission.CHAT), online=True)
    shop.team.agents.add(chatting)
    Conversation.objects.update(assignee=chatting)
    page = page_of(chatting).get(f"/console/chats/{chat.public_id}/").content.decode()
    number = Ticket.objects.get().pk
    assert f"#{number}</span>" in page
    assert f"#{number} · " not in page


# Tags


def test_the_api_changes_and_lists_tags(chat, shop) -> None:
    desk, path = Desk(shop.elif_), f"conversations/{chat.public_id}/tags"
    changed = desk.post(path, {"add": ["İade", "beden"]})
    assert [tag["name"] for tag in changed.json()] == ["beden", "İade"]
    changed = desk.post(path, {"add": ["IADE", "renk"], "remove": ["BEDEN"]})
    assert [tag["name"] for tag in changed.json()] == ["İade", "renk"]
    assert desk.get(path).json() == changed.json()
    found = desk.get("tags?q=BED").json()
    assert [tag["name"] for tag in found["results"]] == ["beden"]
    assert len(desk.get("tags").json()["results"]) == 3
    # SQLite takes no pattern of this length.
    assert desk.get(f"tags?q={'beden' * 12_000}").json()["results"] == []


def test_the_api_refuses_what_is_no_tag_and_too_many(chat, shop) -> None:
    desk, path = Desk(shop.elif_), f"conversations/{chat.public_id}/tags"
    for add in (["x" * 41], [""], ["\u200f"], "x", [1], ["a"] * 21):
        answer = desk.post(path, {"add": add})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), add
    assert desk.post(path, {"add": [f"t{n}" for n in range(20)]}).status_code == 200
    assert desk.post(path, {"add": ["one more"]}).json()["code"] == "full"
    assert Tag.objects.count() == 20


def test_the_page_puts_tags_on_and_takes_them_off(chat, shop) -> None:
    client, path = page_of(shop.elif_), console(chat, "tags")
    hostile = "<b onclick=1>&amp;</b>"
    text = client.post(path, {"add": hostile}).content.decode()
    assert "&lt;b onclick=1&gt;" in text
    assert "<b onclick" not in text
    assert "beden" in client.post(path, {"add": "beden"}).content.decode()
    assert 'role="alert"' in client.post(path, {"add": "x" * 41}).content.decode()
    assert 'role="alert"' in client.post(path, {"add": "a\0b"}).content.decode()
    client.post(path, {"remove": "BEDEN"})
    client.post(path, {"remove": "\0"})
    page = client.get(f"/console/chats/{chat.public_id}/").content.decode()
    assert "&lt;b onclick=1&gt;" in page
    assert ">beden<" not in page
    suggested = client.get(path, {"q": "BED"}).content.decode()
    assert 'data-name="beden"' in suggested


# Who may


def test_the_api_marks_spam_at_once_and_takes_the_mark_off(chat, shop) -> None:
    elif_ = Desk(shop.elif_)
    marked = elif_.post(f"conversations/{chat.public_id}/spam")
    assert (marked.status_code, marked.json()["status"]) == (200, "resolved")
    assert marked.json()["outcome"] == "spam"
    cleared = elif_.call("DELETE", f"conversations/{chat.public_id}/spam")
    assert (cleared.status_code, cleared.json()["outcome"]) == (200, "abandoned")


def test_the_page_marks_spam_in_a_moment_and_takes_the_mark_off(chat, shop) -> None:
    shop.elif_.language = "en"
    shop.elif_.save()
    page = page_of(shop.elif_)
    url = f"/console/chats/{chat.public_id}/"
    assert "Mark as spam" in page.get(url).content.decode()
    assert "console:resolved" in events(page.post(console(chat, "spam")))
    head = page.get(url).content.decode()
    assert "Being marked as spam" in head
    assert "Mark as spam" not in head
    assert 'id="end-button"' not in head
    mark_spam(conversation=chat, by=shop.elif_, now=timezone.now())
    shown = page.get(f"/console/archive/{chat.public_id}/").content.decode()
    assert 'class="row-spam"' in shown
    assert "Not spam" in shown
    assert "console:changed" in events(page.post(console(chat, "not-spam")))
    chat.refresh_from_db()
    assert chat.outcome == "abandoned"


def roles(shop: Shop) -> dict[str, Agent]:
    """People who see the chat, and who has which right in it."""
    everywhere: dict[str, Any] = {"scope": Role.Scope.ALL}
    found = {
        "owner": shop.elif_,
        "colleague": make_agent(role=make_role(Permission.CHAT, Permission.ARCHIVE, **everywhere)),
        "reader": make_agent(role=make_role(Permission.ARCHIVE, **everywhere)),
        "supervisor": make_agent(
            role=make_role(Permission.SUPERVISE, Permission.ARCHIVE, **everywhere)
        ),
        "stranger": make_agent(role=make_role(brands=(make_brand(),), **everywhere)),
    }
    shop.team.agents.add(found["colleague"], found["reader"], found["supervisor"])
    return found


@pytest.mark.parametrize(
    ("resolved", "filing", "passing"),
    [
        (False, {"owner", "supervisor"}, {"owner", "supervisor"}),
        (True, {"owner", "supervisor", "colleague"}, set()),
    ],
)
def test_page_and_api_let_the_same_people_in(shop, widget, mert, resolved, filing, passing) -> None:
    for who, agent in roles(shop).items():
        Conversation.objects.update(status="resolved")
        widget = open_widget(shop.brand)
        chat = taken(started(widget), shop.elif_)
        known(chat)
        if resolved:
            resolve_conversation(
                conversation=chat, topic=shop.topic, by=shop.elif_, now=chat.created_at
            )
        desk, client = Desk(agent), page_of(agent)
        api = f"conversations/{chat.public_id}"
        wishes: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
            ("tags", {"add": ["x"]}, {"add": "y"}),
            ("convert", {}, {}),
        )
        for act, body, form in wishes:
            by_api = desk.post(f"{api}/{act}", body).status_code
            by_page = client.post(console(chat, act), form).status_code
            assert (by_api in {200, 201}) is (who in filing), (who, act, by_api)
            assert (by_page in {200, 204}) is (who in filing), (who, act, by_page)
        to = {"team": str(shop.team.pk)}
        dialog = client.get(console(chat, "transfer")).status_code
        moved = desk.post(f"{api}/transfer", to).status_code
        if not resolved:
            assert (dialog == 200) is (who in passing), who
        assert (moved == 200) is (who in passing), (who, moved)

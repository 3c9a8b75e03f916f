"""What the console's buttons do, through the test client."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Brand, CannedReply, Permission, Role, Topic
from agents.queries.canned import fill
from chat.models import Conversation, Offer, Participation
from chat.operations.assignment import AlreadyTaken
from chat.queries.people import face_of
from chat.routing.candidates import load_of
from chat.routing.queue import read_queue
from tests.chat.console.desk import Desk
from tests.support import factories
from tests.support.desk import work

pytestmark = pytest.mark.django_db


def test_a_draft_is_kept_and_forgotten(desk: Desk) -> None:
    chat = desk.chat()
    url = f"/console/chats/{chat.public_id}/draft/"
    assert desk.client.post(url, {"text": "", "mode": "reply"}).status_code == 204
    assert not Participation.objects.exists()
    assert desk.client.post(url, {"text": "Half a", "mode": "note"}).status_code == 204
    assert "Half a</textarea>" in desk.get(f"chats/{chat.public_id}/")
    assert 'data-mode="note"' in desk.get(f"chats/{chat.public_id}/")
    assert "Draft" in desk.get()
    assert desk.client.post(url, {"text": "x" * 10_001, "mode": "reply"}).status_code == 400
    assert desk.client.post(url, {"text": "x", "mode": "shout"}).status_code == 400
    assert desk.client.post(url, {"text": " ", "mode": "reply"}).status_code == 204
    assert Participation.objects.get().draft == ""


def test_resolving_without_or_with_a_foreign_topic_is_refused(desk: Desk, settings) -> None:
    settings.IMECE = settings.IMECE | {"UNDO_SECONDS": 0}
    chat = desk.chat()
    foreign = factories.make_topic(factories.make_brand(), name_en="Foreign")
    url = f"/console/chats/{chat.public_id}/resolve/"
    for topic in ("", "x", str(foreign.pk), "9" * 30, "²"):
        answer = desk.client.post(url, {"topic": topic})
        assert "Choose a topic." in answer.content.decode()
    chat.refresh_from_db()
    assert chat.status == "active"
    answer = desk.client.post(url, {"topic": str(desk.topic.pk)})
    assert answer.status_code == 204
    assert "console:resolved" in answer["Console-Events"]
    work()
    chat.refresh_from_db()
    assert (chat.status, chat.topic) == ("resolved", desk.topic)


@pytest.mark.parametrize("asks", [True, False])
def test_where_none_is_asked_for_or_there_is_none_a_chat_is_resolved_without_a_topic(
    desk: Desk, settings, asks: bool
) -> None:
    settings.IMECE = settings.IMECE | {"UNDO_SECONDS": 0}
    Brand.objects.update(requires_topic=asks)
    if asks:
        Topic.objects.update(is_active=False)
    chat = desk.chat()
    path = f"chats/{chat.public_id}/resolve/"
    page = desk.get(path)
    assert ("This brand has no topics" in page, "Without a topic" in page) == (asks, not asks)
    assert '<button class="button primary"' in page
    answer = desk.client.post(f"/console/{path}", {"topic": "999"})
    assert "Choose a topic." in answer.content.decode() or asks
    assert "console:resolved" in desk.client.post(f"/console/{path}")["Console-Events"]
    work()
    chat.refresh_from_db()
    assert (chat.status, chat.topic) == ("resolved", None)


def test_a_topic_is_set_without_resolving_by_those_who_handle_the_chat(desk: Desk) -> None:
    chat = desk.chat()
    url = f"/console/chats/{chat.public_id}/topic/"
    foreign = factories.make_topic(factories.make_brand(), name_en="Foreign")
    for wrong in ("", "x", str(foreign.pk)):
        answer = desk.client.post(url, {"topic": wrong})
        assert "Choose a topic." in answer.content.decode()
    answer = desk.client.post(url, {"topic": str(desk.topic.pk)})
    assert "console:changed" in answer["Console-Events"]
    chat.refresh_from_db()
    assert (chat.status, chat.topic, chat.assignee) == ("active", desk.topic, desk.elif_)
    role = factories.make_role(Permission.CHAT, scope=Role.Scope.TEAM)
    mert = factories.make_agent(role=role)
    desk.team.agents.add(mert)
    chat = desk.chat()
    colleague = Client()
    colleague.force_login(mert)
    assert colleague.get(f"/console/chats/{chat.public_id}/").status_code == 200
    assert colleague.post(f"/console/chats/{chat.public_id}/topic/").status_code == 404


def test_what_the_customer_chose_is_preselected(desk: Desk) -> None:
    other = factories.make_topic(desk.brand, name_en="Other")
    chat = desk.chat(topic=other, chosen_topic=other)
    page = desk.get(f"chats/{chat.public_id}/resolve/")
    assert f'name="topic" value="{other.pk}"' in page


def test_status_and_preferences_take_only_what_exists(desk: Desk) -> None:
    assert desk.client.post("/console/status/", {"status": "sleeping"}).status_code == 404
    assert desk.client.post("/console/status/", {"status": "break:999"}).status_code == 200
    answer = desk.client.post(
        "/console/preferences/", {"theme": "neon", "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/console/"
    answer = desk.client.post(
        "/console/preferences/", {"theme": "dark", "next": "/console/archive/"}
    )
    assert answer["Location"] == "/console/archive/"
    for no_page in ("-1", "account_logout"):
        answer = desk.client.post("/console/preferences/", {"next": no_page})
        assert (answer.status_code, answer["Location"]) == (302, no_page)
    desk.elif_.refresh_from_db()
    assert (desk.elif_.theme, desk.elif_.language) == ("dark", "en")
    assert 'data-theme="dark"' in desk.get()


def test_canned_replies_are_those_of_the_chat_and_the_agent(desk: Desk) -> None:
    other_brand, deniz = factories.make_brand(), factories.make_agent()
    shared = {"title": "T", "language": "tr"}
    for shortcut, owner in {
        "all": {},
        "brand": {"brand": desk.brand},
        "team": {"team": desk.team},
        "own": {"agent": desk.elif_},
        "foreign-brand": {"brand": other_brand},
        "foreign-team": {"team": factories.make_team(deniz)},
        "foreign-own": {"agent": deniz},
        "english": {"language": "en"},
    }.items():
        CannedReply.objects.create(
            **{**shared, "shortcut": shortcut, "body": "Hi {{visitor.name|you}}", **owner}
        )
    chat = desk.chat()
    url = f"/console/chats/{chat.public_id}/canned/"
    found = {reply["shortcut"]: reply for reply in desk.client.get(url).json()["replies"]}
    assert set(found) == {"all", "brand", "team", "own"}
    assert found["all"]["text"] == "Hi Vera"
    assert desk.client.post(f"{url}{found['all']['id']}/used/").status_code == 204
    assert CannedReply.objects.get(shortcut="all").used_count == 1
    foreign = CannedReply.objects.get(shortcut="foreign-own")
    assert desk.client.post(f"{url}{foreign.pk}/used/").status_code == 404


def test_variables_are_only_the_known_ones() -> None:
    values = {"visitor.name": "Vera", "visitor.email": ""}
    assert fill("Hi {{ visitor.name }}", values) == ("Hi Vera", True)
    assert fill("{{visitor.email|no address}}", values) == ("no address", True)
    assert fill("{{visitor.email}}", values) == ("{{visitor.email}}", False)
    assert fill("{{visitor.__class__}} {% now %}", values).text == "{{visitor.__class__}} {% now %}"


def told(desk: Desk, chat: Conversation) -> str:
    """What the page of a chat that has gone is told."""
    answer = desk.client.get(f"/console/chats/{chat.public_id}/?part=head")
    words = str(json.loads(answer["Console-Told"]))
    # What was theirs until now is no error; and nothing of it comes along.
    assert answer.status_code == (204 if words else 404)
    assert answer.content == b""
    return words


def test_a_chat_that_has_gone_says_who_has_it_or_what_happened(desk: Desk) -> None:
    mert = factories.make_agent(name="Mert Yılmaz")
    other = factories.make_team(mert, name="Faturalar")
    assert told(desk, desk.chat(assignee=mert)) == "Mert Yılmaz has this chat now."
    waiting = desk.chat(status="queued", assignee=None, holds_slot=False, team=other)
    assert told(desk, waiting) == "This chat is in the queue of Faturalar now."
    ended = {"status": "resolved", "resolved_at": timezone.now(), "holds_slot": False}
    done = desk.chat(assignee=mert, resolved_by=mert, **ended)
    assert told(desk, done) == "Mert Yılmaz has resolved this chat."
    assert told(desk, desk.chat(assignee=None, **ended)) == "This chat has ended."


def test_of_chats_of_other_brands_nothing_is_told(desk: Desk) -> None:
    strange = factories.make_conversation(factories.make_visitor(factories.make_brand()))
    role = factories.make_role(brands=(desk.brand,))
    desk.elif_.role_grants.update(role=role)
    assert told(desk, strange) == ""


def test_a_second_press_on_reopen_finds_it_done(desk: Desk) -> None:
    chat = desk.chat(status="wrap_up", ended_at=timezone.now(), holds_slot=False)
    for _ in range(2):
        answer = desk.client.post(f"/console/chats/{chat.public_id}/reopen/")
        assert json.loads(answer["Console-Events"]) == {"console:open": {"id": chat.public_id}}
    assert chat.entries.filter(kind="reopened").count() == 1


def test_who_comes_too_late_reads_who_was_faster(desk: Desk, monkeypatch: Any) -> None:
    mert = factories.make_agent(name="Mert Yılmaz")
    waiting = desk.chat(status="queued", assignee=None, holds_slot=False)

    def lose(*, conversation: Conversation, **_: Any) -> None:
        Conversation.objects.filter(pk=conversation.pk).update(status="active", assignee=mert)
        raise AlreadyTaken

    monkeypatch.setattr("chat.console.actions.accept", lose)
    answer = desk.client.post(f"/console/chats/{waiting.public_id}/accept/")
    events = json.loads(answer["Console-Events"])
    assert events["console:toast"] == {
        "text": f"{face_of(waiting).name}: Mert Yılmaz has this chat now."
    }


def test_each_word_that_passes_by_says_whom_it_is_about(desk: Desk) -> None:
    chat = desk.chat(fields={"name": "Zeynep Aksoy"})
    waiting = {"status": "queued", "assignee": None, "holds_slot": False}
    queued = desk.chat(**waiting, fields={"name": "Can Öz"})
    desk.elif_.status = "break"
    desk.elif_.save()
    now = timezone.now()
    rings = {"offered_at": now, "rings_until": now + timedelta(seconds=20)}
    offer = Offer.objects.create(conversation=queued, agent=desk.elif_, **rings)
    for path, form, name in (
        (f"chats/{queued.public_id}/reopen/", {}, "Can Öz"),
        (f"chats/{chat.public_id}/transfer/", {"to": f"team:{desk.team.pk}"}, "Zeynep Aksoy"),
        (f"chats/{queued.public_id}/accept/", {}, "Can Öz"),
        (f"offers/{offer.pk}/", {"answer": "accept"}, "Can Öz"),
    ):
        answer = desk.client.post(f"/console/{path}", form)
        events = json.loads(answer["Console-Events"])
        said = events.get("console:toast") or events["console:gone"]
        assert said["text"].startswith(f"{name}: "), path


def test_the_next_chat_is_the_first_of_the_list_and_of_routing_also_among_overdue_ones(
    desk: Desk,
) -> None:
    now = timezone.now()
    queued = {"status": "queued", "assignee": None, "holds_slot": False}
    ago = {n: now - timedelta(minutes=n) for n in (1, 5, 10, 20)}
    late = desk.chat(**queued, queued_at=ago[1])
    # Its time was up, and nobody has let it go yet.
    overdue = desk.chat(**queued, queued_at=None, held_until=ago[5])
    early = desk.chat(**queued, queued_at=ago[10])
    urgent = desk.chat(**queued, queued_at=now, priority=2)
    expected = [urgent.public_id, early.public_id, overdue.public_id, late.public_id]
    page = desk.get("?tab=queue")
    assert sorted(expected, key=page.index) == expected
    queue, _policy = read_queue(Conversation.objects.in_line(now), load_of())
    routed = [waiting.id for waiting in sorted(queue, key=lambda waiting: waiting.order)]
    assert routed == [chat.pk for chat in (urgent, early, overdue, late)]
    opened = [
        json.loads(desk.client.post("/console/next/")["Console-Events"])["console:open"]["id"]
        for _ in expected
    ]
    assert opened == expected

"""Status, heartbeat and credentials of a program at the desk."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import BreakReason, Permission, Role, StatusInterval
from agents.presence import is_present
from chat.models import Attachment, Conversation
from tests.support.factories import (
    make_agent,
    make_brand,
    make_role,
)
from tests.support.http import (
    DESK,
    Desk,
    Shop,
    Widget,
    picture,
    started,
    taken,
)

pytestmark = pytest.mark.django_db


def test_status_is_read_and_changed(desk: Desk, shop: Shop) -> None:
    lunch = BreakReason.objects.create(name_tr="Öğle", name_en="Lunch")
    answer = desk.post("status", {"status": "break", "reason": str(lunch.pk)})
    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "reason", "since"}
    assert desk.get("status").json() == answer.json()
    assert (answer.json()["status"], answer.json()["reason"]) == ("break", str(lunch.pk))


def test_who_supervises_an_agent_changes_their_status(widget: Widget, shop: Shop) -> None:
    elif_ = shop.elif_
    taken(started(widget), elif_)
    role = {"scope": Role.Scope.ALL}
    boss = make_agent(role=make_role(Permission.SUPERVISE, **role))
    where = f"agents/{elif_.public_id}/status"
    answer = Desk(boss).post(where, {"status": "offline"})
    assert (answer.status_code, answer.json()["code"], answer.json()["open"]) == (
        409,
        "open_chats",
        1,
    )
    answer = Desk(boss).post(where, {"status": "offline", "confirm": "requeue"})
    assert (answer.status_code, answer.json()["status"]) == (200, "offline")
    assert StatusInterval.objects.get(agent=elif_, ended_at=None).actor == boss
    other = make_role(Permission.SUPERVISE, brands=(make_brand(),), **role)
    elif_.role_grants.all().delete()
    make_role(Permission.CHAT, brands=(shop.brand,)).grants.create(agent=elif_)
    strangers = (make_role(Permission.REPORTS, **role), make_role(Permission.SUPERVISE), other)
    for stranger in strangers:
        desk = Desk(make_agent(role=stranger))
        assert desk.post(where, {"status": "online"}).status_code == 404
        assert desk.post("agents/nobody/status", {"status": "online"}).status_code == 404
    assert Desk(elif_).post(where, {"status": "online"}).json()["status"] == "online"


def test_going_offline_with_open_chats_asks_what_becomes_of_them(
    widget: Widget, desk: Desk, shop: Shop
) -> None:
    chat = taken(started(widget), shop.elif_)
    answer = desk.post("status", {"status": "offline"})
    assert (answer.status_code, answer.json()["code"], answer.json()["open"]) == (
        409,
        "open_chats",
        1,
    )
    assert desk.post("status", {"status": "offline", "confirm": "requeue"}).status_code == 200
    chat.refresh_from_db()
    assert (chat.status, chat.assignee) == ("queued", None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "busy"},
        {"status": "break", "reason": "999"},
        {"status": "break", "reason": 5},
        {"status": "online", "agent": "x"},
        {"status": "offline", "confirm": "drop"},
    ],
)
def test_a_status_that_makes_no_sense_is_refused(desk: Desk, body: dict[str, Any]) -> None:
    assert desk.post("status", body).status_code == 400


def test_a_heartbeat_makes_an_agent_without_a_socket_present() -> None:
    agent = make_agent()
    now = timezone.now()
    assert not is_present(agent.pk, now)
    assert Desk(agent).post("status/heartbeat").status_code == 200
    assert is_present(agent.pk, timezone.now())


# Credentials


def test_the_consoles_session_works_with_its_csrf_token_only(
    shop: Shop, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    client = Client(enforce_csrf_checks=True)
    client.force_login(shop.elif_)
    assert client.get(f"{DESK}/status").status_code == 200
    refused = client.post(f"{DESK}/status/heartbeat", {}, content_type="application/json")
    assert refused.status_code == 403
    token = "x" * 32
    client.cookies[settings.CSRF_COOKIE_NAME] = token
    headers = {"X-CSRFToken": token}
    answer = client.post(
        f"{DESK}/status/heartbeat", {}, content_type="application/json", headers=headers
    )
    assert answer.status_code == 200
    desk = Desk()
    desk.client, desk.headers = client, headers
    assert desk.upload(picture()).status_code == 201
    assert Attachment.objects.get().file.uploader == shop.elif_


@pytest.mark.usefixtures("early_in_the_hour")
def test_each_token_has_a_limit_of_its_own(shop: Shop, settings: Any) -> None:
    settings.IMECE = settings.IMECE | {"DESK_REQUESTS_PER_MINUTE": 2}
    desk, other = Desk(shop.elif_), Desk(shop.elif_)
    assert [desk.get(path).status_code for path in ("status", "agents")] == [200, 200]
    answer = desk.get("status")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate")
    assert int(answer.headers["Retry-After"]) >= 1
    assert other.get("status").status_code == 200


def test_refusals_speak_the_agents_language(shop: Shop) -> None:
    shop.elif_.language = "tr"
    shop.elif_.save()
    turkish = Desk(shop.elif_).post("status", {"status": "x"}).json()
    shop.elif_.language = "en"
    shop.elif_.save()
    english = Desk(shop.elif_).post("status", {"status": "x"}).json()
    assert turkish["errors"]["status"] != english["errors"]["status"]


def test_conversations_of_a_customer_are_not_shown_by_a_guessed_number(desk: Desk) -> None:
    assert Conversation.objects.count() == 0
    for path in ("conversations/1", "tickets/1", "contacts/1", "attachments/1", "canned-replies/1"):
        answer = desk.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

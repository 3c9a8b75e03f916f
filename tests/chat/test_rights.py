"""Pages and API let the same people do the same things to a chat."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Permission, Role
from agents.operations import give_role
from chat.models import Conversation, Participation
from tests.support.desk import work
from tests.support.factories import (
    make_agent,
    make_brand,
    make_conversation,
    make_role,
    make_team,
    make_topic,
    make_visitor,
)
from tests.support.http import Desk, Shop, cid

pytestmark = pytest.mark.django_db

MAY = {200, 204}
REFUSED = {403, 404}


def a_chat(shop: Shop, **changes: Any) -> Conversation:
    return make_conversation(make_visitor(shop.brand), topic=shop.topic, **changes)


def taken(shop: Shop) -> Conversation:
    return a_chat(shop, assignee=shop.elif_, status="active", accepted_at=timezone.now())


def person(shop: Shop, who: str, chat: Conversation) -> Agent:
    """Return somebody who sees the chat."""
    if who == "assignee":
        return shop.elif_
    permissions = [Permission.CHAT, Permission.ARCHIVE]
    if who == "supervisor":
        permissions = [Permission.SUPERVISE, Permission.ARCHIVE]
    agent = make_agent(online=True, role=make_role(*permissions, scope=Role.Scope.TEAM))
    shop.team.agents.add(agent)
    if who == "joined":
        Participation.objects.create(conversation=chat, agent=agent, joined_at=timezone.now())
    elif who == "left":
        now = timezone.now()
        Participation.objects.create(conversation=chat, agent=agent, joined_at=now, left_at=now)
    return agent


@pytest.mark.parametrize("action", ["end", "resolve", "topic"])
@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("assignee", True),
        ("supervisor", True),
        ("joined", True),
        ("left", False),
        ("colleague", False),
    ],
)
def test_both_doors_say_the_same_to_who_wants_to_finish_a_chat(
    shop: Shop, settings: Any, action: str, who: str, may: bool
) -> None:
    settings.IMECE = settings.IMECE | {"UNDO_SECONDS": 0}
    other = make_topic(shop.brand, shop.team, name_en="Invoices")
    by_page, by_api = taken(shop), taken(shop)
    page = Client()
    page.force_login(person(shop, who, by_page))
    first = page.post(f"/console/chats/{by_page.public_id}/{action}/", {"topic": str(other.pk)})
    body = {} if action == "end" else {"topic": str(other.pk)}
    second = Desk(person(shop, who, by_api)).post(
        f"conversations/{by_api.public_id}/{action}", body
    )
    assert (first.status_code in MAY, second.status_code in MAY) == (may, may)
    if not may:
        assert {first.status_code, second.status_code} <= REFUSED
    work()
    by_page.refresh_from_db()
    by_api.refresh_from_db()
    assert (by_page.status, by_page.topic) == (by_api.status, by_api.topic)


@pytest.mark.parametrize("who", ["colleague", "supervisor"])
def test_both_doors_let_whoever_sees_a_waiting_chat_name_its_topic(shop: Shop, who: str) -> None:
    other = make_topic(shop.brand, shop.team, name_en="Invoices")
    by_page, by_api = a_chat(shop), a_chat(shop)
    agent = person(shop, who, by_page)
    page = Client()
    page.force_login(agent)
    page.post(f"/console/chats/{by_page.public_id}/topic/", {"topic": str(other.pk)})
    Desk(agent).post(f"conversations/{by_api.public_id}/topic", {"topic": str(other.pk)})
    by_page.refresh_from_db()
    by_api.refresh_from_db()
    assert by_page.topic == by_api.topic == other


@pytest.mark.parametrize("who", ["assignee", "supervisor", "joined", "left", "colleague"])
def test_the_page_offers_what_the_person_may_do_and_nothing_else(shop: Shop, who: str) -> None:
    chat = taken(shop)
    client = Client()
    client.force_login(person(shop, who, chat))
    page = client.get(f"/console/chats/{chat.public_id}/").content.decode()
    offered = [f"/{action}/" in page for action in ("end", "resolve", "topic")]
    assert offered == [who in {"assignee", "supervisor", "joined"}] * 3
    can_reply = "&quot;canReply&quot;: true" in page
    assert can_reply is (who in {"assignee", "joined"})


def test_ending_a_chat_that_nobody_has_is_explained_on_the_page(shop: Shop) -> None:
    chat = a_chat(shop)
    client = Client()
    client.force_login(shop.elif_)
    answer = client.post(f"/console/chats/{chat.public_id}/end/")
    assert answer.status_code == 204
    assert "console:toast" in answer["Console-Events"]
    chat.refresh_from_db()
    assert chat.status == "queued"


@pytest.mark.parametrize(
    ("role", "elsewhere"),
    [
        (Permission.SUPERVISE, Role.Scope.TEAM),
        (Permission.SUPERVISE, Role.Scope.ALL),
        (Permission.CHAT, Role.Scope.ALL),
    ],
)
def test_what_a_role_allows_elsewhere_it_does_not_allow_here(
    shop: Shop, role: str, elsewhere: str
) -> None:
    """A role of another team or brand counts there only, whoever sees the chat by one of here."""
    agent = make_agent(online=True, role=make_role(Permission.CHAT, scope=Role.Scope.TEAM))
    shop.team.agents.add(agent)
    if elsewhere == Role.Scope.TEAM:
        other = make_team(agent)
        give_role(role=make_role(role, scope=elsewhere), to=other, by=None, now=timezone.now())
    else:
        strange = make_role(role, scope=elsewhere, brands=(make_brand(),))
        give_role(role=strange, to=agent, by=None, now=timezone.now())
    chat, desk = taken(shop), Desk(agent)
    address = f"conversations/{chat.public_id}"
    assert desk.get(address).status_code == 200
    words = {"cid": cid(), "text": "Hello"}
    assert desk.post(f"{address}/messages", words).status_code in REFUSED
    assert desk.post(f"{address}/end", {}).status_code in REFUSED
    assert desk.post(f"{address}/transfer", {"team": str(shop.team.pk)}).status_code in REFUSED
    page = Client()
    page.force_login(agent)
    assert page.post(f"/console/chats/{chat.public_id}/end/").status_code in REFUSED
    chat.refresh_from_db()
    assert (chat.status, chat.assignee) == ("active", shop.elif_)
    assert not chat.entries.filter(body="Hello").exists()
    # A note on what one sees is anybody's.
    assert desk.post(f"{address}/notes", words).status_code == 201

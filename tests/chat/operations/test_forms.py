"""Who waits in vain is offered the offline form, and keeps the place until it is left."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from agents.models import Presence, Status
from chat.events.lifecycle import FormOffered
from chat.models import Conversation
from chat.operations.assignment import accept
from chat.operations.forms import offer_form
from chat.operations.offline import leave_offline_message
from chat.operations.statuses import change_status
from chat.tasks import sweep_once
from tests.support.desk import Desk, fresh, here, kinds, make_desk, start, work
from tests.support.factories import make_agent, make_role, make_team, make_topic
from tests.support.http import open_widget

pytestmark = pytest.mark.django_db

Form = Conversation.Form


@pytest.fixture
def desk() -> Desk:
    # Room for nobody: whoever starts stands in line.
    desk = make_desk(brand={"capacity": 1}, auto_accept=True)
    start(desk)
    work()
    return desk


@pytest.fixture
def waiting(desk: Desk) -> Conversation:
    chat = start(desk)
    work()
    return fresh(chat)


def told(announced: list) -> list[str | None]:
    return [event.form for event in announced if isinstance(event, FormOffered)]


def leave(desk: Desk, status: str) -> None:
    agent = desk.agents[0]
    change_status(agent=agent, status=status, confirm="keep", by=agent, now=timezone.now())
    work()


@pytest.mark.parametrize("status", [Status.BREAK, Status.INVISIBLE, Status.OFFLINE])
def test_whoever_waits_is_offered_the_form_when_the_last_agent_leaves(
    desk: Desk, waiting: Conversation, announced, status: str
) -> None:
    before = kinds(waiting)
    leave(desk, status)
    chat = fresh(waiting)
    assert (chat.status, chat.form_offered) == ("queued", "nobody")
    assert chat.queued_at == waiting.queued_at
    assert kinds(chat) == before
    assert told(announced) == ["nobody"]
    [event] = [event for event in announced if isinstance(event, FormOffered)]
    [delivery] = event.deliveries()
    assert delivery.group == f"visitor.{chat.visitor.secret_hash[:32]}"
    assert '"form":"nobody"' in str(delivery.content)


def test_the_form_is_taken_back_when_somebody_comes(
    desk: Desk, waiting: Conversation, announced
) -> None:
    leave(desk, Status.BREAK)
    leave(desk, Status.ONLINE)
    assert fresh(waiting).form_offered == ""
    assert told(announced) == ["nobody", None]


def test_the_form_is_offered_when_the_last_agent_vanishes_or_is_deactivated(
    desk: Desk, waiting: Conversation
) -> None:
    Presence.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    sweep_once(now=timezone.now())
    assert fresh(waiting).form_offered == "nobody"
    here(*desk.agents)
    work()
    assert fresh(waiting).form_offered == ""
    agent = desk.agents[0]
    agent.is_active = False
    agent.save()
    sweep_once(now=timezone.now())
    assert fresh(waiting).form_offered == "nobody"


def test_only_those_for_whom_nobody_is_there_are_offered_it(desk: Desk) -> None:
    other = make_agent(role=make_role(), online=True)
    here(other)
    topic = make_topic(desk.brand, make_team(other))
    start(desk, topic=topic)
    mine, theirs = start(desk), start(desk, topic=topic)
    work()
    leave(desk, Status.BREAK)
    assert fresh(mine).form_offered == "nobody"
    assert fresh(theirs).form_offered == ""


def test_the_reason_of_a_rule_stays_whoever_comes_and_goes(
    desk: Desk, waiting: Conversation, announced
) -> None:
    now = timezone.now()
    assert offer_form(conversation=waiting, because=Form.FULL, now=now)
    assert not offer_form(conversation=waiting, because=Form.FULL, now=now)
    leave(desk, Status.BREAK)
    leave(desk, Status.ONLINE)
    assert fresh(waiting).form_offered == "full"
    assert told(announced) == ["full"]


def test_a_chat_that_somebody_has_is_offered_no_form(desk: Desk, announced) -> None:
    chat = Conversation.objects.get(status="active")
    assert not offer_form(conversation=chat, because=Form.FULL, now=timezone.now())
    assert told(announced) == []


def test_what_was_offered_before_somebody_took_it_is_forgotten(desk: Desk) -> None:
    desk.brand.capacity = 5
    desk.brand.save()
    chat = Conversation.objects.get(status="active")
    agent = desk.agents[0]
    change_status(agent=agent, status="offline", confirm="requeue", by=agent, now=timezone.now())
    work()
    assert fresh(chat).form_offered == "nobody"
    change_status(agent=agent, status="online", by=agent, now=timezone.now())
    accept(conversation=fresh(chat), agent=agent, now=timezone.now())
    change_status(agent=agent, status="offline", confirm="requeue", by=agent, now=timezone.now())
    assert fresh(chat).form_offered == ""


def test_the_widget_is_told_of_the_form_also_after_a_reload(desk: Desk) -> None:
    widget = open_widget(desk.brand)
    began = widget.start(topic=str(desk.topic.pk)).json()["id"]
    work()
    assert widget.get(f"conversations/{began}").json()["form"] is None
    leave(desk, Status.BREAK)
    assert widget.get(f"conversations/{began}").json()["form"] == "nobody"
    assert widget.open().json()["conversation"]["form"] == "nobody"


def test_who_was_sent_to_the_form_did_not_choose_it_and_the_line_of_the_end_says_so(
    desk: Desk, waiting: Conversation
) -> None:
    def end_of(chat: Conversation) -> dict[str, Any]:
        leave_offline_message(
            visitor=chat.visitor, brand=chat.brand, channel="web", topic=None,
            fields={"email": "vera@example.com"}, text="Merhaba", client_id=str(uuid4()),
            page={}, now=timezone.now(),
        )  # fmt: skip
        data: dict[str, Any] = chat.entries.get(kind="resolved").data
        return data

    assert "form" not in end_of(start(desk))
    leave(desk, Status.BREAK)
    assert end_of(waiting)["form"] == "nobody"

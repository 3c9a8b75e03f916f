"""End, resolve and convert from the console: undone in time, or done as of the press."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone

from agents.models import Agent, Permission, Role
from chat.events.lifecycle import ActDue
from chat.models import Conversation, DueAct
from chat.operations.conversations import NotAssigned, end_conversation, resolve_conversation
from chat.operations.tickets import EmailNeeded
from chat.operations.transfers import transfer
from chat.operations.undo import do_due, press_convert, press_end, press_resolve, press_spam, undo
from chat.posting.messages import Author, Outgoing, post_message
from chat.queries.due import due_of_agent
from chat.rights import NotAuthorised
from config.outbox.models import OutboxEntry
from tests.support.desk import Desk, fresh, here, kinds, start, work
from tests.support.factories import make_agent, make_role
from tests.support.tickets import opened
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(desk: Desk) -> Agent:
    return desk.agents[0]


@pytest.fixture
def chat(desk: Desk) -> Conversation:
    started = start(desk, fields={"name": "Ayşe Çelik", "email": "ayse@example.com"})
    work()
    return fresh(started)


def pass_time() -> None:
    """Let the outbox do what is due in a moment."""
    OutboxEntry.objects.filter(kind="chat.due", done_at=None).update(available_at=timezone.now())
    work()


def press(act: str, desk: Desk, chat: Conversation, agent: Agent) -> DueAct | None:
    now = timezone.now()
    if act == "resolve":
        return press_resolve(conversation=chat, topic=desk.topic, by=agent, now=now)
    pressed = {"end": press_end, "convert": press_convert, "spam": press_spam}[act]
    return pressed(conversation=chat, by=agent, now=now)


def dropped(announced: list) -> list[str]:
    return [
        each.dropped["because"] for each in announced if isinstance(each, ActDue) and each.dropped
    ]


def say(chat: Conversation) -> None:
    post_message(
        Outgoing(
            conversation=chat.public_id,
            author=Author.of_visitor(chat.visitor),
            client_id="11111111-1111-4111-8111-111111111111",
            text="Bir şey daha",
        ),
        now=timezone.now(),
    )


@pytest.mark.parametrize("act", ["end", "resolve", "convert", "spam"])
def test_until_its_time_nothing_has_happened_and_undone_it_never_does(
    desk: Desk, chat: Conversation, agent: Agent, act: str
) -> None:
    before = kinds(chat)
    due = press(act, desk, chat, agent)
    assert due
    assert due.due_at - due.pressed_at == timedelta(seconds=configured.IMECE["UNDO_SECONDS"])
    row = OutboxEntry.objects.get(kind="chat.due")
    assert row.available_at == due.due_at
    work()
    assert (fresh(chat).status, fresh(chat).holds_slot, kinds(chat)) == ("active", True, before)
    assert undo(due=due, by=agent)
    pass_time()
    assert (fresh(chat).status, fresh(chat).holds_slot, kinds(chat)) == ("active", True, before)
    assert not Ticket.objects.exists()
    assert not undo(due=due, by=agent)


def test_it_is_done_as_of_the_press(desk: Desk, chat: Conversation, agent: Agent) -> None:
    ended = press_end(conversation=chat, by=agent, now=timezone.now())
    assert ended
    pass_time()
    assert (fresh(chat).status, fresh(chat).ended_at) == ("wrap_up", ended.pressed_at)
    resolved = press("resolve", desk, chat, agent)
    assert resolved
    pass_time()
    done = fresh(chat)
    assert (done.status, done.resolved_at) == ("resolved", resolved.pressed_at)
    assert (done.topic, done.resolved_by) == (desk.topic, agent)
    assert not DueAct.objects.exists()


def test_pressed_twice_and_done_twice_is_one_ticket(
    desk: Desk, chat: Conversation, agent: Agent
) -> None:
    opened(chat.brand)
    desk.topic.ticket_type = "complaint"
    desk.topic.save()
    Conversation.objects.filter(pk=chat.pk).update(topic=desk.topic)
    first = press("convert", desk, chat, agent)
    assert first
    assert press("convert", desk, chat, agent) == first
    # Known before it is there; nobody else gets it.
    between = opened(chat.brand)
    (shown,) = due_of_agent(agent)
    assert shown.words == f"{shown.name}: ticket #{between.pk - 1} · Complaint"
    payload = {"id": first.pk}
    do_due(payload)
    # A worker that was killed before it could write down that it is done.
    do_due(payload)
    made = Ticket.objects.get(origin_key=f"chat:{chat.public_id}")
    assert (made.pk, made.type) == (between.pk - 1, "complaint")
    assert opened(chat.brand).pk == between.pk + 1
    assert Ticket.objects.count() == 4
    assert press("convert", desk, chat, agent) is None
    assert kinds(chat).count("converted") == 1


@pytest.mark.parametrize("act", ["end", "resolve"])
def test_a_customers_word_cancels_the_end_and_says_so(
    desk: Desk, chat: Conversation, agent: Agent, announced, act: str
) -> None:
    press(act, desk, chat, agent)
    say(chat)
    [shown] = due_of_agent(agent)
    assert shown.dropped == "spoke"
    pass_time()
    assert fresh(chat).status == "active"
    assert dropped(announced) == ["spoke"]
    assert not DueAct.objects.exists()


def test_a_customers_word_goes_into_the_ticket_that_is_being_made(
    desk: Desk, chat: Conversation, agent: Agent
) -> None:
    press("convert", desk, chat, agent)
    say(chat)
    pass_time()
    bodies = Ticket.objects.get().entries.filter(kind="message").values_list("body", flat=True)
    assert "Bir şey daha" in bodies


def test_spam_stays_spam_whatever_it_says_next(
    desk: Desk, chat: Conversation, agent: Agent
) -> None:
    press("spam", desk, chat, agent)
    say(chat)
    pass_time()
    assert (fresh(chat).status, fresh(chat).outcome) == ("resolved", "spam")
    assert press("spam", desk, chat, agent) is None


def test_a_chat_that_was_passed_on_meanwhile_is_not_ended(
    desk: Desk, chat: Conversation, agent: Agent, announced
) -> None:
    mert = make_agent(role=make_role(), online=True)
    desk.team.agents.add(mert)
    here(mert)
    press("end", desk, chat, agent)
    transfer(conversation=chat, to=mert, by=agent, now=timezone.now())
    pass_time()
    assert (fresh(chat).status, fresh(chat).assignee) == ("active", mert)
    assert dropped(announced) == ["moved"]


def test_a_right_that_was_lost_meanwhile_does_nothing(
    desk: Desk, chat: Conversation, agent: Agent, announced
) -> None:
    press("convert", desk, chat, agent)
    agent.role_grants.all().delete()
    pass_time()
    assert not Ticket.objects.exists()
    assert dropped(announced) == ["rights"]


def test_what_was_ended_otherwise_meanwhile_stays_as_it_ended(
    desk: Desk, chat: Conversation, agent: Agent, announced
) -> None:
    press("end", desk, chat, agent)
    end_conversation(conversation=chat, by=chat.visitor, now=timezone.now())
    ended_at = fresh(chat).ended_at
    resolve_conversation(conversation=chat, topic=desk.topic, by=agent, now=timezone.now())
    pass_time()
    assert (fresh(chat).status, fresh(chat).ended_at) == ("resolved", ended_at)
    assert dropped(announced) == []


def test_what_cannot_be_done_is_refused_at_the_press(desk: Desk, agent: Agent) -> None:
    waiting = start(desk)
    waiting.refresh_from_db()
    stranger = make_agent(role=make_role())
    with pytest.raises(NotAssigned):
        press("end", desk, waiting, agent)
    work()
    with pytest.raises(NotAuthorised):
        press("end", desk, fresh(waiting), stranger)
    with pytest.raises(EmailNeeded):
        press("convert", desk, fresh(waiting), agent)
    assert not DueAct.objects.exists()


def test_the_page_names_the_customer_and_the_second_agent_may_undo(
    desk: Desk, chat: Conversation, agent: Agent
) -> None:
    supervisor = make_agent(role=make_role(Permission.SUPERVISE, scope=Role.Scope.ALL))
    stranger = make_agent(role=make_role())
    due = press("end", desk, chat, agent)
    assert due
    mine, theirs, others = Client(), Client(), Client()
    for client, who in ((mine, agent), (theirs, supervisor), (others, stranger)):
        who.language = "en"
        who.save()
        client.force_login(who)
    page = mine.get("/console/").content.decode()
    assert "Ayşe Çelik: the chat is being ended" in page
    url = f"/console/undo/{due.pk}/"
    head = theirs.get(f"/console/chats/{chat.public_id}/").content.decode()
    assert f"Being ended · {agent.name}" in head
    assert 'id="end-button"' not in head
    assert others.post(url).status_code == 404
    assert "console:changed" in theirs.post(url)["Console-Events"]
    assert "Too late" in mine.post(url)["Console-Events"]
    assert "undo-" not in mine.get("/console/undo/").content.decode()
    assert 'id="end-button"' in theirs.get(f"/console/chats/{chat.public_id}/").content.decode()

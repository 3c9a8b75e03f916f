"""Transfers at the same moment as others and as everything else, in real threads."""

import uuid
from collections import Counter
from functools import partial

import pytest
from django.utils import timezone

from agents.models import Agent, Team
from chat.models import Conversation, Entry
from chat.operations.assignment import accept, requeue, route
from chat.operations.conversations import end_conversation
from chat.operations.offline import leave_offline_message
from chat.operations.tags import add_tag
from chat.operations.tickets import convert_to_ticket
from chat.operations.transfers import transfer
from chat.queries.tags import tags_of
from tests.support.desk import Desk, fresh, kinds, make_desk, start
from tests.support.factories import make_visitor
from tests.support.races import ROUNDS, at_once, check_ledger, outcomes
from tickets.models import Contact, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


def passing(chat: Conversation, to: Agent | Team, by: Agent):
    return partial(transfer, conversation=fresh(chat), to=to, by=by, now=timezone.now())


def taken(desk: Desk, agent: Agent) -> Conversation:
    return accept(conversation=start(desk), agent=agent, now=timezone.now())


def test_of_many_who_get_one_chat_at_once_exactly_one_has_it() -> None:
    for _ in range(ROUNDS):
        desk = make_desk(agents=6)
        giver, *others = desk.agents
        chat = taken(desk, giver)
        results = at_once(*(passing(chat, other, giver) for other in others))
        assert outcomes(results) == {"Conversation": 1, "AlreadyTaken": 4}
        assert kinds(chat).count("transferred") == 1
        assert fresh(chat).assignee in others
        assert Conversation.objects.filter(assignee=giver, holds_slot=True).count() == 0
        check_ledger(chat)


def test_many_chats_handed_to_one_agent_at_once_stay_within_the_limit() -> None:
    for _ in range(ROUNDS):
        desk = make_desk(agents=7, brand={"capacity": 2})
        receiver, *givers = desk.agents
        chats = [taken(desk, giver) for giver in givers]
        results = at_once(
            *(passing(chat, receiver, giver) for chat, giver in zip(chats, givers, strict=True))
        )
        assert outcomes(results) == {"Conversation": 2, "AtCapacity": 4}
        held = Conversation.objects.filter(holds_slot=True)
        assert held.filter(assignee=receiver).count() == 2
        assert held.filter(brand=desk.brand).count() == 6


def test_two_who_hand_each_other_a_chat_at_once_do_not_wait_for_each_other_forever() -> None:
    for _ in range(ROUNDS):
        desk = make_desk(agents=2, brand={"capacity": 2})
        first, second = desk.agents
        mine, yours = taken(desk, first), taken(desk, second)
        results = at_once(
            passing(mine, second, first),
            passing(yours, first, second),
            partial(route, now=timezone.now()),
        )
        assert not [result for result in results if isinstance(result, Exception)]
        assert (fresh(mine).assignee, fresh(yours).assignee) == (second, first)


def test_a_transfer_meets_an_end_a_return_and_routing_without_a_broken_chat() -> None:
    desk = make_desk(agents=3, brand={"capacity": 2})
    giver, receiver, _ = desk.agents
    for _ in range(ROUNDS * 2):
        chat = taken(desk, giver)
        results = at_once(
            passing(chat, receiver, giver),
            passing(chat, desk.team, giver),
            partial(end_conversation, conversation=fresh(chat), by=giver, now=timezone.now()),
            partial(requeue, conversation=fresh(chat), by=giver, now=timezone.now()),
            partial(route, now=timezone.now()),
        )
        known = {"AlreadyTaken", "AtCapacity", "HasEnded", "NotAssigned", "NotAuthorised"}
        errors = {type(each).__name__ for each in results if isinstance(each, Exception)}
        assert errors <= known
        check_ledger(chat)
        now = fresh(chat)
        assert now.holds_slot == (now.status in {"active", "wrap_up"})
        assert (now.status == "active") <= (now.assignee_id is not None)
        held = Counter(
            Conversation.objects.filter(holds_slot=True).values_list("assignee_id", flat=True)
        )
        assert max(held.values(), default=0) <= 2
        chat.refresh_from_db()
        end_conversation(conversation=chat, by=None, now=timezone.now(), outcome="timed_out")
        Conversation.objects.filter(pk=chat.pk).update(holds_slot=False, status="resolved")


def test_one_chat_converted_by_many_at_once_is_one_ticket() -> None:
    desk = make_desk(agents=4)
    for _ in range(ROUNDS):
        visitor = make_visitor(desk.brand, email="vera@example.com")
        chat = start(desk, visitor)
        before = Ticket.objects.count(), Contact.objects.count()
        results = at_once(
            *(
                partial(convert_to_ticket, conversation=fresh(chat), by=agent, now=timezone.now())
                for agent in desk.agents
            )
        )
        assert sorted(created for _, created in results) == [False, False, False, True]
        assert (Ticket.objects.count(), Contact.objects.count()) == (before[0] + 1, before[1] + 1)
        assert kinds(chat).count("converted") == 1


def test_the_browsers_of_one_signed_person_filed_at_once_are_one_customer() -> None:
    desk = make_desk(agents=2, brand={"capacity": 100})
    for number in range(ROUNDS):
        person = {"external_id": f"customer-{number}", "email": "vera@example.com"}
        browsers = [make_visitor(desk.brand, **person) for _ in range(6)]
        chats = [start(desk, browser) for browser in browsers[:4]]
        at_once(
            *(
                partial(
                    convert_to_ticket,
                    conversation=fresh(chat),
                    by=desk.agents[0],
                    now=timezone.now(),
                )
                for chat in chats
            ),
            *(
                partial(
                    leave_offline_message,
                    visitor=browser,
                    brand=desk.brand,
                    channel="web",
                    topic=None,
                    fields={},
                    text="Merhaba",
                    client_id=str(uuid.uuid4()),
                    page={},
                    now=timezone.now(),
                )
                for browser in browsers[3:]
            ),
        )
        tickets = Ticket.objects.filter(conversations__visitor__in=browsers).distinct()
        assert tickets.count() == 6
        assert len({ticket.contact_id for ticket in tickets}) == 1
        assert Contact.objects.count() == number + 1


def test_a_new_tag_put_on_by_many_at_once_is_one_tag() -> None:
    desk = make_desk(agents=2)
    for number in range(ROUNDS):
        chats = [start(desk) for _ in range(3)]
        words = (f"İADE {number}", f"iade {number}", f"ıade {number}")
        results = at_once(
            *(
                partial(add_tag, conversation=fresh(chat), name=word, by=None, now=timezone.now())
                for chat in chats
                for word in words
            )
        )
        assert outcomes(results) == {"Conversation": 9}
        (tag,) = tags_of(chats[0])
        assert [tags_of(chat) for chat in chats] == [[tag]] * 3
        assert Entry.objects.filter(conversation__in=chats, kind="tagged").count() == 3

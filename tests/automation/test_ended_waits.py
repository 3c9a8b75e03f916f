"""A wait in line that ends without anybody: rules answer its ticket, and its number is mailed."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from agents.operations.hours import set_hours
from automation.models import Effect
from chat.models import Conversation
from chat.operations.conversations import end_conversation
from chat.operations.tickets import convert_to_ticket
from chat.tasks import sweep_once
from config.outbox.operations import drain
from tests.automation.ticket_talk import condition, note, notes
from tests.support.desk import fresh, make_desk, start
from tests.support.factories import make_conversation, make_visitor
from tickets.mail.send import PATIENCE
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("answers_leave_at_once")]

FROM_CHAT = condition("source", "is", "live_chat")
ANSWER = {"action": "send_message", "text": {"tr": "Yarın yazıyoruz."}}


@pytest.fixture
def desk():
    """One agent who has as many chats as allowed."""
    desk = make_desk(brand={"capacity": 1})
    vera = make_visitor(desk.brand)
    taken = {"status": "active", "holds_slot": True, "topic": desk.topic}
    make_conversation(vera, assignee=desk.agents[0], accepted_at=timezone.now(), **taken)
    return desk


@pytest.fixture
def waits(desk, work_all):
    """A chat in line whose customer can be answered by e-mail."""
    chat = start(desk, make_visitor(desk.brand, email="vera@example.com"))
    work_all()
    return chat


def give_up(chat: Conversation, work_all, *, minutes: int = 11) -> Ticket:
    """Let the longest wait pass, and everybody's work be done."""
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        sweep_once(now=timezone.now())
        work_all()
    made = fresh(chat).ticket
    assert made is not None
    return made


def mailed(work_all, *, minutes: int = 20) -> list:
    """All mails that have left once everything is due."""
    for more in (timedelta(), PATIENCE + timedelta(seconds=1)):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes) + more):
            for _ in range(2):
                work_all()
                drain("mail")
    return mail.outbox


def test_rules_meet_its_ticket_as_come_from_live_chat_and_act_on_it(rule, desk, waits, work_all):
    acts = [{"action": "assign", "agent": desk.agents[0].public_id}, ANSWER]
    rule(subject="ticket", all=[FROM_CHAT], actions=acts)
    ticket = give_up(waits, work_all)
    assert list(Effect.objects.exclude(reason="").values_list("reason", flat=True)) == []
    assert ticket.assignee == desk.agents[0]
    [sent] = mailed(work_all)
    assert (sent.to, "Yarın yazıyoruz." in sent.body) == (["vera@example.com"], True)


def test_what_closes_meanwhile_came_from_live_chat_too(rule, desk, waits, work_all):
    rule(subject="ticket", all=[FROM_CHAT], actions=[note("geldi")])
    shut = {day: [] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    set_hours(owner=desk.brand, week=shut, dates=(), by=None, now=timezone.now())
    for seconds in (5, 10):
        sweep_once(now=timezone.now() + timedelta(seconds=seconds))
    work_all()
    assert fresh(waits).entries.get(kind="resolved").data["because"] == "closed"
    assert notes(fresh(waits).ticket) == ["geldi"]
    assert len(mailed(work_all)) == 1


def test_what_an_agent_or_a_rule_made_a_ticket_did_not(rule, desk, waits, work_all):
    rule(subject="ticket", all=[FROM_CHAT], actions=[note("geldi")])
    by_agent = convert_to_ticket(conversation=waits, by=desk.agents[0], now=timezone.now()).ticket
    rule(actions=[{"action": "convert"}])
    other = start(desk, make_visitor(desk.brand, email="ali@example.com"))
    work_all()
    by_rule = give_up(other, work_all)
    assert (notes(by_agent), notes(by_rule)) == ([], [])


def test_without_a_rule_the_customer_is_mailed_the_number_once(waits, work_all):
    ticket = give_up(waits, work_all)
    assert mail.outbox == []
    [sent] = mailed(work_all)
    assert sent.to == ["vera@example.com"]
    assert f"#{ticket.pk}" in sent.body
    assert "Siparişim" not in sent.body
    assert sent.extra_headers["Auto-Submitted"] == "auto-replied"


def test_who_was_made_a_ticket_by_the_ready_rule_is_mailed_the_number_once(
    busy_rules, desk, work_all
):
    waits = start(desk, make_visitor(desk.brand, email="vera@example.com"))
    work_all()
    net = fresh(waits).ticket
    assert net.is_untouched_net
    assert mailed(work_all, minutes=5) == []
    assert give_up(waits, work_all) == net
    [sent] = mailed(work_all)
    assert f"#{net.pk}" in sent.body


def test_who_leaves_the_line_is_mailed_the_number_of_the_ticket_that_remains(
    busy_rules, desk, work_all
):
    waits = start(desk, make_visitor(desk.brand, email="vera@example.com"))
    work_all()
    end_conversation(conversation=waits, by=waits.visitor, now=timezone.now())
    [sent] = mailed(work_all)
    assert f"#{fresh(waits).ticket.pk}" in sent.body


def test_a_rule_that_mailed_while_the_customer_waited_was_enough(rule, desk, work_all):
    texts = {"subject": {"tr": "Aldık"}, "text": {"tr": "Sorunuzu aldık."}}
    rule(actions=[{"action": "convert"}, {"action": "send_email", "to": "customer", **texts}])
    waits = start(desk, make_visitor(desk.brand, email="vera@example.com"))
    work_all()
    drain("mail")
    give_up(waits, work_all)
    [sent] = mailed(work_all)
    assert sent.body.startswith("Sorunuzu aldık.")


def test_who_left_no_address_is_mailed_nothing(desk, work_all):
    waits = start(desk)
    work_all()
    for minutes in (11, 17):
        sweep_once(now=timezone.now() + timedelta(minutes=minutes))
    assert fresh(waits).outcome == "converted"
    assert mailed(work_all) == []


def test_rules_of_time_may_pass_on_a_net_once_its_chat_is_over(rule, busy_rules, desk, work_all):
    acts = [{"action": "assign", "agent": desk.agents[0].public_id}]
    since = {"when": "time", "subject": "ticket", "fires": "every"}
    rule(**since, after={"since": "created", "minutes": 5}, actions=acts)
    rule(**since, after={"since": "created", "minutes": 20}, actions=acts)
    waits = start(desk, make_visitor(desk.brand, email="vera@example.com"))
    work_all()
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        work_all()
        assert Effect.objects.get(reason="safety_net").position == 1
        assert fresh(waits).ticket.assignee is None
    give_up(waits, work_all)
    with time_machine.travel(timezone.now() + timedelta(minutes=21)):
        work_all()
    assert fresh(waits).ticket.assignee == desk.agents[0]

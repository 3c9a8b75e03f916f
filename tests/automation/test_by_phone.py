"""Who has put the phone into the pocket is here as long as the phone says that pushes come."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.models import Device, Presence
from agents.operations.devices import confirm_device
from agents.presence import Here, is_present, online_agents, vanished_agents
from automation.notifications.answering import answer_push, confirm_push
from chat.operations.assignment import accept
from chat.operations.starting import NobodyAvailable
from chat.operations.vanished import requeue_vanished
from chat.tasks import sweep_once
from tests.automation.notifications import later, register, say, work_pushes
from tests.support.desk import fresh, make_desk, start, work

pytestmark = pytest.mark.django_db


class Pocket:
    """Elif, whose team accepts chats automatically, with her phone alone."""

    def __init__(self, service):
        self.browser = service.browser()
        self.desk = make_desk(ring_seconds=25)
        [self.elif_] = self.desk.agents
        self.device = register(self.elif_, self.browser)
        confirm_device(device=self.device, now=timezone.now())
        Presence.objects.all().delete()

    def confirm(self):
        """The phone says that the last push has come."""
        push = self.browser.got[-1]["push"]
        confirm_push(push=push, device_id=self.device.pk, now=timezone.now())
        return push


@pytest.fixture
def pocket(service):
    return Pocket(service)


def test_a_chat_rings_at_the_phone_and_is_not_accepted_for_its_agent(pocket):
    chat = start(pocket.desk)
    work_pushes()
    assert fresh(chat).status == "queued"
    assert chat.offers.get().agent == pocket.elif_
    push = pocket.confirm()
    answer_push(push=push, accepts=True, now=timezone.now())
    assert fresh(chat).assignee == pocket.elif_


def test_at_the_desk_chats_are_accepted_for_whoever_has_a_phone_too(pocket):
    Presence.objects.create(agent=pocket.elif_, process="x", seen_at=timezone.now())
    chat = start(pocket.desk)
    work()
    assert fresh(chat).assignee == pocket.elif_
    assert [agent.here for agent in online_agents(timezone.now())] == [Here.BY_LEASE]


def test_once_a_push_stays_without_a_word_nobody_is_there_until_the_phone_comes_back(pocket):
    chat = start(pocket.desk)
    work_pushes()
    assert is_present(pocket.elif_.pk, timezone.now())
    with later(31):
        assert not is_present(pocket.elif_.pk, timezone.now())
        sweep_once(now=timezone.now())
        work()
        assert chat.offers.get().result in {"missed", "withdrawn"}
        assert fresh(chat).status == "queued"
        # Out of the lift: the phone says that it came, and the next chat rings there again.
        pocket.confirm()
        assert is_present(pocket.elif_.pk, timezone.now())
        another = start(pocket.desk)
        work()
        assert another.offers.get().agent == pocket.elif_


def test_chats_stay_with_an_agent_whose_phone_confirms_and_go_when_it_does_not(pocket):
    chat = start(pocket.desk)
    work_pushes()
    pocket.confirm()
    accept(conversation=chat, agent=pocket.elif_, now=timezone.now())
    requeue_vanished(now=timezone.now())
    with later(20):
        requeue_vanished(now=timezone.now())
    for seconds in (40, 60, 80, 100):
        with later(seconds):
            assert vanished_agents(timezone.now(), [pocket.elif_.pk]) == []
    with later(120):
        requeue_vanished(now=timezone.now())
        assert fresh(chat).assignee == pocket.elif_
        say(chat, "Orada mısınız?")
        work_pushes()
    for seconds in (140, 165, 190):
        with later(seconds):
            requeue_vanished(now=timezone.now())
    assert fresh(chat).status == "queued"


def test_a_phone_that_was_signed_out_is_nobodys_presence(pocket, client):
    Device.objects.update(session_key="ended")
    chat = start(pocket.desk)
    work_pushes()
    assert pocket.browser.got == []
    assert not is_present(pocket.elif_.pk, timezone.now() + timedelta(seconds=1))
    sweep_once(now=timezone.now())
    work()
    assert fresh(chat).assignee is None


@pytest.mark.parametrize("status", ["break", "invisible", "offline"])
def test_only_who_is_online_is_here_by_phone(pocket, status):
    pocket.elif_.status = status
    pocket.elif_.save()
    assert not is_present(pocket.elif_.pk, timezone.now())
    with pytest.raises(NobodyAvailable):
        start(pocket.desk)

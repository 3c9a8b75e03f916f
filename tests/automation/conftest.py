"""The ready rule for when everyone is busy, and everybody's work done step by step."""

import pytest
from django.utils import timezone

from agents.models import Permission
from automation.models import Rule
from automation.notifications.keys import public_key
from automation.rules.recipes import install_recipe
from automation.rules.writing import add_rule
from tests.support import desk
from tests.support.desk import Desk, make_desk
from tests.support.factories import make_agent, make_brand, make_role
from tests.support.push_service import push_service


@pytest.fixture
def busy_rules():
    rules, _is_new = install_recipe(name="everyone-busy", by=None, now=timezone.now())
    return rules


@pytest.fixture
def work_all():
    """Let all queues do what is due, and what follows from it."""
    return desk.work_all


@pytest.fixture
def rule():
    """Call it for a rule that is on: it says "Merhaba" unless told otherwise."""

    def make(**told) -> Rule:
        wanted = {
            "name": "Deneme",
            "mode": "on",
            "when": "incoming",
            "fires": "every",
            "actions": [{"action": "note", "text": {"tr": "Merhaba", "en": "Hello"}}],
        }
        return add_rule(by=None, now=timezone.now(), **wanted | told)

    return make


@pytest.fixture
def service(settings):
    """A push service of browsers; whoever calls it wrongly fails the test."""
    settings.OUTBOUND_PRIVATE = ["127.0.0.1"]
    with push_service() as running:
        running.key = public_key()
        yield running
        assert running.complaints == []


@pytest.fixture
def ringing_desk() -> Desk:
    """Elif and Mert, at whom chats ring."""
    return make_desk(agents=2, auto_accept=False, ring_seconds=20)


@pytest.fixture
def ask():
    """Switch the recipe on with these settings."""

    def install(**settings) -> list[Rule]:
        wish = {"name": "ask-email", "by": None, "now": timezone.now()}
        return install_recipe(**wish, settings=settings)[0]

    return install


@pytest.fixture
def answers_leave_at_once(settings) -> None:
    """Let no reply to a ticket be taken back."""
    settings.IMECE = settings.IMECE | {"REPLY_UNDO_SECONDS": 0}


@pytest.fixture
def brand():
    """Return a brand with tickets."""
    return make_brand(name="Pazar")


@pytest.fixture
def elif_():
    """Return an agent who works on all tickets."""
    return make_agent(role=make_role(Permission.TICKETS, scope="all"), name="Elif Kaya")

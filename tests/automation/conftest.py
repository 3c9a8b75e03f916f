"""The ready rule for when everyone is busy, and everybody's work done step by step."""

import pytest
from django.utils import timezone

from automation.models import Rule
from automation.rules.recipes import install_recipe
from automation.rules.writing import add_rule
from tests.support import desk


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

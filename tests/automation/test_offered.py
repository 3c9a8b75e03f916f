"""What can't be when a rule looks is neither offered in the editor nor taken by the API."""

from itertools import product

import pytest

from automation.editor.drafts import Condition
from automation.editor.forms import ConditionForm
from automation.rules.checking import check_rule
from automation.rules.fields import OPERATORS, Type
from automation.rules.subjects import Scope, fields_of
from tests.support.factories import make_agent, make_brand, make_team, make_topic

pytestmark = pytest.mark.django_db

SUBJECTS = ("chat", "ticket", "both")
WHENS = ("incoming", "updated", "time")
# Rules of time for both are refused whatever they look at.
SCOPES = [Scope(when, subject) for subject in SUBJECTS for when in WHENS if subject != "both"]
SCOPES += [Scope("incoming", "both"), Scope("updated", "both")]

OF_EVENTS = {"text", "has_email", "has_phone"}
OF_UPDATES = {"updated_by", "change"}
# What nothing has that has just come in: nobody waits yet, nothing is rated.
OF_OLD_CHATS = {"wait", "idle", "rating"}
ONLY_CHATS = {"channel", "availability", "visitor_here", "queue_length", *OF_OLD_CHATS}
ONLY_TICKETS = {"subject", "type"}
NOT_FOR_BOTH = {"status", "priority"}
EVERYWHERE = (
    *("source", "brand", "topic", "team", "language", "page_url", "first_contact"),
    *("email_known", "phone_known", "tag", "assignee", "within_hours"),
)
CHANGEABLE = {"topic", "team", "tag", "assignee", "status", "priority", "subject", "type"}
MAY_LACK = {"topic", "team", "tag", "assignee", "rating", "page_url", "text", "subject"}

CHAT_STATUSES = {"queued", "active", "waiting", "wrap_up"}
TICKET_STATUSES = {"new", "open", "waiting", "on_hold"}
SIDES = {"customer", "agent", "rule", "system"}
WORDS = {"customer_word", "agent_word", "note", "tag", "topic", "team", "assignee"}
MOVES = {"status", "priority"}
OF_CHATS, OF_TICKETS = {"rating", "ended", "reopened"}, {"type", "subject"}
SOURCES = {"live_chat", "ticket", "email", "phone", "api"}


def fields(scope: Scope) -> set[str]:
    """What a rule may look at."""
    found = {*EVERYWHERE, *OF_EVENTS, *OF_UPDATES}
    if scope.subject != "both":
        found |= NOT_FOR_BOTH | (ONLY_CHATS if scope.subject == "chat" else ONLY_TICKETS)
    if scope.when == "incoming":
        return found - OF_UPDATES - OF_OLD_CHATS
    return found - OF_UPDATES - OF_EVENTS if scope.when == "time" else found


def choices(name: str, scope: Scope) -> set[str]:
    """What a field can be, of those that say so."""
    when, subject = scope
    if name == "source":
        if subject == "chat":
            return {"live_chat"}
        # A chat that becomes a ticket has come in already.
        return SOURCES - {"ticket"} if scope == ("incoming", "both") else SOURCES
    if name == "change":
        own = {"chat": OF_CHATS, "ticket": OF_TICKETS}.get(subject, set())
        return WORDS | MOVES | own
    if name == "status":
        if subject == "chat":
            return CHAT_STATUSES | (set() if when == "time" else {"resolved"})
        return TICKET_STATUSES | (set() if when == "time" else {"resolved", "closed"})
    return {
        "channel": {"web"},
        "language": {"tr", "en"},
        "updated_by": SIDES,
        "availability": {"online", "busy", "offline"},
        "priority": {"low", "normal", "high", "urgent"},
        "type": {"request", "complaint", "suggestion", "question"},
    }[name]


def operators(name: str, scope: Scope) -> set[str]:
    """How a field can be compared."""
    kind = fields_of(scope.subject)[name].type
    found = {key for key, each in OPERATORS.items() if kind in each.types}
    if scope.when != "updated" or name not in CHANGEABLE:
        found -= {"changed", "was"}
    if name not in MAY_LACK:
        found -= {"empty", "not_empty"}
    if kind is Type.CHOICE and len(choices(name, scope)) == 1:
        # What is always one thing is never another.
        found -= {"is_not"}
    return found


def form(scope: Scope, name: str, operator: str = "is", value: str = "") -> ConditionForm:
    return ConditionForm(Condition(name, operator, value), scope=scope, path="all-0", number="1")


def offered(shown: ConditionForm, name: str) -> set[str]:
    return {key for key, _label in shown.fields[name].choices}


def is_taken(scope: Scope, name: str, operator: str, value: object) -> bool:
    """Whether the check that API, administration and engine share lets a condition pass."""
    told = {"field": name, "operator": operator}
    if OPERATORS[operator].takes_value:
        told["value"] = value
    after = {"since": "created", "minutes": 5} if scope.when == "time" else {}
    rule = {"when": scope.when, "subject": scope.subject, "after": after, "fires": "every"}
    actions = [{"action": "add_tag", "tag": "x"}]
    return not check_rule({**rule, "all": [told], "any": [], "actions": actions})


@pytest.fixture
def rows():
    """Something that each field which names a row can name."""
    brand = make_brand()
    found = {"brand": brand, "topic": make_topic(brand), "team": make_team()}
    named = {name: str(row.pk) for name, row in found.items()}
    return named | {"assignee": make_agent().public_id, "tag": "vip"}


@pytest.mark.parametrize("scope", SCOPES, ids="-".join)
def test_only_what_can_be_is_offered_and_taken(scope, rows):
    possible = fields(scope)
    known = set().union(*(fields_of(each) for each in SUBJECTS))
    assert offered(form(scope, "brand"), "field") == possible
    for name in sorted(known):
        seen = fields_of(scope.subject).get(name)
        if seen is None or name not in possible:
            assert not is_taken(scope, name, "is", rows.get(name, True)), name
            continue
        compared = operators(name, scope)
        assert offered(form(scope, name), "operator") == compared, name
        usual = {Type.BOOLEAN: True, Type.NUMBER: 1}.get(seen.type, "x")
        one_of = choices(name, scope) if seen.choices is not None else {rows.get(name, usual)}
        if seen.choices is not None:
            value = next(iter(one_of))
            assert offered(form(scope, name, value=value), "value") == one_of, name
        for operator, value in product(OPERATORS, one_of):
            is_possible = operator in compared
            assert is_taken(scope, name, operator, value) == is_possible, (name, operator, value)
        for value in set(seen.choices or ()) - one_of | {"bot", "never"}:
            if seen.type is Type.CHOICE:
                assert not is_taken(scope, name, "is", value), (name, value)


def test_what_was_chosen_for_another_moment_stays_named_and_is_refused():
    resolved = ("resolved", "Resolved")
    assert resolved in form(Scope("time"), "status", value="resolved").fields["value"].choices
    assert resolved not in form(Scope("time"), "status", value="active").fields["value"].choices
    assert not is_taken(Scope("time"), "status", "is", "resolved")

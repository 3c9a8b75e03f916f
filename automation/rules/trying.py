"""What a rule would do with a chat that is there: nothing is changed."""

from datetime import datetime
from typing import Any

from automation.models import Rule
from automation.rules.book import compile_rule
from automation.rules.engine import ask
from automation.rules.facts import Facts, happening_of
from automation.rules.sentences import said_of_action
from automation.rules.sight import Happening
from chat.models import Conversation, Entry


def try_rule(rule: Rule, chat: Conversation, *, now: datetime) -> dict[str, Any]:
    """Return each condition with what it saw, and what the rule would do."""
    ready = compile_rule(rule)
    facts = Facts(chat, _newest(rule, chat), now)
    holds, trace = ask(ready, facts, all_of_it=True)
    matches = holds and not ready.missing
    return {
        "matches": matches,
        "nodes": [seen.as_json() for seen in trace],
        "actions": [
            {"action": told["action"], "would": said_of_action(told) if matches else ""}
            for told in rule.actions
        ],
    }


def _newest(rule: Rule, chat: Conversation) -> Happening:
    """Return the event that the rule would look at: the chat's beginning, or its newest update."""
    if rule.when == Rule.When.TIME:
        return Happening(when="time")
    lines: list[Entry] = list(chat.entries.order_by("seq"))
    first_words = next((line.body for line in lines if line.seq == 2), "")
    happenings = [happening_of(line, first_words) for line in lines]
    found = [each for each in happenings if each is not None and each.when == rule.when]
    if not found:
        return Happening(when=str(rule.when))
    return found[0] if rule.when == Rule.When.INCOMING else found[-1]

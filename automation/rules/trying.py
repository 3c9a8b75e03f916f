"""What a rule would do with a chat or ticket that is there: nothing is changed."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from automation.models import Rule
from automation.rules.book import compile_rule
from automation.rules.checking import EDGES
from automation.rules.engine import ask
from automation.rules.sentences import said_of_action
from automation.rules.sight import Happening
from automation.rules.watched.base import Watched
from automation.rules.watched.chats import CHATS
from automation.rules.watched.tickets import TICKETS
from chat.models import Conversation
from tickets.models import Ticket


def can_try(rule: Rule, row: Conversation | Ticket) -> bool:
    """Return whether a rule looks at such a thing at all."""
    return rule.subject in {_watched(row).subject, Rule.Subject.BOTH}


def try_rule(rule: Rule, row: Conversation | Ticket, *, now: datetime) -> dict[str, Any]:
    """Return what the rule would do with a row now, and change nothing; see `can_try`.

    `{"matches": bool, "reason": str, "nodes": [what each condition saw], "actions": [{"action",
    "would"}]}`, where `would` says it in words, or is "" when the rule does not match, and `reason`
    says in words why it would not look there, or is "".
    """
    ready, watched = compile_rule(rule), _watched(row)
    sight = watched.sight(row, _newest(rule, row, watched), now)
    holds, trace = ask(ready, sight, all_of_it=True)
    reason = str(_why_not(rule, row, watched, now))
    matches = holds and not ready.missing and not reason
    return {
        "matches": matches,
        "reason": reason,
        "nodes": [seen.as_json() for seen in trace],
        "actions": [
            {
                "action": told["action"],
                "would": said_of_action(told, rule.subject) if matches else "",
            }
            for told in rule.actions
        ],
    }


def _watched(row: Conversation | Ticket) -> Watched:
    return TICKETS if isinstance(row, Ticket) else CHATS


def _why_not(
    rule: Rule, row: Conversation | Ticket, watched: Watched, now: datetime
) -> str | Promise:
    """Return why the rule would not look there now, whatever its conditions say; "" if it would.

    The hours of the desk are left out: an edge is tried as if it were now.
    """
    if rule.brand_id not in {None, row.brand_id}:
        return _("It looks only at what belongs to its own brand.")
    if rule.when != Rule.When.TIME:
        return ""
    if not watched.open().filter(pk=row.pk).exists():
        return _("Rules of time look only at what is still open.")
    since = rule.after.get("since")
    if since in EDGES:
        return ""
    begin = watched.since(since, row)
    if begin is None:
        return _("What its minutes count from has not happened there.")
    if now < begin + timedelta(minutes=rule.after["minutes"]):
        return _("Its minutes are not over yet.")
    return ""


def _newest(rule: Rule, row: Conversation | Ticket, watched: Watched) -> Happening:
    """Return the event that the rule would look at: the beginning, or the newest update."""
    if rule.when == Rule.When.TIME:
        return Happening(when="time")
    sights = [sight for _line, sight in watched.sights(watched.lines_after(row.pk, 0)) if sight]
    found = [each.happening for each in sights if each.happening.when == rule.when]
    if not found:
        return Happening(when=str(rule.when))
    return found[0] if rule.when == Rule.When.INCOMING else found[-1]

"""Conditions that people say in words of their own, not as a field, a comparison and a value."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# By field, operator and value as JSON would spell it.
_SAID: Mapping[tuple[str, str, str], str | Promise] = {
    ("source", "is", "live_chat"): _("it came from live chat"),
    ("source", "is_not", "live_chat"): _("it did not come from live chat"),
    ("assignee", "empty", ""): _("nobody has it"),
    ("assignee", "not_empty", ""): _("somebody has it"),
    ("tag", "empty", ""): _("it has no tag"),
    ("tag", "not_empty", ""): _("it has a tag"),
    ("availability", "is", "online"): pgettext_lazy("availability", "somebody is free"),
    ("availability", "is", "busy"): pgettext_lazy("availability", "everyone is busy"),
    ("availability", "is", "offline"): pgettext_lazy("availability", "nobody is there"),
    ("availability", "is_not", "online"): pgettext_lazy("availability", "nobody is free"),
    ("availability", "is_not", "busy"): pgettext_lazy("availability", "not everyone is busy"),
    ("availability", "is_not", "offline"): pgettext_lazy("availability", "somebody is there"),
    ("within_hours", "is", "true"): _("within business hours"),
    ("within_hours", "is", "false"): _("outside business hours"),
    ("email_known", "is", "true"): _("the e-mail address is known"),
    ("email_known", "is", "false"): _("the e-mail address is not known"),
    ("phone_known", "is", "true"): _("the phone number is known"),
    ("phone_known", "is", "false"): _("the phone number is not known"),
    ("first_contact", "is", "true"): _("the customer writes for the first time"),
    ("first_contact", "is", "false"): _("the customer has written before"),
    ("has_email", "is", "true"): _("the text has an e-mail address"),
    ("has_email", "is", "false"): _("the text has no e-mail address"),
    ("has_phone", "is", "true"): _("the text has a phone number"),
    ("has_phone", "is", "false"): _("the text has no phone number"),
    ("visitor_here", "is", "true"): _("the customer has the page open"),
    ("visitor_here", "is", "false"): _("the customer has left the page"),
}
_TAGGED: Mapping[str, str | Promise] = {
    "is": _("it has the tag “%(tag)s”"),
    "is_not": _("it does not have the tag “%(tag)s”"),
}


def phrase_of(field: str, operator: str, value: Any) -> str:
    """Return how a condition is said in one phrase; "" where it has none."""
    if field == "tag" and operator in _TAGGED and value:
        return str(_TAGGED[operator]) % {"tag": value}
    key = str(value).lower() if isinstance(value, bool) else value or ""
    return str(_SAID.get((field, operator, key), "")) if isinstance(key, str) else ""

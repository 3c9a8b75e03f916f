"""How the audit log says in words what happened."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.credentials.tokens import Scope
from agents.models import Agent, Brand, Channel, Language, Permission, Role, Tag, Team, Topic

_ACTS: dict[str, Promise] = {
    "password.changed": _("Password changed"),
    "agent.disabled": _("Agent deactivated"),
    "agent.enabled": _("Agent activated"),
    "agent.email_changed": _("E-mail of an agent changed"),
    "agent.second_step_removed": _("Two-step sign-in of an agent turned off"),
    "agent.invited": _("Agent invited"),
    "agent.invitation_revoked": _("Invitation revoked"),
    "agent.joined": _("Invitation accepted"),
    "invitation.link_shown": _("Link of an invitation shown"),
    "agent.teams": _("Teams of an agent changed"),
    "team.members": _("Members of a team changed"),
    "role.given": _("Role given"),
    "role.taken": _("Role taken away"),
    "role.edited": _("Permissions of a role changed"),
    "token.created": _("API token created"),
    "report.exported": _("Report exported"),
    "report.downloaded": _("File of a report downloaded"),
    "report.opened": _("First report opened"),
    "wall.screen_made": _("Screen for the wallboard made"),
    "wall.screen_started": _("Screen of the wallboard started"),
    "wall.screen_revoked": _("Screen of the wallboard switched off"),
    "wall.targets": _("Targets of the wallboard changed"),
    "token.revoked": _("API token revoked"),
    "device.gone": _("Device removed: its push service knows it no longer (404, 410)"),
    "brand.texts_changed": _("Texts of a brand changed"),
    "brand.hours_changed": _("Opening hours of a brand changed"),
    "team.hours_changed": _("Opening hours of a team changed"),
    "brand.identity_secret_made": _("Secret for signed-in visitors made"),
    "brand.identity_secret_deleted": _("Secret for signed-in visitors deleted"),
    "mailbox.secret_made": _("Secret for bringing mail made"),
    "rawmail.read_again": _("Mail read again"),
    "rawmail.wanted": _("Ticket made of a mail all the same"),
    "rule.moved": _("Rule moved"),
    "rehearsal.started": _("Rehearsal started"),
    "replies.changed": _("Automatic answers changed"),
    "rule.switched_off": _("Rule switched off by itself"),
    "address.confirmed": _("Address confirmed that mail came back from"),
    "contact.changed": _("Customer corrected"),
    "contact.linked": _("Customer linked"),
    "contact.told_apart": _("Customers said to be two people"),
    "contact.unlinked": _("Link of a customer undone"),
    "contact.merged": _("Customers merged"),
    "contact.merge_undone": _("Merge of customers undone"),
    "conversation.joined": _("Chat of somebody else joined"),
    "conversation.taken_over": _("Chat of somebody else taken over"),
    "conversation.watched": _("Chat of somebody else read"),
}
# What every page of the administration may do to a row.
_EDITS: dict[str, Promise] = {
    "created": pgettext_lazy("audit", "created"),
    "changed": _("changed"),
    "deleted": _("deleted"),
}
_DETAILS: dict[str, Promise] = {
    "added": _("Added"),
    "before": _("Customer before"),
    "dates": _("Number of special dates"),
    "email": _("E-mail"),
    "fields": _("Fields"),
    "format": _("Format"),
    "identity": _("Identity"),
    "languages": _("Languages"),
    "merge": _("Number of the merge"),
    "name": _("Name"),
    "old": _("Before"),
    "other": _("Number of the other customer"),
    "permissions": _("May"),
    "removed": _("Removed"),
    "role": _("Role"),
    "scope": _("Scope"),
    "scopes": _("May be used for"),
    "secret": _("Number of the secret"),
    "targets": _("Targets"),
    "visitor": _("Visitor"),
    "week": _("Hours by the week"),
    "wish": _("Filters"),
}
# What a detail that holds several values calls them.
_PARTS: dict[str, dict[str, Promise]] = {
    "targets": {
        "queue": _("Chats in line, at most"),
        "wait_seconds": _("Longest wait, in seconds"),
        "service_level": _("Service level, in percent"),
    },
    "wish": {
        "from": _("From"),
        "to": _("Until"),
        "zone": _("Time zone"),
        "brand": _("Brand"),
        "team": _("Team"),
        "agent": _("Agent"),
        "topic": _("Topic"),
        "channel": _("Channel"),
        "tag": _("Tag"),
        "started_by": _("Started by"),
        "compare": _("Compare with"),
        "by": _("A row is"),
        "figure": _("Figure"),
        "row": _("Row"),
    },
}
_ROWS: dict[str, Promise] = {
    "day": _("Day"),
    "type": _("Type"),
    "status": pgettext_lazy("ticket", "Status"),
    "priority": _("Priority"),
    "source": _("Source"),
}
_CODES: dict[str, Mapping[Any, Any]] = {
    "by": {**_PARTS["wish"], **_ROWS},
    "channel": dict(Channel.choices),
    "compare": {
        "before": _("The days before"),
        "year": _("The same weekdays a year before"),
    },
    "format": {"csv": _("CSV"), "excel-csv": _("CSV for Excel"), "xlsx": _("Excel")},
    "languages": dict(Language.choices),
    "permissions": dict(Permission.choices),
    "scope": dict(Role.Scope.choices),
    "scopes": dict(Scope.choices),
    "started_by": {"visitor": _("Visitor"), "agent": _("Agent")},
}
# Whose keys stand in the filters of a report.
_NAMED: dict[str, tuple[type[Model], str]] = {
    "agent": (Agent, "public_id"),
    "brand": (Brand, "pk"),
    "tag": (Tag, "pk"),
    "team": (Team, "pk"),
    "topic": (Topic, "pk"),
}
# What fields are called that no page of the administration and no model names in words.
_FIELDS: dict[str, dict[str, Promise]] = {
    "replies": {
        "welcome": pgettext_lazy("automatic answer", "Welcome"),
        "busy": _("Everyone is busy"),
        "offline": _("Nobody is there"),
        "closed": _("Closed"),
        "idle": _("The customer is silent"),
        "closing": _("The chat is over"),
    },
    "rule": {
        "actions": _("What it does"),
        "after": _("After"),
        "all": _("If all of these hold"),
        "any": _("If one of these holds"),
        "fires": _("How often"),
        "loop": _("it acted again and again because of other rules"),
    },
}
# Whose numbers "added" and "removed" are.
_MEMBERS: dict[str, type[Agent] | type[Team]] = {"agent.teams": Team, "team.members": Agent}


def in_words(action: str) -> str:
    """Return what an action of the log is called; the code itself where nobody named it."""
    if named := _ACTS.get(action):
        return str(named)
    noun, _dot, act = action.partition(".")
    model = model_called(noun)
    if model is None or act not in _EDITS:
        return action
    return f"{capfirst(str(model._meta.verbose_name))}: {_EDITS[act]}"


def detail_in_words(action: str, detail: str, value: Any) -> str:
    """Return a line that says a detail; nothing where it holds nothing."""
    if isinstance(value, dict):
        said = _parts(detail, value)
    else:
        values = value if isinstance(value, list) else [value]
        said = _names(action, detail, values) if value is not None else []
    return f"{_DETAILS.get(detail, detail)}: {', '.join(said)}" if said else ""


def model_called(name: str) -> type[Model] | None:
    """Return the model that a target or an action names."""
    return next((each for each in apps.get_models() if each._meta.model_name == name), None)


def _parts(detail: str, values: dict[str, Any]) -> list[str]:
    """Return the values that a detail holds by name."""
    labels = _PARTS.get(detail, {})
    # Databases keep names in orders of their own.
    names = [*(name for name in labels if name in values), *sorted(values.keys() - labels.keys())]
    return [
        f"{labels.get(name, name)}: "
        f"{_named(name, values[name]) if detail == 'wish' else _word(values[name])}"
        for name in names
    ]


def _named(name: str, value: Any) -> str:
    """Return what stands behind a value of a report's filters."""
    if name in _NAMED:
        model, field = _NAMED[name]
        # A filter is what somebody typed: it may be no key at all.
        if field != "pk" or (isinstance(value, str) and value.isdecimal() and len(value) < 10):
            row = model._default_manager.filter(**{field: str(value)}).first()
            return str(row or value)
    return _word(value, _CODES.get(name, {}))


def _names(action: str, detail: str, values: list[Any]) -> list[str]:
    """Return what stands behind the codes and numbers of a detail."""
    names: Mapping[Any, Any] = _CODES.get(detail, {})
    if detail == "fields":
        names = _labels(action.partition(".")[0])
    elif detail in {"added", "removed"} and (model := _MEMBERS.get(action)):
        names = dict(model._default_manager.filter(pk__in=values).values_list("pk", "name"))
    return [_word(value, names) for value in values]


def _word(value: Any, names: Mapping[Any, Any] | None = None) -> str:
    """Return a value as it is read; what is not a plain value as it is written."""
    if isinstance(value, bool):
        return _now("yes") if value else _now("no")
    if isinstance(value, str | int) and names:
        return str(names.get(value, value))
    return str(value)


def _labels(noun: str) -> dict[str, Any]:
    """Return how the fields of a row are called: as on its page of the administration."""
    model = model_called(noun)
    if model is None:
        return _FIELDS.get(noun, {})
    named = {
        field.name: capfirst(str(field.verbose_name))
        for field in model._meta.fields
        if isinstance(field.verbose_name, Promise)
    }
    fields = {}
    if admin.site.is_registered(model):
        fields = admin.site.get_model_admin(model).form.base_fields
    shown = {name: capfirst(str(field.label)) for name, field in fields.items() if field.label}
    return {**_FIELDS.get(noun, {}), **named, **shown}

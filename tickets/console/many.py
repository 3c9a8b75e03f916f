"""One change to many tickets from the list, and back."""

import secrets
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agents.callers import signed_in
from agents.console.answers import answer_events, answer_toast
from agents.models.tag import NAME_MAX
from agents.operations.tags import InvalidTag, clean_name
from config.text.cleaning import key_of
from tickets.console.access import CHANGED, desk_access
from tickets.console.actions import value_of
from tickets.models import Ticket
from tickets.operations.changes import WrongValue
from tickets.operations.many import MANY_MAX, Before, change_many, undo_many
from tickets.queries.choices import agent_choices, team_choices
from tickets.queries.ticket_list import NOBODY

# For how long a change of many can be undone, and how long it is offered.
_KEPT_SECONDS = 600
_OFFERED_SECONDS = 12


class ManyForm(forms.Form):
    """What many tickets shall be; an empty field changes nothing."""

    status = forms.ChoiceField(choices=[("", ""), *Ticket.Status.choices], required=False)
    priority = forms.ChoiceField(choices=[("", ""), *Ticket.Priority.choices], required=False)
    team = forms.CharField(max_length=20, required=False)
    assignee = forms.CharField(max_length=40, required=False)
    tag = forms.CharField(max_length=NAME_MAX, required=False)
    spam = forms.ChoiceField(choices=[("", ""), ("yes", ""), ("no", "")], required=False)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """Ask what many tickets shall be, and change them."""
    access, agent = desk_access(request), signed_in(request)
    sent = request.POST if request.method == "POST" else request.GET
    numbers = [key_of(each) for each in sent.getlist("ticket")[:MANY_MAX]]
    error = ""
    if request.method == "POST":
        form = ManyForm(request.POST)
        try:
            if not form.is_valid():
                raise WrongValue
            wish = {name: value for name, value in form.cleaned_data.items() if value}
            done = change_many(
                tickets=Ticket.objects.visible_to(access).filter(pk__in=numbers),
                by=agent,
                now=timezone.now(),
                tag=clean_name(wish.pop("tag")) if "tag" in wish else "",
                is_spam=wish.pop("spam") == "yes" if "spam" in wish else None,
                changes={
                    name: value_of(name, "" if value == NOBODY else value)
                    for name, value in wish.items()
                },
            )
        except InvalidTag:
            error = _("A tag has 1 to {n} characters.").format(n=NAME_MAX)
        except WrongValue:
            error = _("This could not be changed.")
        else:
            return _done(done, agent.pk, asked=len(numbers))
    context = {
        "numbers": numbers,
        "error": error,
        "selects": [
            ("status", Ticket.Status.choices),
            ("priority", Ticket.Priority.choices),
            ("assignee", [(NOBODY, _("nobody")), *agent_choices()]),
            ("team", [(NOBODY, _("No team")), *team_choices()]),
        ],
    }
    return render(request, "tickets/many.html", context)


def _done(done: list[Before], agent_id: int, *, asked: int) -> HttpResponse:
    """Say how many have changed, and offer to undo it."""
    if not done:
        return answer_events({"ticket:many": {}, "console:toast": {"text": _("Nothing changed.")}})
    key = secrets.token_urlsafe(16)
    cache.set(_key(agent_id, key), done, _KEPT_SECONDS)
    text = ngettext("{n} ticket changed", "{n} tickets changed", len(done)).format(n=len(done))
    if asked > len(done):
        left = asked - len(done)
        text += " · " + ngettext("{n} as before", "{n} as before", left).format(n=left)
    undo_url = reverse("tickets-undo", args=[key])
    offer = {"text": text, "url": undo_url, "seconds": _OFFERED_SECONDS}
    return answer_events({"ticket:many": {}, "ticket:undoable": offer, **CHANGED})


@login_required
@require_POST
def undo(request: HttpRequest, key: str) -> HttpResponse:
    """Take a change of many back."""
    desk_access(request)
    agent = signed_in(request)
    done: Any = cache.get(_key(agent.pk, key))
    if not done:
        return answer_toast(_("Too late: it is done."), **CHANGED)
    # Pressed twice, it is undone once.
    cache.delete(_key(agent.pk, key))
    undone = undo_many(done=done, by=agent, now=timezone.now())
    text = ngettext("{n} ticket as before", "{n} tickets as before", undone).format(n=undone)
    return answer_toast(text, **CHANGED)


def _key(agent_id: int, key: str) -> str:
    return f"tickets-many:{agent_id}:{key}"

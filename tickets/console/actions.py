"""What agents do to tickets from the console: one checked fetch, one operation, one answer."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agents.callers import signed_in
from agents.console.answers import answer_events, answer_toast
from agents.models import Agent, Team, Topic
from agents.models.tag import NAME_MAX
from agents.operations.tags import InvalidTag
from config.text.cleaning import key_of
from tickets.console.access import (
    CHANGED,
    about,
    desk_access,
    visible_or_404,
)
from tickets.models import Delivery, Entry, Ticket
from tickets.operations.blocking import block_sender, unblock_sender
from tickets.operations.changes import NotTheirs, WrongValue, change_ticket, mark_spam
from tickets.operations.drafts import InvalidTicketDraft, save_ticket_draft
from tickets.operations.replies import (
    SomethingNew,
    TooLateToUnsay,
    UnknownFile,
    UnsayableText,
    say,
    unsay,
)
from tickets.operations.tags import TAGS_MAX, TooManyTicketTags, change_ticket_tags
from tickets.rights import TicketNotAuthorised

_WISHED = ("subject", "status", "priority", "type", "topic", "team", "assignee")


class ReplyForm(forms.Form):
    """A reply or a note, to whom it goes, and the status that goes with it."""

    text = forms.CharField(strip=False, required=False)
    cid = forms.CharField(max_length=64)
    mode = forms.ChoiceField(choices=[("reply", ""), ("note", "")])
    seen = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    status = forms.ChoiceField(choices=[("", ""), *Ticket.Status.choices], required=False)
    to = forms.EmailField(required=False, max_length=254)
    cc = forms.CharField(required=False, max_length=2000)
    # What the field held before the agent changed it.
    cc_shown = forms.CharField(required=False, max_length=8000)

    def clean_cc(self) -> list[str]:
        """Return each address."""
        parts = _parts(self.cleaned_data["cc"])
        return [forms.EmailField(max_length=254).clean(part) for part in parts]

    def clean_cc_shown(self) -> list[str] | None:
        """Return each address; None where a page does not say what it showed."""
        return _parts(self.cleaned_data["cc_shown"]) if "cc_shown" in self.data else None


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]


@login_required
@require_POST
def reply(request: HttpRequest, number: int) -> HttpResponse:
    """Store a reply or a note; asks first when something new arrived."""
    ticket = visible_or_404(desk_access(request), number)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        is_address = {"to", "cc"} & form.errors.keys()
        text = _("Please check the e-mail address.") if is_address else _("This can't be sent.")
        return answer_toast(about(ticket, text))
    said = form.cleaned_data
    try:
        entry, _is_new = say(
            ticket=ticket,
            by=signed_in(request),
            text=said["text"],
            client_id=said["cid"],
            now=timezone.now(),
            is_note=said["mode"] == "note",
            to=said["to"],
            cc=said["cc"],
            cc_shown=said["cc_shown"],
            file_ids=request.POST.getlist("file"),
            status=said["status"],
            seen=said["seen"],
        )
    except SomethingNew as news:
        return answer_events({"ticket:news": {"ticket": str(number), "head": news.head}, **CHANGED})
    except (UnsayableText, UnknownFile):
        return answer_toast(about(ticket, _("This can't be sent.")))
    except (WrongValue, TicketNotAuthorised):
        return answer_toast(about(ticket, _("This ticket is no longer yours.")), **CHANGED)
    is_reply = entry.kind == Entry.Kind.MESSAGE
    is_mailed = entry.deliveries.exclude(state=Delivery.State.FAILED).exists()
    shown = {
        "ticket": str(number),
        "seq": entry.seq,
        "cc": entry.data.get("cc"),
        "seconds": settings.IMECE["REPLY_UNDO_SECONDS"] if is_reply else 0,
        "text": about(
            ticket, _("Reply is being sent") if is_mailed else _("Reply kept in the ticket")
        ),
    }
    return answer_events({"ticket:said": shown, **CHANGED})


@login_required
@require_POST
def take_back(request: HttpRequest, number: int, seq: int) -> HttpResponse:
    """Take back a reply that was said a moment ago."""
    ticket = visible_or_404(desk_access(request), number)
    entry = Entry.objects.filter(ticket=ticket, seq=seq).select_related("ticket").first()
    try:
        if entry is None:
            raise TooLateToUnsay
        unsaid = unsay(entry=entry, by=signed_in(request), now=timezone.now())
    except (TooLateToUnsay, TicketNotAuthorised):
        return answer_toast(about(ticket, _("Too late: it is done.")), **CHANGED)
    back = {
        "ticket": str(number),
        "text": unsaid.text,
        "to": unsaid.to,
        "cc": list(unsaid.cc),
        "cc_now": list(unsaid.cc_now),
        "files": unsaid.files,
        "elsewhere": _("Taken back. The words are your draft in ticket #{n}.").format(n=number),
    }
    return answer_events({"ticket:unsaid": back, **CHANGED})


@login_required
@require_POST
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Give a ticket another subject, status, priority, type, topic, team or agent."""
    ticket = visible_or_404(desk_access(request), number)
    changes = {name: request.POST[name] for name in _WISHED if name in request.POST}
    try:
        wish = {name: value_of(name, value) for name, value in changes.items()}
        change_ticket(ticket=ticket, by=signed_in(request), now=timezone.now(), changes=wish)
    except NotTheirs:
        text = _("This agent does not work on tickets like this one.")
        return answer_toast(about(ticket, text), **CHANGED)
    except (WrongValue, TicketNotAuthorised):
        return answer_toast(about(ticket, _("This could not be changed.")), **CHANGED)
    return answer_events(CHANGED)


def value_of(name: str, value: str) -> Any:
    """Return what a form names; "" is nobody. Raises `WrongValue`."""
    if name not in ("topic", "team", "assignee"):
        return value
    if not value:
        return None
    row: Any
    if name == "assignee":
        row = Agent.objects.filter(public_id=value, is_active=True).first()
    else:
        model = Team if name == "team" else Topic
        row = model.objects.filter(pk=key_of(value)).first()
    if row is None:
        raise WrongValue
    return row


@login_required
@require_POST
def spam(request: HttpRequest, number: int) -> HttpResponse:
    """Put a ticket out of everybody's way, or bring it back."""
    ticket = visible_or_404(desk_access(request), number)
    is_spam = request.POST.get("spam") == "yes"
    try:
        mark_spam(ticket=ticket, is_spam=is_spam, by=signed_in(request), now=timezone.now())
    except TicketNotAuthorised:
        return answer_toast(about(ticket, _("This ticket is no longer yours.")), **CHANGED)
    return answer_events(CHANGED)


@login_required
@require_POST
def block(request: HttpRequest, number: int) -> HttpResponse:
    """Take no more mail from a ticket's customer, or take it again."""
    ticket = visible_or_404(desk_access(request), number)
    agent, now = signed_in(request), timezone.now()
    address = {"address": ticket.contact.email}
    try:
        if request.POST.get("block") == "yes":
            block_sender(ticket=ticket, by=agent, now=now)
            text = _("Blocked: %(address)s. The ticket is marked as spam.")
        else:
            unblock_sender(ticket=ticket, by=agent, now=now)
            text = _("Unblocked: %(address)s")
    except (WrongValue, TicketNotAuthorised):
        return answer_toast(_("This could not be changed."), **CHANGED)
    return answer_toast(text % address, **CHANGED)


@login_required
@require_POST
def tags(request: HttpRequest, number: int) -> HttpResponse:
    """Put a tag on a ticket or take one off."""
    ticket = visible_or_404(desk_access(request), number)
    add, remove = request.POST.get("add", ""), request.POST.get("remove", "")
    try:
        change_ticket_tags(
            ticket=ticket,
            add=[] if remove else [add],
            remove=[remove] if remove else [],
            by=signed_in(request),
            now=timezone.now(),
        )
    except InvalidTag:
        return answer_toast(about(ticket, _("A tag has 1 to {n} characters.").format(n=NAME_MAX)))
    except TooManyTicketTags:
        return answer_toast(about(ticket, _("A ticket has at most {n} tags.").format(n=TAGS_MAX)))
    except TicketNotAuthorised:
        return answer_toast(about(ticket, _("This ticket is no longer yours.")))
    return answer_events(CHANGED)


@login_required
@require_POST
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what the agent has begun to write."""
    ticket = visible_or_404(desk_access(request), number)
    try:
        save_ticket_draft(
            ticket=ticket,
            agent=signed_in(request),
            text=request.POST.get("text", ""),
            mode=request.POST.get("mode", "reply"),
            now=timezone.now(),
        )
    except InvalidTicketDraft:
        return HttpResponse(status=400)
    return HttpResponse(status=204)

"""Saying from the console who the visitor of a chat is, and what is right about them."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import access_of
from agents.callers import signed_in
from agents.console.answers import answer_events, answer_toast
from chat.console.filing import fileable_or_404
from chat.operations.correcting import correct_visitor
from chat.operations.linking import (
    NotLinkable,
    dismiss_suggestion,
    link_visitor,
    unlink_visitor,
)
from chat.queries.people import email_seen, given_name, phone_seen
from chat.rights import NotAuthorised
from config.text.cleaning import key_of
from tickets.console.correcting import CustomerForm, ask, done, keep_note
from tickets.models import Contact
from tickets.rights import CustomerNotAuthorised, answers_all_of


@login_required
@require_POST
def link(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make the visitor a customer; `not` says that it is somebody else, `undo` takes it back."""
    agent = signed_in(request)
    conversation = fileable_or_404(access_of(agent), public_id)
    now = timezone.now()
    changed = {"console:changed": {"id": public_id}}
    try:
        if "undo" in request.POST:
            unlink_visitor(conversation=conversation, by=agent)
            return answer_events(changed)
        visible = Contact.objects.visible_to(agent)
        contact = visible.filter(pk=key_of(request.POST.get("contact", "")) or 0).first()
        if contact is None:
            raise Http404
        if "not" in request.POST:
            dismiss_suggestion(conversation=conversation, contact=contact, by=agent, now=now)
            return answer_events(changed)
        link_visitor(conversation=conversation, contact=contact, by=agent, now=now)
    except NotLinkable:
        return answer_toast(_("This could not be changed."), **changed)
    return answer_events(changed)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def customer(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask what is right about the customer of a chat, and correct it."""
    agent = signed_in(request)
    access = access_of(agent)
    conversation = fileable_or_404(access, public_id)
    visitor = conversation.visitor
    if visitor is None:
        raise Http404
    contact = visitor.contact or conversation.contact
    known = {
        "name": given_name(conversation),
        "email": email_seen(access, conversation),
        "phone": phone_seen(access, conversation),
        "language": (contact and contact.language) or conversation.language,
    }
    form = CustomerForm(
        request.POST or None,
        initial=known,
        signed=visitor.signed,
        is_ours=contact is None or answers_all_of(access, contact),
    )
    if not form.is_valid():
        url = reverse("console-customer", args=[public_id])
        return ask(request, form, contact, url, at_page=False)
    try:
        with transaction.atomic():
            changed = correct_visitor(
                conversation=conversation, by=agent, changes=form.changes, now=timezone.now()
            )
            keep_note(changed, form, request)
    except (NotLinkable, NotAuthorised, CustomerNotAuthorised):
        raise Http404 from None
    return done(changed, chat=public_id)

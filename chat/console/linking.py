"""Saying from the console who the visitor of a chat is."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agents.access import access_of
from agents.callers import signed_in
from chat.console.actions import answer_events, answer_toast
from chat.console.filing import fileable_or_404
from chat.operations.linking import (
    NotLinkable,
    dismiss_suggestion,
    link_visitor,
    unlink_visitor,
)
from config.text.cleaning import key_of
from tickets.models import Contact


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

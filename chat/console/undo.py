"""What an agent has pressed in the console and can still take back."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from agents.access import access_of
from agents.callers import signed_in
from agents.console.answers import answer_events, answer_toast
from chat.console.actions import about, visible_or_404
from chat.models import DueAct
from chat.operations.undo import undo
from chat.queries.due import due_of_agent
from chat.refusals import refusal_text
from chat.rights import NotAuthorised


@login_required
@never_cache
@require_GET
def due_acts(request: HttpRequest) -> HttpResponse:
    """Show what the agent can still undo."""
    shown = due_of_agent(signed_in(request))
    return render(request, "console/undo_list.html", {"due_acts": shown})


@login_required
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo what one has pressed oneself, or another in a chat that one handles."""
    agent = signed_in(request)
    events: dict[str, Any] = {"console:due": {}, "console:refresh": {}}
    due = DueAct.objects.select_related("conversation").filter(pk=pk).first()
    if due is None:
        return answer_toast(_("Too late: it is done."), **events)
    chat = visible_or_404(access_of(agent), due.conversation.public_id)
    try:
        if not undo(due=due, by=agent):
            return answer_toast(about(chat, _("Too late: it is done.")), **events)
    except NotAuthorised as error:
        return answer_toast(about(chat, refusal_text(error)), **events)
    return answer_events({"console:due": {}, "console:changed": {"id": chat.public_id}})

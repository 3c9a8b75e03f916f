"""The agent's status, which chats depend on, and what the composer offers."""

import json

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.access import access_of
from agents.callers import signed_in
from agents.console.frame import frame_of
from agents.models import BreakReason, Status
from agents.operations import AgentDisabled
from agents.operations.canned import count_use
from agents.queries.colleagues import offered_names
from chat.console.actions import EVENTS_HEADER, visible_or_404
from chat.console.canned import offered, replies_for
from chat.operations.statuses import OpenChats, change_status
from chat.rights import who_sees
from config.text.cleaning import key_of


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def status(request: HttpRequest) -> HttpResponse:
    """Show or change the agent's status; Offline with open chats asks what happens to them."""
    agent = signed_in(request)
    if request.method == "GET":
        return _status(request)
    name, _, reason_id = request.POST.get("status", "").partition(":")
    if name not in Status.values:
        raise Http404
    reason = None
    if name == Status.BREAK:
        reason = BreakReason.objects.filter(pk=key_of(reason_id), is_active=True).first()
    try:
        change_status(
            agent=agent,
            status=name,
            reason=reason,
            confirm=request.POST.get("confirm") or None,
            by=agent,
            now=timezone.now(),
        )
    except OpenChats as error:
        context = {"open": error.count, "frame": frame_of(request, area="")}
        response = render(request, "console/leave.html", context)
        response["HX-Retarget"], response["HX-Reswap"] = "#dialogs", "innerHTML"
        return response
    except AgentDisabled:
        raise Http404 from None
    response = _status(request)
    response[EVENTS_HEADER] = json.dumps({"console:status": {"status": agent.status}})
    return response


def _status(request: HttpRequest) -> HttpResponse:
    return render(request, "console/status.html", {"frame": frame_of(request, area="")})


@login_required
@require_GET
@cache_control(private=True, max_age=30)
def canned(request: HttpRequest, public_id: str) -> HttpResponse:
    """Return the canned replies for a chat, their variables filled in."""
    agent = signed_in(request)
    access = access_of(agent)
    conversation = visible_or_404(access, public_id)
    return JsonResponse({"replies": offered(conversation, agent, access)})


@login_required
@require_GET
@cache_control(private=True, max_age=30)
def colleagues(request: HttpRequest, public_id: str) -> HttpResponse:
    """Return whom a note on a chat can name: who may see it."""
    agent = signed_in(request)
    conversation = visible_or_404(access_of(agent), public_id)
    return JsonResponse(offered_names(set(who_sees(conversation)) - {agent.pk}))


@login_required
@require_POST
def canned_used(request: HttpRequest, public_id: str, pk: int) -> HttpResponse:
    """Count one use of a canned reply."""
    access = access_of(signed_in(request))
    reply = replies_for(visible_or_404(access, public_id), access).filter(pk=pk).first()
    if reply is None:
        raise Http404
    count_use(reply=reply)
    return HttpResponse(status=204)

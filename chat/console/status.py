"""The agent's status, on which chats depend."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents.callers import signed_in
from agents.console.answers import with_events
from agents.console.frame import frame_of
from agents.models import BreakReason, Status
from agents.operations import AgentDisabled
from chat.operations.statuses import OpenChats, change_status
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
    return with_events(_status(request), {"console:status": {"status": agent.status}})


def _status(request: HttpRequest) -> HttpResponse:
    return render(request, "console/status.html", {"frame": frame_of(request, area="")})

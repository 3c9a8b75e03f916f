"""What the composer of a chat offers: canned replies, and colleagues whom a note can name."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from agents.access import access_of
from agents.callers import signed_in
from agents.operations.canned import count_use
from agents.queries.colleagues import offered_names
from chat.console.actions import visible_or_404
from chat.console.canned import offered, replies_for
from chat.rights import who_sees


@login_required
@require_GET
@cache_control(private=True, no_cache=True)
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

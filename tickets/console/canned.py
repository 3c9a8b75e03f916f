"""What a ticket's composer offers: canned replies with variables filled in, and colleagues."""

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from agents.access import Access
from agents.callers import signed_in
from agents.models import Agent, CannedReply
from agents.operations.canned import count_use
from agents.queries.canned import offered_of, replies_in, without_variables
from agents.queries.colleagues import offered_names
from tickets.console.access import desk_access, visible_or_404
from tickets.models import Ticket
from tickets.rights import who_sees


@login_required
@require_GET
@cache_control(private=True, no_cache=True)
def canned(request: HttpRequest, number: int) -> HttpResponse:
    """Return the canned replies for a ticket."""
    access = desk_access(request)
    ticket = visible_or_404(access, number)
    offered = offered_of(_replies(ticket, access), _values(ticket, signed_in(request)))
    return JsonResponse({"replies": offered})


@login_required
@require_GET
@cache_control(private=True, max_age=30)
def colleagues(request: HttpRequest, number: int) -> HttpResponse:
    """Return whom a note on a ticket can name: who may see it."""
    ticket = visible_or_404(desk_access(request), number)
    seeing = set(who_sees(ticket)) - {signed_in(request).pk}
    return JsonResponse(offered_names(seeing))


@login_required
@require_POST
def canned_used(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Count one use of a canned reply."""
    access = desk_access(request)
    reply = _replies(visible_or_404(access, number), access).filter(pk=pk).first()
    if reply is None:
        raise Http404
    count_use(reply=reply)
    return HttpResponse(status=204)


def _replies(ticket: Ticket, access: Access) -> QuerySet[CannedReply]:
    return replies_in(access, brand_id=ticket.brand_id, language=ticket.language)


def _values(ticket: Ticket, agent: Agent) -> dict[str, str]:
    """Return what the variables stand for; texts that name a chat get the ticket's number."""
    return without_variables(
        {
            "visitor.name": ticket.contact.name,
            "visitor.email": ticket.address,
            "agent.name": agent.name,
            "agent.first_name": agent.get_short_name(),
            "brand.name": ticket.brand.name,
            "topic": ticket.topic.label(ticket.language) if ticket.topic else "",
            "chat.id": f"#{ticket.number}",
        }
    )

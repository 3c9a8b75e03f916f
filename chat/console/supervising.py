"""What supervisors do in chats of others from the console: join, leave, take over."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from agents.access import access_of
from agents.callers import signed_in
from agents.console.answers import answer_events, answer_toast
from chat.console.actions import about, visible_or_404
from chat.models import Conversation
from chat.operations.joining import join, leave, take_over
from chat.refusals import SUPERVISING_REFUSALS, refusal_text
from chat.rights import NotAuthorised


@login_required
@require_POST
def join_chat(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take part, named to the customer, in a chat that another agent has."""
    return _act(request, public_id, join, tell="console:changed")


@login_required
@require_POST
def leave_chat(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take part in it no longer."""
    return _act(request, public_id, leave, tell="console:changed")


@login_required
@require_POST
def take_chat_over(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a chat from the agent who has it."""
    return _act(request, public_id, take_over, tell="console:open")


def _act(
    request: HttpRequest, public_id: str, do: Callable[..., Conversation], *, tell: str
) -> HttpResponse:
    """`do` it with a chat that the agent sees, and `tell` the page."""
    agent = signed_in(request)
    conversation = visible_or_404(access_of(agent), public_id)
    try:
        do(conversation=conversation, by=agent, now=timezone.now())
    except (*SUPERVISING_REFUSALS, NotAuthorised) as error:
        text = about(conversation, refusal_text(error))
        return answer_toast(text, **{"console:changed": {"id": public_id}})
    return answer_events({tell: {"id": public_id}})

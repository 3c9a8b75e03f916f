"""A whole mail as the body of a request, and what became of it."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from config.web.problems import CONTENT_TYPE, problem
from config.web.rate_limits import HOOK_REFUSALS, TooMany, place_of, spend
from tickets.mail.inbound.parts import SIZE_MAX
from tickets.models import Mailbox, RawMail
from tickets.operations.mailbox_secrets import knows_secret
from tickets.operations.mails import kept_before, store_mail

_BEARER = "Bearer "


def _problem(status: int) -> JsonResponse:
    answer = JsonResponse(problem(status), status=status, content_type=CONTENT_TYPE)
    if status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def _signed(view: Callable[..., JsonResponse]) -> Callable[..., JsonResponse]:
    """Hand the mailbox to a view if the caller knows one of its secrets.

    Before the method is looked at: `AskFirst` asks so before it takes a mail.
    """

    @wraps(view)
    def guarded(request: HttpRequest, hook_id: UUID, **more: Any) -> JsonResponse:
        found = Mailbox.objects.filter(hook_id=hook_id, brand__is_active=True)
        own = found.select_related("brand").first()
        given = request.headers.get("Authorization", "")
        secret = given.removeprefix(_BEARER) if given.startswith(_BEARER) else ""
        if own is not None and knows_secret(own, secret):
            return view(request, own, **more)
        try:
            spend(HOOK_REFUSALS, place_of(request))
        except TooMany as error:
            refused = _problem(429)
            refused["Retry-After"] = str(error.retry_after)
            return refused
        # Which mailboxes there are is nobody's to find out.
        return _problem(401)

    return guarded


@csrf_exempt
@_signed
@require_POST
def bring(request: HttpRequest, own: Mailbox) -> JsonResponse:
    """Keep a mail, and have it taken in; the same mail again is the same one."""
    # Not `request.body`, which refuses what is longer than a form.
    content = request.read(SIZE_MAX + 1)
    if not content:
        return _problem(400)
    if len(content) > SIZE_MAX:
        return _problem(413)
    kept = store_mail(mailbox=own, content=content, now=timezone.now())
    kept = kept or kept_before(mailbox=own, content=content)
    return JsonResponse({"id": str(kept.pk)}, status=202)


@_signed
@require_GET
def became(request: HttpRequest, own: Mailbox, pk: int) -> JsonResponse:
    """Tell what became of a mail: the line of a ticket, or why nothing."""
    mail = RawMail.objects.filter(mailbox=own, pk=pk).select_related("entry").first()
    if mail is None:
        return _problem(404)
    if mail.state == RawMail.State.STORED:
        return JsonResponse({"waiting": True})
    if mail.entry is None:
        return JsonResponse({"dropped": mail.reason or "gone"})
    return JsonResponse({"ticket": str(mail.entry.ticket_id), "entry": str(mail.entry.seq)})

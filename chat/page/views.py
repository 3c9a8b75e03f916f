"""One chat for its customer: what was said, and an answer."""

import time
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_POST, require_safe

from agents.brands.colors import style_sheet
from agents.files import file_response
from chat.answering import address_of
from chat.links import cookie_for, opens
from chat.models import Conversation
from chat.page.answering import send_answer
from chat.posting.marks import mark_read
from chat.posting.messages import Posted
from chat.rights.visitors import files_in, visible_lines
from chat.transcripts import lines_of
from config.web.rate_limits import CHAT_ANSWERS, READS, TooMany, place_of, spend
from tickets.mail.letters import page_address
from tickets.page.answering import AnswerForm

LINES_MAX = 300
_COOKIE = "imece_c"

type View = Callable[..., HttpResponse | FileResponse]


def _opened_by(public_id: str, token: str, *, is_cookie: bool) -> tuple[Conversation, int] | None:
    """Return the chat that a token opens, and until when."""
    found = Conversation.objects.filter(
        public_id=public_id, kind=Conversation.Kind.CUSTOMER, brand__is_active=True
    ).exclude(outcome=Conversation.Outcome.SPAM)
    names = ("brand", "visitor", "contact", "ticket__contact", "ticket__brand")
    chat: Conversation | None = found.select_related(*names).first()
    if chat is None or chat.visitor is None:
        return None
    until = opens(chat, address_of(chat), token, is_cookie=is_cookie)
    return (chat, until) if until else None


def _shut(request: HttpRequest) -> HttpResponse:
    return render(request, "chat/page/shut.html", status=404)


@require_safe
def follow(request: HttpRequest, public_id: str, token: str) -> HttpResponse:
    """Swap the link of a mail for a cookie, and go on to an address that opens nothing."""
    opened = _opened_by(public_id, token, is_cookie=False)
    if opened is None:
        return _shut(request)
    chat, until = opened
    place = reverse("chat-page", args=[public_id])
    response = HttpResponseRedirect(place)
    response.set_cookie(
        _COOKIE,
        cookie_for(chat, address_of(chat), until=until),
        max_age=until - int(time.time()),
        path=place,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def _customers(view: View) -> View:
    """Hand the chat to a view, in its language and its brand's time, if the cookie opens it."""

    @wraps(view)
    def guarded(request: HttpRequest, public_id: str, **more: Any) -> HttpResponse | FileResponse:
        opened = _opened_by(public_id, request.COOKIES.get(_COOKIE, ""), is_cookie=True)
        if opened is None:
            return _shut(request)
        chat, _until = opened
        zone = zoneinfo.ZoneInfo(chat.brand.time_zone)
        with translation.override(chat.language), timezone.override(zone):
            return view(request, chat, **more)

    return guarded


@_customers
def chat(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Show the chat; take an answer."""
    if request.method != "POST":
        return _page(request, chat, AnswerForm(), status=200)
    files = {"attached": request.FILES.getlist("attached")}
    form = AnswerForm(request.POST, files, place=place_of(request))
    try:
        spend(CHAT_ANSWERS, f"chat:{chat.pk}")
        if not form.is_valid() or chat.visitor is None:
            return _page(request, chat, form, status=400)
    except TooMany:
        return _page(request, chat, form, status=429)
    said = send_answer(chat, chat.visitor, form.cleaned_data, now=timezone.now())
    if said is None:
        return _page(request, chat, form, status=400)
    place = reverse("chat-page", args=[chat.public_id])
    if isinstance(said, Posted):
        return HttpResponseRedirect(f"{place}#l{said.visitor_seq}")
    ticket = said.ticket
    is_theirs = ticket.address.casefold() == address_of(chat).casefold()
    if not is_theirs:
        return HttpResponseRedirect(place)
    # What the chat's link opens is worn out when the link is.
    held = request.COOKIES.get(_COOKIE, "")
    ends_at = datetime.fromtimestamp(opens(chat, address_of(chat), held, is_cookie=True), UTC)
    return HttpResponseRedirect(page_address(ticket, until=ends_at))


def _page(
    request: HttpRequest, chat: Conversation, form: AnswerForm, *, status: int
) -> HttpResponse:
    context = _thread(chat) | {
        "form": form,
        "is_over": not chat.is_open,
        "is_too_much": status == 429,
        "language": chat.language,
    }
    return render(request, "chat/page/chat.html", context, status=status)


def _thread(chat: Conversation) -> dict[str, Any]:
    newest = list(visible_lines(chat).for_wire().order_by("-visitor_seq")[:LINES_MAX])
    return {
        "chat": chat,
        "brand": chat.brand,
        "lines": lines_of(reversed(newest), chat.brand.name),
        "head": newest[0].visitor_seq if newest else 0,
    }


@require_POST
@_customers
def lines(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Return what was said by now to a page that somebody looks at; so far it is read."""
    try:
        spend(READS, f"chat-page:{chat.pk}")
    except TooMany:
        return HttpResponse(status=429)
    thread = _thread(chat)
    if chat.visitor is not None:
        mark_read(conversation=chat, by=chat.visitor, seq=thread["head"])
    return render(request, "chat/page/lines.html", thread)


@require_safe
@_customers
def file(request: HttpRequest, chat: Conversation, file_id: str) -> FileResponse:
    """Return the bytes of a file that stands on the page."""
    found = files_in(chat).filter(file__public_id=file_id).first()
    if found is None:
        raise Http404
    return file_response(found.file)


@require_safe
@_customers
def colors(request: HttpRequest, chat: Conversation) -> HttpResponse:
    """Return the brand's colours."""
    return HttpResponse(style_sheet(chat.brand), content_type="text/css")

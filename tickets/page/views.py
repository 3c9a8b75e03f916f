"""One ticket for its customer: the public part, an answer, files, close."""

import zoneinfo
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.brands.colors import style_sheet
from agents.files import file_response
from config.files.unchecked import UNCHECKED
from config.web.rate_limits import TICKET_ANSWERS, TICKET_RATINGS, TooMany, place_of, spend
from tickets.mail.send import renew_link, renews_link
from tickets.models import Entry, File, Ticket
from tickets.operations.customers_words import close_by_customer, is_long_done
from tickets.operations.replies import may_leave_at
from tickets.page.answering import AnswerForm, send_answer
from tickets.page.rating import RatingForm, form_for
from tickets.page.rating import rate as keep_rating
from tickets.tokens import is_link_of, opens_page, page_token_like

KEPT_SECONDS = 7 * 24 * 3600
LINES_MAX = 500

type View = Callable[..., HttpResponse | FileResponse]


def _cookie(number: int) -> str:
    return f"imece_t{number}"


def _found(number: int) -> Ticket | None:
    found = Ticket.objects.filter(pk=number, is_spam=False, brand__is_active=True)
    ticket: Ticket | None = found.select_related("brand", "contact").first()
    return ticket


def _shut(request: HttpRequest) -> HttpResponse:
    """Say where a customer's way in is; the usual page for 404 leads to the agents' door."""
    return render(request, "tickets/page/shut.html", status=404)


def _let_in(response: HttpResponse, ticket: Ticket, token: str) -> HttpResponse:
    response.set_cookie(
        _cookie(ticket.pk),
        token,
        max_age=KEPT_SECONDS,
        path=reverse("ticket-page", args=[ticket.pk]),
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """Swap the link of a mail for a cookie, and go on to an address that opens nothing.

    One that is worn out opens nothing; on a press the ticket's customer is mailed a new one.
    """
    ticket = _found(number)
    if ticket is None or not is_link_of(ticket, token):
        return _shut(request)
    if opens_page(ticket, token, now=timezone.now()):
        address = reverse("ticket-page", args=[number])
        return _let_in(HttpResponseRedirect(address), ticket, token)
    can_renew = renews_link(ticket)
    outcome, status = "", 404
    if can_renew and request.method == "POST":
        try:
            renew_link(ticket=ticket)
            outcome, status = "sent", 200
        except TooMany:
            outcome, status = "lately", 429
    context = {"is_worn_out": True, "can_renew": can_renew, "outcome": outcome}
    with translation.override(ticket.language):
        return render(request, "tickets/page/shut.html", context, status=status)


def _customers(view: View) -> View:
    """Hand the ticket to a view, in its language and its brand's time, if the cookie opens it."""

    @wraps(view)
    def guarded(request: HttpRequest, number: int, **more: Any) -> HttpResponse | FileResponse:
        ticket, token = _found(number), request.COOKIES.get(_cookie(number), "")
        if ticket is None or not opens_page(ticket, token, now=timezone.now()):
            return _shut(request)
        zone = zoneinfo.ZoneInfo(ticket.brand.time_zone)
        with translation.override(ticket.language), timezone.override(zone):
            return view(request, ticket, **more)

    return guarded


@_customers
def ticket(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """Show the ticket; take an answer."""
    if request.method != "POST":
        return _page(request, ticket, AnswerForm(), status=200)
    place = place_of(request)
    form = AnswerForm(request.POST, {"attached": request.FILES.getlist("attached")}, place=place)
    try:
        spend(TICKET_ANSWERS, f"ticket:{ticket.pk}")
        if not form.is_valid():
            return _page(request, ticket, form, status=400)
    except TooMany:
        return _page(request, ticket, form, status=429)
    entry = send_answer(ticket, form.cleaned_data, timezone.now())
    address = reverse("ticket-page", args=[entry.ticket_id])
    answer = HttpResponseRedirect(f"{address}#l{entry.seq}")
    if entry.ticket_id == ticket.pk:
        return answer
    # What one ticket's link opens is worn out when the link is.
    token = page_token_like(entry.ticket, request.COOKIES[_cookie(ticket.pk)])
    return _let_in(answer, entry.ticket, token)


def _page(
    request: HttpRequest,
    ticket: Ticket,
    form: AnswerForm,
    *,
    status: int,
    rating: RatingForm | None = None,
) -> HttpResponse:
    context = {
        "rating": rating or form_for(ticket, now=timezone.now()),
        "ticket": ticket,
        "brand": ticket.brand,
        "lines": [_line(entry, ticket) for entry in _public(ticket)],
        "form": form,
        "is_done": ticket.status in (Ticket.Status.RESOLVED, Ticket.Status.CLOSED),
        "is_long_done": is_long_done(ticket, timezone.now()),
        "is_too_much": status == 429,
        "language": ticket.language,
    }
    return render(request, "tickets/page/ticket.html", context, status=status)


def _public(ticket: Ticket) -> list[Entry]:
    """Return what both sides have said, without what an agent can still take back."""
    said = ticket.entries.filter(kind=Entry.Kind.MESSAGE).select_related("agent")
    newest = list(said.prefetch_related("files").order_by("-seq")[:LINES_MAX])
    now = timezone.now()
    return [
        entry
        for entry in reversed(newest)
        if entry.agent is None or entry.client_id is None or may_leave_at(entry) <= now
    ]


def _line(entry: Entry, ticket: Ticket) -> dict[str, Any]:
    is_own = entry.author_kind == Entry.AuthorKind.CUSTOMER
    author = entry.agent.name if entry.agent else ticket.brand.name
    if is_own:
        sender = str(entry.data.get("from", ""))
        is_other = sender and sender.casefold() != ticket.address.casefold()
        author = (entry.data.get("from_name") or sender) if is_other else ""
    return {
        "seq": entry.seq,
        "author": author,
        "is_own": is_own,
        "text": entry.body,
        # Others may write into a ticket: what nobody looked into is named, and not handed on.
        "files": [(file, file.content_type != UNCHECKED) for file in entry.files.all()],
        "at": entry.created_at,
    }


@require_POST
@_customers
def close(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """Close the ticket: the customer needs nothing more."""
    close_by_customer(ticket=ticket, now=timezone.now())
    return HttpResponseRedirect(reverse("ticket-page", args=[ticket.pk]))


@require_POST
@_customers
def rate(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """Keep what the customer thought of the chat that the ticket came from."""
    if form_for(ticket, now=timezone.now()) is None:
        return HttpResponseRedirect(reverse("ticket-page", args=[ticket.pk]))
    form = RatingForm(request.POST)
    try:
        spend(TICKET_RATINGS, f"ticket:{ticket.pk}")
    except TooMany:
        return _page(request, ticket, AnswerForm(), status=429, rating=form)
    if not form.is_valid():
        return _page(request, ticket, AnswerForm(), status=400, rating=form)
    keep_rating(ticket, form.rating, now=timezone.now())
    return HttpResponseRedirect(f"{reverse('ticket-page', args=[ticket.pk])}#rating")


@require_safe
@_customers
def file(request: HttpRequest, ticket: Ticket, public_id: str) -> FileResponse:
    """Return the bytes of a file that stands on the page."""
    shown = {each.pk for each in _public(ticket)}
    files = File.objects.exclude(content_type=UNCHECKED)
    found = files.filter(public_id=public_id, ticket_entries__in=shown).first()
    if found is None:
        raise Http404
    return file_response(found)


@require_safe
@_customers
def colors(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """Return the brand's colours."""
    return HttpResponse(style_sheet(ticket.brand), content_type="text/css")

"""The pages of customers: the list, one customer beside it, and notes about them."""

from typing import Any
from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from agents.access import Access, access_of
from agents.callers import signed_in
from agents.console.answers import answer_events
from agents.console.frame import Frame, frame_of
from config.text.cleaning import key_of
from tickets.console.access import CHANGED
from tickets.console.lines import face
from tickets.models import Contact, Identity
from tickets.models.contact_note import NOTE_MAX
from tickets.operations.apart import tell_apart
from tickets.operations.contacts import InvalidNote, add_contact_note
from tickets.queries.customers import called, customers_of, name_known, page_of, with_identities
from tickets.queries.likeness import others_like
from tickets.queries.merges import undoable_merges
from tickets.queries.timeline import BadPlace, timeline_of
from tickets.rights import (
    CustomerNotAuthorised,
    brands_met,
    may_correct,
    may_make_one,
    may_see_customers,
    may_work_on_customers,
)

# What the filter by proof says.
_PROVEN = {"yes": True, "no": False}

_fresh = cache_control(private=True, no_cache=True)


@login_required
@require_GET
@_fresh
def customers(request: HttpRequest) -> HttpResponse:
    """Show the list; `part=page` is the next rows."""
    frame = customers_frame(request)
    context = listed(request, frame)
    if request.GET.get("part") == "page":
        return render(request, "tickets/customers.html#rows", context)
    return render(request, "tickets/customers.html", context)


@login_required
@require_GET
@_fresh
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one customer beside the list; `part=timeline` is what happened before."""
    frame = customers_frame(request)
    contact = with_identities(customers_of(frame.access), frame.access).filter(pk=pk).first()
    if contact is None:
        # Links to somebody who was merged lead on.
        seen = customers_of(frame.access).values("pk")
        merged = get_object_or_404(Contact.objects.filter(merged_into__in=seen), pk=pk)
        return redirect("customer", pk=merged.merged_into_id)
    context = opened(request, frame.access, contact)
    if request.GET.get("part") == "timeline":
        return render(request, "tickets/customer.html#rows", context)
    return render(request, "tickets/customers.html", context | listed(request, frame))


@login_required
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Note something about a customer."""
    agent = signed_in(request)
    contact = visible_or_404(access_of(agent), pk)
    text = request.POST.get("text", "")
    try:
        add_contact_note(
            contact=contact,
            text=text,
            client_id=request.POST.get("cid", ""),
            by=agent,
            now=timezone.now(),
        )
    except InvalidNote:
        frame = customers_frame(request)
        context = opened(request, frame.access, contact) | listed(request, frame)
        error = _("A note has 1 to {n} characters.").format(n=NOTE_MAX)
        return render(
            request,
            "tickets/customers.html",
            context | {"error": error, "text": text[:NOTE_MAX]},
            status=400,
        )
    except CustomerNotAuthorised:
        raise Http404 from None
    return HttpResponseRedirect(reverse("customer", args=[pk]))


@login_required
@require_POST
def apart(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that another customer, who gave the same, is somebody else."""
    agent = signed_in(request)
    access = access_of(agent)
    contact = visible_or_404(access, pk)
    other = visible_or_404(access, key_of(request.POST.get("other", "")) or 0)
    try:
        tell_apart(contact=contact, other=other, by=agent, now=timezone.now())
    except CustomerNotAuthorised:
        raise Http404 from None
    if request.headers.get("HX-Request"):
        return answer_events(CHANGED)
    return HttpResponseRedirect(reverse("customer", args=[pk]))


def customers_frame(request: HttpRequest) -> Frame:
    """Return the frame of who meets customers; else there is no such page."""
    frame = frame_of(request, area="customer")
    if not may_see_customers(frame.access):
        raise Http404
    return frame


def visible_or_404(access: Access, pk: int) -> Contact:
    """Return a customer whom the agent may see; else there is none."""
    found = with_identities(customers_of(access), access).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def listed(request: HttpRequest, frame: Frame) -> dict[str, Any]:
    """Return what the list needs."""
    words = request.GET.get("q", "")[:200]
    # Of somebody's only brand are all whom they meet.
    brand = frame.brand if len(frame.brands) > 1 else None
    proven = request.GET.get("verified", "")
    found = customers_of(frame.access, words=words, brand=brand, are_proven=_PROVEN.get(proven))
    if brands_met(frame.access) is not None:
        # Of whom not everything may be shown.
        found = with_identities(found, frame.access)
    page = page_of(found, after=request.GET.get("after", ""))
    wishes = {"q": words, "brand": str(brand.pk) if brand else "", "verified": proven}
    kept = {name: value for name, value in wishes.items() if value}
    more = urlencode({**kept, "part": "page", "after": page.after})
    return {
        "frame": frame,
        "people": [person_shown(frame.access, each) for each in page.customers],
        "words": words,
        "verified": proven,
        "is_narrowed": bool(kept),
        "kept": f"?{urlencode(kept)}" if kept else "",
        "more_url": f"{reverse('customers')}?{more}" if page.after else "",
    }


def opened(request: HttpRequest, access: Access, contact: Contact) -> dict[str, Any]:
    """Return what the page of one customer needs beside the list."""
    try:
        page = timeline_of(access, contact.pk, before=request.GET.get("before", ""))
    except BadPlace:
        raise Http404 from None
    name, _reached = called(access, contact)
    earlier = urlencode({"part": "timeline", "before": page.before})
    return {
        "contact": contact,
        "name": name,
        "face": face(name, f"contact{contact.pk}"),
        "known_by": [
            each for each in contact.identities.all() if each.kind != Identity.Kind.VISITOR
        ],
        "timeline": page.rows,
        "earlier_url": f"{reverse('customer', args=[contact.pk])}?{earlier}" if page.before else "",
        "may_work": may_work_on_customers(access),
        "may_correct": may_correct(access, contact),
        "may_merge": may_make_one(access, contact),
        "likes": others_like(access, [contact.pk], contact.identities.all()).get(contact.pk, []),
        "merges": [
            {
                "pk": each.pk,
                "name": name_known(access, each.other),
                "agent": each.agent,
                "at": each.created_at,
            }
            for each in undoable_merges(contact, timezone.now())
        ],
        "cid": uuid4().hex,
        "note_max": NOTE_MAX,
    }


def person_shown(access: Access, contact: Contact) -> dict[str, Any]:
    """Return what a list shows of a customer."""
    name, reached = called(access, contact)
    return {
        "row": contact,
        "name": name,
        "reached": reached,
        "face": face(name, f"contact{contact.pk}"),
    }


def name_of(contact: Contact) -> str:
    """Return what agents call somebody."""
    return contact.name or contact.email or contact.phone or f"#{contact.pk}"

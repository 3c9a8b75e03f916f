"""The page on which two customers become one: who, what stays, and what moves; and back."""

from collections import Counter
from contextlib import suppress
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agents.access import Access, access_of
from agents.callers import signed_in
from config.text.cleaning import key_of
from tickets.console.customers import (
    customers_frame,
    listed,
    name_of,
    person_shown,
    visible_or_404,
)
from tickets.models import Contact, Merge
from tickets.operations.merging import (
    FIELDS,
    NotMergeable,
    NotUndoable,
    merge_contacts,
    undo_merge,
)
from tickets.queries.customers import customers_of, with_identities
from tickets.queries.likeness import others_like
from tickets.queries.timeline import timeline_of
from tickets.rights import OTHERS_ANSWER, answers_all_of, may_make_one, may_merge

_FOUND = 20


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask who it is, then show what stays and what moves; POST does it."""
    frame = customers_frame(request)
    contact = visible_or_404(frame.access, pk)
    if not may_make_one(frame.access, contact):
        raise Http404
    wish = request.POST if request.method == "POST" else request.GET
    wished = _wished(frame.access, contact, wish.get("other", ""))
    other = wished if wished is not None and may_make_one(frame.access, wished) else None
    error = ""
    if wished is not None and not answers_all_of(frame.access, wished):
        error = str(OTHERS_ANSWER)
    if request.method == "POST" and other is not None:
        survivor = other if request.POST.get("survivor") == str(other.pk) else contact
        gone = contact if survivor is other else other
        keep = {
            name: "other" if request.POST[name] == str(gone.pk) else "this"
            for name in FIELDS
            if name in request.POST
        }
        try:
            merge_contacts(
                survivor=survivor,
                other=gone,
                keep=keep,
                by=signed_in(request),
                now=timezone.now(),
            )
        except NotMergeable:
            error = _("One of them was merged meanwhile.")
        else:
            return redirect("customer", pk=survivor.pk)
    context = listed(request, frame) | {"contact": contact, "name": name_of(contact)}
    context |= {"merging": True, "error": error}
    if other is None:
        words = request.GET.get("who", "")[:200]
        context |= {"who": words, "candidates": _candidates(frame.access, contact, words)}
    else:
        context |= {"other": other} | _compared(frame.access, contact, other)
    return render(request, "tickets/customers.html", context, status=409 if error else 200)


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Make them two again."""
    agent = signed_in(request)
    access = access_of(agent)
    found = Merge.objects.filter(pk=pk, survivor__in=customers_of(access).values("pk")).first()
    if found is None or not may_merge(access):
        raise Http404
    # Whether it can still be undone, the page says.
    with suppress(NotUndoable):
        undo_merge(merge=found, by=agent, now=timezone.now())
    return redirect("customer", pk=found.survivor_id)


def _wished(access: Access, contact: Contact, key: str) -> Contact | None:
    others = customers_of(access).exclude(pk=contact.pk)
    found: Contact | None = others.filter(pk=key_of(key) or 0).first()
    return found


def _candidates(access: Access, contact: Contact, words: str) -> list[dict[str, Any]]:
    """Return who it may be: those that are searched for, else who is known by the same."""
    if words.strip():
        rows = with_identities(customers_of(access, words=words), access).exclude(pk=contact.pk)
        found = rows.order_by("-pk")[:_FOUND]
        return [person_shown(access, row) for row in found if may_make_one(access, row)]
    likes = others_like(access, [contact.pk]).get(contact.pk, [])
    return [
        person_shown(access, each.contact) | {"because": each.because}
        for each in likes
        if may_make_one(access, each.contact)
    ]


def _compared(access: Access, contact: Contact, other: Contact) -> dict[str, Any]:
    """Return both beside each other: their fields, and what is theirs as far as one may see."""
    fields = []
    for name in FIELDS:
        own, theirs = getattr(contact, name), getattr(other, name)
        if own or theirs:
            fields.append(
                {
                    "name": name,
                    "label": getattr(Contact._meta.get_field(name), "verbose_name", name),
                    "is_same": own == theirs,
                    "choices": [
                        (contact.pk, _written(contact, name), bool(own)),
                        (other.pk, _written(other, name), not own),
                    ],
                }
            )
    people = [
        person_shown(access, each) | {"counts": _counts(access, each)} for each in (contact, other)
    ]
    return {"fields": fields, "people_compared": people}


def _written(contact: Contact, name: str) -> str:
    """Return a field as people read it."""
    label = getattr(contact, f"get_{name}_display", None)
    return str(label() if label else getattr(contact, name))


def _counts(access: Access, contact: Contact) -> dict[str, str]:
    page = timeline_of(access, contact.pk)
    more = "+" if page.before else ""
    counts = Counter(row.kind.value for row in page.rows)
    return {kind: f"{number}{more}" for kind, number in counts.items()}

"""Tickets that agents open by hand, such as after a call."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents.callers import signed_in
from agents.models import Agent, Brand, Topic
from config.text.alphabet import in_alphabet
from config.text.cleaning import key_of
from tickets.console.access import desk_frame
from tickets.console.pages import listed
from tickets.models import Ticket
from tickets.operations.contacts import create_contact
from tickets.operations.entries import Said
from tickets.operations.tickets import SUBJECT_MAX, open_ticket
from tickets.queries.choices import topic_choices
from tickets.rights import may_open


class NewTicketForm(forms.Form):
    """Who called, and about what."""

    brand = forms.ModelChoiceField(
        Brand.objects.none(), label=gettext_lazy("Brand"), empty_label=None
    )
    name = forms.CharField(max_length=120, label=gettext_lazy("Customer"))
    phone = forms.CharField(max_length=32, required=False, label=gettext_lazy("Phone"))
    email = forms.EmailField(max_length=254, required=False, label=gettext_lazy("E-mail"))
    topic = forms.ChoiceField(required=False, label=gettext_lazy("Topic"))
    subject = forms.CharField(max_length=SUBJECT_MAX, label=pgettext_lazy("ticket", "Subject"))
    type = forms.ChoiceField(choices=Ticket.Type, label=gettext_lazy("Type"))
    priority = forms.ChoiceField(
        choices=Ticket.Priority, initial=Ticket.Priority.NORMAL, label=gettext_lazy("Priority")
    )
    text = forms.CharField(
        max_length=10_000,
        label=gettext_lazy("What the customer said"),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    mine = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("I work on it myself")
    )
    cid = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, brands: list[Brand], **options: Any) -> None:
        super().__init__(*args, **options)
        ids = [brand.pk for brand in brands]
        fields: dict[str, Any] = self.fields
        ours = Brand.objects.filter(pk__in=ids)
        fields["brand"].queryset = ours.order_by(in_alphabet(ours))
        if len(ids) == 1:
            fields["brand"].widget = forms.HiddenInput()
        groups = topic_choices(ids)
        flat = next(iter(groups.values()), []) if len(groups) < 2 else list(groups.items())
        fields["topic"].choices = [("", "–"), *flat]

    def clean_topic(self) -> Topic | None:
        """Return the topic, which is one of the brand's."""
        key = key_of(self.cleaned_data["topic"])
        topic = Topic.objects.filter(pk=key).first() if key else None
        brand = self.cleaned_data.get("brand")
        if topic is not None and brand is not None and topic.brand_id != brand.pk:
            raise forms.ValidationError(_("This topic belongs to another brand."))
        return topic


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Open a ticket by hand."""
    frame = desk_frame(request)
    ours = [brand for brand in frame.brands if may_open(frame.access, brand.pk)]
    if not ours:
        raise Http404
    chosen = next((brand for brand in ours if brand.pk == frame.brand_id), ours[0])
    first = {"cid": str(uuid.uuid4()), "brand": chosen.pk}
    form = NewTicketForm(request.POST or None, initial=first, brands=ours)
    if form.is_valid():
        ticket = _open(form.cleaned_data, by=signed_in(request))
        return redirect("ticket", number=ticket.pk)
    context = listed(request, frame) | {"form": form, "ticket": None}
    return render(request, "tickets/new.html", context, status=400 if form.errors else 200)


def _open(said: dict[str, Any], *, by: Agent) -> Ticket:
    now = timezone.now()
    brand: Brand = said["brand"]
    key = f"agent:{by.pk}:{said['cid']}"
    language = brand.default_language
    contact = create_contact(
        name=said["name"],
        email=said["email"],
        phone=said["phone"],
        language=language,
        brand=brand,
        now=now,
    )
    return open_ticket(
        brand=brand,
        contact=contact,
        topic=said["topic"],
        subject=said["subject"],
        said=[Said(body=said["text"], at=now)],
        language=language,
        source=Ticket.Source.PHONE,
        data={},
        origin_key=key,
        by=by,
        now=now,
        kind=said["type"],
        priority=said["priority"],
        assignee=by if said["mine"] else None,
    )

"""The dialog in which agents correct a customer, from a page, a ticket or a chat."""

from collections.abc import Collection
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agents.access import access_of
from agents.callers import signed_in
from agents.console.answers import answer_events, with_events
from agents.models import Language
from config.mail import readable_address
from tickets.console.customers import name_of, opened, visible_or_404
from tickets.models import Contact
from tickets.models.contact_note import NOTE_MAX
from tickets.operations.contacts import add_contact_note, change_contact
from tickets.queries.customers import email_known, phone_known
from tickets.rights import OTHERS_ANSWER, CustomerNotAuthorised, answers_all_of, may_correct

_FIELDS = ("name", "email", "phone", "language")


class CustomerForm(forms.Form):
    """Who somebody is, how they are reached, and what colleagues should know."""

    name = forms.CharField(max_length=120, required=False, label=gettext_lazy("Name"))
    email = forms.EmailField(max_length=254, required=False, label=gettext_lazy("E-mail"))
    phone = forms.CharField(
        max_length=32,
        required=False,
        label=gettext_lazy("Phone"),
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    language = forms.ChoiceField(
        choices=Language, required=False, label=gettext_lazy("Language of our e-mails")
    )
    note = forms.CharField(
        max_length=NOTE_MAX,
        required=False,
        label=gettext_lazy("Note for the team"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    cid = forms.CharField(max_length=64, widget=forms.HiddenInput, initial=lambda: uuid4().hex)

    def __init__(
        self, *args: Any, signed: Collection[str] = (), is_ours: bool = True, **options: Any
    ) -> None:
        options.setdefault("auto_id", "edit-%s")
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            field.widget.attrs |= {"autocomplete": "off"}
            if name != "language":
                field.widget.attrs["dir"] = "auto"
        for name in signed:
            # What the brand's server vouches for is not corrected here.
            self.fields[name].disabled = True
        # Where they are reached: colleagues answer there, too.
        self.why_shut = OTHERS_ANSWER
        self.shut = () if is_ours else {"email", "phone"} - set(signed)
        for name in self.shut:
            self.fields[name].disabled = True
        if not self.initial.get("language"):
            self.fields["language"].widget.choices = [("", "–"), *Language.choices]

    def clean_email(self) -> str:
        """Return the address in the one spelling in which mails are counted."""
        given: str = self.cleaned_data["email"]
        try:
            return readable_address(given) if given else ""
        except ValueError:
            raise forms.ValidationError(_("Please check the e-mail address.")) from None

    def clean_phone(self) -> str:
        """Refuse what nobody could dial."""
        given: str = self.cleaned_data["phone"].strip()
        if given and not any(sign.isdigit() for sign in given):
            raise forms.ValidationError(_("A phone number has digits."))
        return given

    @property
    def changes(self) -> dict[str, str]:
        """Return what is another than the agent was shown."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in _FIELDS}


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what is right about a customer, and correct it; `page` comes from their own page."""
    agent = signed_in(request)
    access = access_of(agent)
    contact = visible_or_404(access, pk)
    if not may_correct(access, contact):
        raise Http404
    now = timezone.now()
    known = {
        "name": contact.name,
        "email": email_known(access, contact),
        "phone": phone_known(access, contact),
        "language": contact.language,
    }
    is_ours = answers_all_of(access, contact)
    form = CustomerForm(request.POST or None, initial=known, is_ours=is_ours)
    if not form.is_valid():
        at_page = "page" in (request.GET if request.method == "GET" else request.POST)
        return ask(request, form, contact, reverse("customer-edit", args=[pk]), at_page=at_page)
    try:
        changed = change_contact(contact=contact, by=agent, changes=form.changes, now=now)
        keep_note(changed, form, request)
    except CustomerNotAuthorised:
        raise Http404 from None
    if "page" not in request.POST:
        return done(changed)
    fresh = visible_or_404(access, pk)
    answer = render(request, "tickets/customer.html", opened(request, access, fresh))
    answer["HX-Retarget"], answer["HX-Reswap"] = "#customer-sheet", "outerHTML"
    return with_events(answer, _told(changed))


def ask(
    request: HttpRequest, form: CustomerForm, contact: Contact | None, url: str, *, at_page: bool
) -> HttpResponse:
    """Show the dialog, with what is wrong beside each field; the first of them has the focus."""
    for name in list(form.errors)[:1]:
        form.fields[name].widget.attrs["autofocus"] = True
    context = {
        "form": form,
        "url": url,
        "at_page": at_page,
        "is_proven": contact is not None and contact.is_email_verified,
    }
    return render(request, "tickets/customer_edit.html", context)


def keep_note(contact: Contact, form: CustomerForm, request: HttpRequest) -> None:
    """Keep what was noted along with it."""
    given = form.cleaned_data
    if given["note"]:
        add_contact_note(
            contact=contact,
            text=given["note"],
            client_id=given["cid"],
            by=signed_in(request),
            now=timezone.now(),
        )


def done(contact: Contact, *, chat: str = "") -> HttpResponse:
    """Answer that it is done: the dialog closes, and screens look again."""
    return answer_events(_told(contact, chat=chat))


def _told(contact: Contact, *, chat: str = "") -> dict[str, Any]:
    shown = {"id": str(contact.pk), "name": name_of(contact), "email": contact.email}
    return {"console:changed": {"id": chat}, "ticket:changed": {}, "customer:changed": shown}

"""The mailboxes of brands: what their servers are, and how they are doing."""

import time
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ANYWHERE, ImeceAdmin, copyable
from agents.callers import signed_in
from agents.models import Brand
from config.mail import is_address, mailbox, own_spelling
from config.text.alphabet import in_alphabet
from tickets.mail.inbound.fetching import PAUSE, WANTS_A_PERSON, fetch
from tickets.mail.trying import send_test
from tickets.mail.words import reason, state_of_listening, state_of_server
from tickets.models import Delivery, Mailbox
from tickets.operations.mailbox_secrets import make_hook_secret
from tickets.operations.waiting import hasten_mails

# Addresses that are forwarded to one mailbox.
ALSO_MAX = 20

if TYPE_CHECKING:
    _MailboxForm = forms.ModelForm[Mailbox]
else:
    _MailboxForm = forms.ModelForm


class AddressesField(forms.CharField):
    """A list of addresses as text, one on each line."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "code"})

    def prepare_value(self, value: Any) -> Any:
        """Show the list line by line; show what was typed as it was typed."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the list."""
        lines = str(super().to_python(value) or "").replace(",", "\n").splitlines()
        typed = list(dict.fromkeys(own_spelling(line) for line in lines if line.strip()))
        if len(typed) > ALSO_MAX:
            text = gettext("At most %(count)d addresses.") % {"count": ALSO_MAX}
            raise forms.ValidationError(text, code="too_many")
        return [_address(each) for each in typed]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare lists, not spellings."""
        return super().has_changed("\n".join(initial or []), data)


def _address(typed: str) -> str:
    """Return an address as mail servers write it; refuse what no mail can come from."""
    if len(typed) > 254 or not is_address(typed):
        raise forms.ValidationError(_("This is not an e-mail address."), code="invalid")
    return mailbox(typed)


class MailboxForm(_MailboxForm):
    """A mailbox in plain words."""

    also_at = AddressesField(
        label=capfirst(_("also reached at")),
        required=False,
        help_text=_(
            "One address per line whose mail is forwarded to this mailbox, such as"
            " info@example.com. Nobody is answered there, and it never becomes a copy."
        ),
    )

    class Meta:
        model = Mailbox
        exclude: tuple[str, ...] = ()
        help_texts = {
            "address": _("Answers to tickets of the brand come from this address."),
            "display_name": _("What customers read as the sender. Empty: the brand's name."),
            "signature_tr": _("Stands below every answer to a Turkish ticket."),
            "signature_en": _("Stands below every answer to an English ticket."),
            "has_plus": _(
                "Mail to name+anything@… arrives here too, as with Gmail and Microsoft 365. Answers"
                " then find their ticket even when a mail programme loses the thread."
            ),
            "acknowledges": _(
                "Who opens a ticket by e-mail gets one e-mail with its number; a machine never"
                " does, and one address at most every ten minutes."
            ),
            "smtp_host": _("Such as smtp.example.com. Empty: the server of the installation."),
            "smtp_user": _("Empty: the server asks for none."),
            "imap_host": _("Such as imap.example.com. Empty: no mail is fetched."),
            "auth_server": _(
                "Whose “Authentication-Results” say whether senders are who they say: the first"
                " word of that header. Empty: the address's own domain, or the known name of a"
                " large service."
            ),
            "imap_folder": _(
                "What arrives there from now on is taken in; what lies there already is not."
            ),
        }
        widgets = {
            "signature_tr": forms.Textarea(attrs={"rows": 3, "lang": "tr"}),
            "signature_en": forms.Textarea(attrs={"rows": 3, "lang": "en"}),
        }

    def clean_address(self) -> str:
        """Refuse what no mail can come from."""
        return _address(own_spelling(self.cleaned_data["address"]))

    def clean(self) -> Any:
        """Have the password entered again for another server: whoever names one must not be told
        by it what no page shows."""
        given = super().clean()
        for side in ("smtp", "imap"):
            password = f"{side}_password"
            names = {f"{side}_{name}" for name in ("host", "port", "security")}
            is_moved = self.cleaned_data.get(f"{side}_host") and names & set(self.changed_data)
            is_kept = getattr(self.instance, password) and not self.cleaned_data.get(password)
            if is_moved and is_kept:
                self.add_error(
                    password,
                    forms.ValidationError(
                        _("The server is another one: please enter its password again."),
                        code="other_server",
                    ),
                )
        return given

    def clean_smtp_port(self) -> int:
        """Refuse a port that there isn't."""
        return self._port("smtp_port")

    def clean_imap_port(self) -> int:
        """Refuse a port that there isn't."""
        return self._port("imap_port")

    def _port(self, name: str) -> int:
        port: int = self.cleaned_data[name]
        if not 0 < port < 65536:
            raise forms.ValidationError(_("Ports are numbers from 1 to 65535."), code="range")
        return port


@admin.register(Mailbox)
class MailboxAdmin(ImeceAdmin):
    """Mailboxes, each with the state of its servers."""

    form = MailboxForm
    list_display = ["address", "brand", "sending", "reading"]
    list_select_related = ["brand"]
    search_fields = ["address", "brand__name"]
    ordering = ["address"]
    readonly_fields = ["sending", "reading", "listening", "hook"]
    actions = ["test_sending", "fetch_now", "new_secret"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    *("brand", "address", "also_at", "display_name"),
                    *("signature_tr", "signature_en", "has_plus", "acknowledges"),
                ]
            },
        ),
        (
            _("Sending"),
            {
                "fields": [
                    *("smtp_host", "smtp_port", "smtp_security"),
                    *("smtp_user", "smtp_password", "sending"),
                ],
                "description": _(
                    "Save, then choose “Send a test e-mail to me” on this page. Gmail wants an app"
                    " password, not that of the account. Where Microsoft 365 refuses the password,"
                    " name another server that may send for the address, or none."
                ),
            },
        ),
        (
            _("Reading"),
            {
                "fields": [
                    *("imap_host", "imap_port", "imap_security"),
                    *("imap_user", "imap_password", "imap_folder", "reading"),
                    *("listening", "auth_server"),
                ],
                "description": _(
                    "By IMAP: at once where the server tells of new mail, else every minute. Save,"
                    " then choose “Fetch now” to try it. Gmail wants an app password, not that of"
                    " the account. Microsoft 365 and Outlook.com let nobody in by password, only by"
                    " OAuth2, which İmece does not speak: have their mail forwarded to a mailbox"
                    " that can be read, or brought as below."
                ),
            },
        ),
        (
            _("Mail that a server brings"),
            {
                "classes": ["collapse"],
                "fields": ["hook"],
                "description": _(
                    "A mail server or service that can call an address brings whole mails there."
                    " Choose “Make a secret for bringing mail” on this page; it is shown once."
                ),
            },
        ),
    ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the brands that have none; the page of a mailbox keeps its own."""
        if db_field.name == "brand":
            shown = getattr(request.resolver_match, "kwargs", {}).get("object_id")
            free = Brand.objects.filter(mailbox=None)
            if shown and str(shown).isdecimal():
                free |= Brand.objects.filter(mailbox=int(shown))
            kwargs["queryset"] = free.order_by(in_alphabet(free))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save what was typed, and nothing of how far the fetcher is meanwhile."""
        if change:
            # What was wrong is tried at the next minute: it may have been mended elsewhere.
            obj.fetch_error_at = None
            changed = [*form.changed_data, "fetch_error_at"]
            if any(name.startswith("imap_") for name in changed):
                # Another server may tell of new mail.
                obj.listening_error = ""
                changed.append("listening_error")
            obj.save(update_fields=changed)
            if any(name.startswith("smtp_") for name in changed):
                hasten_mails(mailbox=obj, now=timezone.now())
            self.note(request, "changed", obj, fields=form.changed_data)
        else:
            super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A mailbox stays with its brand."""
        return False

    @admin.display(description=pgettext_lazy("mailbox", "sending"))
    def sending(self, own: Mailbox) -> str:
        """How its server is doing."""
        if own.pk is None:
            return "—"
        return state_of_server(own.send_error, _moment(own.send_error_at), _moment(own.sent_at))

    @admin.display(description=_("reading"))
    def reading(self, own: Mailbox) -> str:
        """How fetching is doing."""
        if own.pk is None or not own.imap_host:
            return "—"
        error_at, worked_at = _moment(own.fetch_error_at), _moment(own.fetched_at)
        state = state_of_server(own.fetch_error, error_at, worked_at)
        if own.fetch_error not in WANTS_A_PERSON or own.fetch_error_at is None:
            return state
        pause = gettext(
            "%(state)s It is asked again every %(minutes)d minutes, or when you save or fetch now."
        )
        return pause % {"state": state, "minutes": PAUSE.total_seconds() // 60}

    @admin.display(description=_("new mail comes"))
    def listening(self, own: Mailbox) -> str:
        """How soon new mail is there."""
        if own.pk is None or not own.imap_host:
            return "—"
        return state_of_listening(own, _moment(own.listening_since), timezone.now())

    @admin.display(description=_("address for bringing mail"))
    def hook(self, own: Mailbox) -> str:
        """Where a server brings mail, and whether it can."""
        if own.pk is None or not own.hook_secrets:
            return "—"
        url = settings.PUBLIC_URL + reverse("mail-hook", args=[own.hook_id])
        return copyable(url, gettext("address for bringing mail"))

    @admin.action(
        description=_("Make a secret for bringing mail"),
        permissions=["change"],
        location=ANYWHERE,
    )
    def new_secret(self, request: HttpRequest, queryset: QuerySet[Mailbox]) -> None:
        """Show a new secret this once; the one before it counts until the next is made."""
        for own in queryset[:1]:
            secret = make_hook_secret(mailbox=own)
            self.note(request, "secret_made", own)
            text = gettext("Copy the secret now; it is not shown again: %(secret)s")
            self.message_user(request, text % {"secret": secret}, messages.SUCCESS)

    @admin.action(description=_("Fetch now"), permissions=["change"], location=ANYWHERE)
    def fetch_now(self, request: HttpRequest, queryset: QuerySet[Mailbox]) -> None:
        """Read mailboxes while the admin waits, and say how it went."""
        for own in queryset.select_related("brand").exclude(imap_host="")[:5]:
            before = own.mails.count()
            error = fetch(own, ends=time.monotonic() + 10)
            if error:
                self.message_user(request, f"{own.brand} ({own}): {reason(error)}", messages.ERROR)
                continue
            text = ngettext(
                "It works: %(count)d new mail.",
                "It works: %(count)d new mails.",
                count := own.mails.count() - before,
            )
            told = f"{own.brand} ({own}): {text % {'count': count}}"
            self.message_user(request, told, messages.SUCCESS)

    @admin.action(
        description=_("Send a test e-mail to me"), permissions=["change"], location=ANYWHERE
    )
    def test_sending(self, request: HttpRequest, queryset: QuerySet[Mailbox]) -> None:
        """Send a mail to whoever asks, now, and say what the server said."""
        to = signed_in(request).email
        for own in queryset.select_related("brand")[:5]:
            outcome = send_test(own=own, to=to)
            if outcome.state == Delivery.State.SENT:
                text = gettext("The server took the test e-mail to %(to)s.") % {"to": to}
                self.message_user(request, f"{own.brand} ({own}): {text}", messages.SUCCESS)
                continue
            said = f" ({outcome.detail})" if outcome.detail else ""
            self.message_user(
                request, f"{own.brand} ({own}): {reason(outcome.code)}{said}", messages.ERROR
            )


def _moment(at: Any) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT") if at else ""

"""The part of a brand's page about visitors who are signed in on the brand's own site."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin, copyable
from agents.callers import signed_in
from agents.models import Brand, IdentitySecret
from agents.operations import add_identity_secret, delete_identity_secret

if TYPE_CHECKING:
    _BrandForm = forms.ModelForm[Brand]
    _Choices = forms.ModelMultipleChoiceField[IdentitySecret]
else:
    _BrandForm = forms.ModelForm
    _Choices = forms.ModelMultipleChoiceField

# Python, with PyJWT; docs/embedding.md has it for Node too.
_SERVER = """\
# pip install pyjwt
token = jwt.encode(
    {
        "aud": "SITE_KEY",
        "sub": str(customer.id),         # who it is; never changes
        "exp": int(time.time()) + 3600,  # at most one hour ahead
        "name": customer.name,           # these three may be left out
        "email": customer.email,
        "phone": customer.phone,
    },
    os.environ["IMECE_IDENTITY_SECRET"],
    algorithm="HS256",
)"""
_PAGE = """\
window.Imece = window.Imece || [];
Imece.push(["identify", "TOKEN"]);

// When the customer signs out:
Imece.push(["shutdown"]);"""

IDENTITY_FIELDS: Any = (
    _("Signed-in visitors"),
    {
        # For whoever programs the site; nobody else needs to see past it.
        "classes": ["collapse"],
        "fields": [
            "identity_secrets",
            "new_identity_secret",
            "old_identity_secrets",
            "server_sample",
            "page_sample",
        ],
        "description": _(
            "When your customers sign in on your site, its server can vouch for who they are. "
            "Agents then see a verified name and the customer's chats from other devices. Give the "
            "secret only to whoever runs that server: it must never stand in a page."
        ),
    },
)


def stored_key(brand: Brand) -> str:
    """Return the site key that works; a refused form leaves another on `brand`."""
    return Brand.objects.values_list("site_key", flat=True).get(pk=brand.pk)


class _Secrets(_Choices):
    def label_from_instance(self, secret: IdentitySecret) -> str:
        return _name(secret)


def _name(secret: IdentitySecret) -> str:
    """Return how the page calls a secret: by its day, never by its value."""
    day = date_format(timezone.localtime(secret.created_at), "DATETIME_FORMAT")
    return gettext("Made on %(day)s") % {"day": day}


class IdentityForm(_BrandForm):
    """Making and deleting secrets along with the rest of the brand."""

    new_identity_secret = forms.BooleanField(
        label=_("Make a new secret"),
        required=False,
        help_text=_(
            "To change it without interruption: make a new one, give it to whoever runs the site, "
            "and delete the old one once the site signs with the new one."
        ),
    )
    old_identity_secrets = _Secrets(
        IdentitySecret.objects.none(),
        label=_("Delete secrets"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What is signed with a deleted secret is refused at once."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices: Any = self.fields["old_identity_secrets"]
        choices.queryset = IdentitySecret.objects.filter(brand=self.instance.pk).order_by("pk")
        if self.instance.pk is None or not choices.queryset:
            choices.widget = forms.MultipleHiddenInput()

    def clean(self) -> dict[str, Any]:
        """Refuse a third secret."""
        data = super().clean() or self.cleaned_data
        held = IdentitySecret.objects.filter(brand=self.instance.pk).count()
        kept = held - len(data.get("old_identity_secrets") or ())
        if data.get("new_identity_secret") and kept >= IdentitySecret.MAX:
            self.add_error("new_identity_secret", _("Two secrets work already: delete one first."))
        return data


class IdentityAdmin(ImeceAdmin):
    """Shows a brand's secrets and what its site has to do with them."""

    identity_readonly = ("identity_secrets", "server_sample", "page_sample")

    @admin.display(description=_("Secrets"))
    def identity_secrets(self, brand: Brand) -> SafeString | str:
        """The keys that work, to copy."""
        held = brand.identity_secrets.order_by("pk") if brand.pk else ()
        lines = format_html_join(
            "",
            "<li>{}{}</li>",
            ((copyable(secret.value, _name(secret)), _name(secret)) for secret in held),
        )
        return format_html('<ul class="secrets">{}</ul>', lines) if lines else "—"

    @admin.display(description=_("Sample for the site's server (Python)"))
    def server_sample(self, brand: Brand) -> SafeString | str:
        """Signing."""
        if not brand.pk:
            return str(_("Save the brand first."))
        text = _SERVER.replace("SITE_KEY", stored_key(brand))
        return copyable(text, _("Sample for the site's server (Python)"), rows=text.count("\n") + 1)

    @admin.display(description=_("Sample for the page"))
    def page_sample(self, brand: Brand) -> SafeString:
        """Telling the widget."""
        return copyable(_PAGE, _("Sample for the page"), rows=_PAGE.count("\n") + 1)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and delete and make secrets as asked."""
        super().save_model(request, obj, form, change)
        for secret in form.cleaned_data["old_identity_secrets"]:
            delete_identity_secret(secret=secret, by=signed_in(request))
        if form.cleaned_data["new_identity_secret"]:
            add_identity_secret(brand=obj, by=signed_in(request), now=timezone.now())

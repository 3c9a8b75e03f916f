"""Brands."""

import re
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import AnnouncedAdmin, copyable, listed
from agents.admin.brand_texts import TextInline
from agents.admin.hours import HoursPages
from agents.admin.identities import IDENTITY_FIELDS, IdentityAdmin, IdentityForm, stored_key
from agents.admin.kept import KeptAdmin
from agents.audit import record
from agents.brands.origins import clean_origins
from agents.callers import signed_in
from agents.hours.zones import ZoneField
from agents.images import fitted_picture
from agents.models import Agent, Brand, Role, Team
from agents.operations import renew_limits, set_members
from agents.operations.hours import hours_changed
from config.files.kinds import ACCEPT_PICTURES
from config.files.pictures import Pay, pay_nothing
from config.text.alphabet import in_alphabet
from config.text.folding import by_name, sort_key
from config.web.rate_limits import PICTURE_SECONDS, TooMany, place_of, spend


class OriginsField(forms.CharField):
    """A list of origins as text, one on each line."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "code"})

    def prepare_value(self, value: Any) -> Any:
        """Show the list line by line; show what was typed as it was typed."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the list."""
        return clean_origins(str(super().to_python(value) or ""))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare lists, not spellings."""
        return super().has_changed("\n".join(initial or []), data)


class BrandForm(IdentityForm):
    """A brand in plain words."""

    allowed_origins = OriginsField(
        label=_("Pages that may show the widget"),
        required=False,
        help_text=_("One address per line, such as https://www.example.com — without a path."),
    )
    time_zone = ZoneField(
        initial=settings.TIME_ZONE,
        help_text=_("Of the times in e-mails to visitors."),
    )
    remove_logo = forms.BooleanField(label=_("Remove logo"), required=False)
    new_team = forms.CharField(
        label=_("Or a new team"),
        max_length=80,
        required=False,
        help_text=_("Made when you save, with you in it, and the default team from then on."),
    )
    # From whose hour the drawing of a logo is paid.
    pay: Pay = staticmethod(pay_nothing)

    class Meta:
        model = Brand
        exclude: tuple[str, ...] = ()
        help_texts = {
            "is_active": _("Switched off, the widget disappears from all pages."),
            "default_language": _("For visitors whose page and browser ask for no other."),
            "site_key": _(
                "Names the brand in the snippet. When it changes, the widget disappears from pages "
                "that have the old snippet."
            ),
            "primary_color": _("Of the window's head, the launcher and e-mails."),
            "accent_color": _("Of buttons, links and the visitor's own messages."),
            "logo": _("PNG, JPEG, WebP or GIF, at most 5 MB"),
            "privacy_url": _("Linked from the first screen and the forms."),
            "notice_words": _("Off: phones and desktops only say that there is something new."),
            "tell_opened": _(
                "Online agents who may take the chat hear it as a new one, before a word is said."
            ),
            "capacity": _("Unless the team or the agent has a limit of their own."),
            "max_queue_length": _("When so many people wait, others are asked to leave a message."),
        }
        widgets = {
            "primary_color": forms.TextInput(attrs={"type": "color"}),
            "accent_color": forms.TextInput(attrs={"type": "color"}),
            "privacy_url": forms.URLInput(attrs={"class": "vURLField"}),
            "logo": forms.FileInput(attrs={"accept": ACCEPT_PICTURES}),
        }

    def clean_logo(self) -> Any:
        """Draw an uploaded logo anew."""
        logo = self.cleaned_data["logo"]
        if not isinstance(logo, UploadedFile):
            return logo
        try:
            return fitted_picture(logo, pay=self.pay)
        except TooMany:
            words = _("Too many requests. Please wait a moment.")
            raise forms.ValidationError(words, code="rate") from None

    def clean_new_team(self) -> str:
        """Refuse a name that another team has."""
        name: str = self.cleaned_data["new_team"].strip()
        if name and Team.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is a team of this name: choose it above."))
        return name

    def clean_remove_logo(self) -> bool:
        """Empty the field when asked to; an upload in the same breath wins."""
        remove: bool = self.cleaned_data["remove_logo"]
        if remove and "logo" not in self.files:
            self.cleaned_data["logo"] = False
        return remove

    def clean_site_key(self) -> str:
        """Refuse what could not stand in the snippet as it is."""
        key: str = self.cleaned_data["site_key"]
        if not re.fullmatch(r"[A-Za-z0-9_-]{4,40}", key):
            raise forms.ValidationError(
                _("Use 4 to 40 letters, digits and dashes."), code="site_key"
            )
        return key

    def clean_primary_color(self) -> str:
        """Accept #rrggbb only."""
        return self._color("primary_color")

    def clean_accent_color(self) -> str:
        """Accept #rrggbb only."""
        return self._color("accent_color")

    def _color(self, name: str) -> str:
        color: str = self.cleaned_data[name]
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
            raise forms.ValidationError(_("Choose a colour."), code="color")
        return color.lower()

    def clean_capacity(self) -> int:
        """Refuse a limit under which nobody would ever get a chat."""
        capacity: int = self.cleaned_data["capacity"]
        if capacity < 1:
            raise forms.ValidationError(_("At least one."), code="range")
        return capacity

    def clean_privacy_url(self) -> str:
        """Accept web addresses only: visitors click on it."""
        url: str = self.cleaned_data["privacy_url"]
        if url and not url.startswith(("https://", "http://")):
            raise forms.ValidationError(_("Enter a web address."), code="scheme")
        return url


@admin.register(Brand)
class BrandAdmin(AnnouncedAdmin, HoursPages, KeptAdmin, IdentityAdmin):
    """Brands with look, form, limits, texts and the snippet to embed."""

    form = BrandForm
    inlines = [TextInline]
    list_display = ["name", "default_language", "is_active", "topic_count", "site_key"]
    list_filter = ["is_active", "default_language"]
    search_fields = ["name", "site_key"]
    ordering = ["name"]
    readonly_fields = ["hours_shown", "snippet", "logo_shown", *IdentityAdmin.identity_readonly]
    fieldsets = [
        (
            None,
            {"fields": ["name", "is_active", "default_language", "time_zone", "hours_shown"]},
        ),
        (
            _("Embedding"),
            {
                "fields": ["allowed_origins", "site_key", "snippet"],
                "description": _("Put the snippet on every page that should show the widget."),
            },
        ),
        (
            _("Look"),
            {
                "classes": ["collapse"],
                "fields": [
                    "primary_color",
                    "accent_color",
                    "logo",
                    "logo_shown",
                    "remove_logo",
                    "launcher_side",
                    "theme",
                ],
            },
        ),
        (
            _("Pre-chat form"),
            {
                "classes": ["collapse"],
                "fields": ["ask_name", "ask_email", "ask_phone", "privacy_url"],
            },
        ),
        (
            _("Queue"),
            {"fields": ["default_team", "new_team", "capacity", "at_capacity", "max_queue_length"]},
        ),
        (
            _("After the chat"),
            {"classes": ["collapse"], "fields": ["requires_topic", "transcripts", "mails_answers"]},
        ),
        (
            _("Notifications of agents"),
            {"classes": ["collapse"], "fields": ["notice_words", "tell_opened"]},
        ),
        IDENTITY_FIELDS,
    ]

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Have a logo's drawing paid by the address that sends it."""
        form: Any = super().get_form(request, *args, **kwargs)
        form.pay = staticmethod(partial(spend, PICTURE_SECONDS, place_of(request)))
        return form

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Order by name, as dictionaries do."""
        return [in_alphabet(Brand.objects.all())]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Count the topics along."""
        return super().get_queryset(request).annotate(_topics=Count("topics"))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Name what is still to be set up; saving says so on the next page."""
        brand: Brand | None = context.get("original")
        if brand and brand.missing_step and request.method == "GET":
            self.message_user(request, brand.missing_step, messages.WARNING)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Brand | None = None) -> Any:
        """Leave out what shows and removes a logo where there is none."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj and obj.logo:
            return fieldsets
        absent = {"logo_shown", "remove_logo"}
        return [
            (name, options | {"fields": [each for each in options["fields"] if each not in absent]})
            for name, options in fieldsets
        ]

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on to the snippet, which the page shows only now."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        text = gettext("Saved. Now put the snippet below on the pages of the site.")
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:agents_brand_change", args=[obj.pk]))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, with a new team if one is named, and note what the agents' limits are now."""
        if name := form.cleaned_data.get("new_team"):
            obj.default_team = self._new_team(request, name)
        super().save_model(request, obj, form, change)
        if "time_zone" in form.changed_data:
            hours_changed(brand=obj)
        if not change or {"capacity", "is_active"} & {*form.changed_data}:
            by, now = signed_in(request), timezone.now()
            renew_limits(agents=Agent.objects.filter(is_active=True), by=by, now=now)

    def _new_team(self, request: HttpRequest, name: str) -> Team:
        """Make a team with whoever asks for it."""
        by = signed_in(request)
        team = Team.objects.create(name=name, sort_name=sort_key(name)[:400])
        self.note(request, "created", team, fields=["name"])
        set_members(team=team, agents=[by], by=by, now=timezone.now())
        return team

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the texts, and say in the audit log in which languages they changed."""
        super().save_formset(request, form, formset, change)
        texts = [*formset.new_objects, *(text for text, _fields in formset.changed_objects)]
        if change and texts:
            languages = [text.language for text in texts]
            by = signed_in(request)
            record("brand.texts_changed", form.instance, by=by, languages=languages)

    @admin.display(description=_("topics"), ordering="_topics")
    def topic_count(self, brand: Any) -> int:
        """How many topics it has."""
        count: int = brand._topics
        return count

    @admin.display(description=_("Snippet"))
    def snippet(self, brand: Brand) -> SafeString | str:
        """The tag to copy."""
        if not brand.pk:
            return str(_("Save the brand first."))
        tag = (
            f'<script async src="{settings.PUBLIC_URL}/widget.js" '
            f'data-site="{stored_key(brand)}"></script>'
        )
        return copyable(tag, _("Snippet"), rows=2)

    @admin.display(description=_("Current logo"))
    def logo_shown(self, brand: Brand) -> SafeString | str:
        """The picture as it is."""
        if not brand.logo_url:
            return "—"
        return format_html('<img class="logo-shown" src="{}" alt="">', brand.logo_url)

    def has_delete_permission(self, request: HttpRequest, obj: Brand | None = None) -> bool:
        """A brand with chats is switched off, not deleted."""
        return (
            super().has_delete_permission(request, obj)
            and obj is not None
            and not obj.conversations.exists()
            and not obj.tickets.exists()
        )

    def kept_because(self, obj: Brand) -> str:
        """Keep what bounds a role: one without brands would hold for all of them."""
        roles = by_name(Role.objects.filter(brands=obj))
        if not roles:
            return ""
        text = gettext(
            "“%(name)s” is not deleted: these roles hold for it: %(roles)s. Choose other brands "
            "for them first, or delete them; a role without brands would hold for all."
        )
        return text % {"name": obj.name, "roles": listed(role.name for role in roles)}

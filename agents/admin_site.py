"""The administration: our door, our order, our words."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from agents.first_steps import first_steps
from agents.models import Brand
from agents.troubles import troubles
from config.outbox.models import OutboxEntry
from config.text.folding import by_name

# What belongs together for the person who sets things up, whichever app holds it.
_GROUPS: list[tuple[str | Promise, tuple[str, ...]]] = [
    (_("Brands and topics"), ("Brand", "Topic")),
    (_("People"), ("Agent", "Invitation", "Team", "Role", "BreakReason")),
    (_("Answers"), ("CannedReply", "Tag")),
    (_("Automation"), ("Rule", "Run", "Rehearsal")),
    (_("Notifications"), ("PushSetup", "Device")),
    (
        _("Customers and tickets"),
        ("Contact", "Ticket", "Mailbox", "RawMail", "BlockedSender"),
    ),
    (_("Maintenance"), ("AuditEntry", "OutboxEntry")),
]


class ImeceAdminSite(admin.AdminSite):
    """The stock site with sign-in through the one door and models grouped by purpose."""

    site_header = _("İmece administration")
    site_title = _("İmece administration")
    index_title = _("Set up")
    site_url = "/console/"
    enable_nav_sidebar = True
    empty_value_display = "—"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in those whose roles administer; `is_staff` is kept in step with the roles."""
        return bool(request.user.is_active and getattr(request.user, "is_staff", False))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show what can be set up, and name what still must be and what went wrong."""
        for brand in by_name(Brand.objects.filter(is_active=True).prefetch_related("topics")):
            if step := brand.missing_step:
                page = reverse("admin:agents_brand_change", args=[brand.pk])
                messages.warning(request, format_html('<a href="{}">{}</a>', page, step))
        if count := OutboxEntry.objects.dead().count():
            page = reverse("admin:outbox_outboxentry_changelist") + "?state=dead"
            text = ngettext(
                "%(count)d e-mail or other effect did not succeed and was given up.",
                "%(count)d e-mails or other effects did not succeed and were given up.",
                count,
            )
            link = format_html('<a href="{}">{}</a>', page, text % {"count": count})
            messages.warning(request, link)
        for trouble in troubles():
            link = format_html('<a href="{}">{}</a>', trouble.url, trouble.text)
            messages.warning(request, link)
        return super().index(request, {"first_steps": first_steps()} | (extra_context or {}))

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send people to the product's own sign-in: limits and second step are there."""
        if request.user.is_authenticated:
            if self.has_permission(request):
                return self.index(request)
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or "/admin/")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign out as everywhere: the session's sockets close too."""
        if request.method == "POST":
            get_adapter().logout(request)
        return redirect(settings.LOGIN_URL)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """There is one page to change a password."""
        return redirect("account_change_password")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the models by purpose; those nobody placed come last under their app."""
        apps = super().get_app_list(request, app_label)
        if app_label:
            return apps
        found = {model["object_name"]: model for app in apps for model in app["models"]}
        groups = []
        for name, members in _GROUPS:
            if models := [found.pop(member) for member in members if member in found]:
                groups.append(
                    {
                        "name": name,
                        "app_label": "",
                        "app_url": "",
                        "has_module_perms": True,
                        "models": models,
                    }
                )
        for app in apps:
            if rest := [model for model in app["models"] if model["object_name"] in found]:
                groups.append(app | {"models": rest})
        return groups

"""Invitations."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ANYWHERE, ImeceAdmin, listed
from agents.callers import signed_in
from agents.models import Agent, Invitation
from agents.operations import (
    InvitationInvalid,
    invite_agent,
    renew_link,
    revoke_invitation,
    send_invitation,
)
from config.mail import own_spelling

if TYPE_CHECKING:
    _InvitationForm = forms.ModelForm[Invitation]
else:
    _InvitationForm = forms.ModelForm


class InvitationForm(_InvitationForm):
    """Whom to invite, and as what."""

    class Meta:
        model = Invitation
        fields = ("email", "name", "language", "role", "teams")
        help_texts = {
            "email": _("A link with which to choose a password goes there."),
            "name": _("Customers see this name; the person can change it."),
            "role": _("What the person may do, besides what the teams bring along."),
        }

    def clean_email(self) -> str:
        """Refuse addresses of agents."""
        email: str = own_spelling(self.cleaned_data["email"])
        if Agent.objects.filter(email=email).exists():
            raise forms.ValidationError(_("Another agent has this e-mail."), code="unique")
        return email


@admin.register(Invitation)
class InvitationAdmin(ImeceAdmin):
    """Invitations: adding one sends the link."""

    form = InvitationForm
    list_display = ["email", "name", "role", "state", "invited_by", "created_at", "expires_at"]
    list_select_related = ["role", "invited_by"]
    search_fields = ["email", "name"]
    search_help_text = _("Search by name or e-mail")
    ordering = ["-pk"]
    add_label = _("Invite an agent")
    actions = ["send_again", "show_link", "revoke"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only the actions change an invitation, and they need this permission."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Revoke instead."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for what an invitation needs; of one that was sent, tell what became of it."""
        if obj is None:
            return [(None, {"fields": ["email", "name", "language", "role", "teams"]})]
        told = ["email", "name", "language", "role", "team_names"]
        told += ["state", "invited_by", "created_at", "expires_at"]
        return [(None, {"fields": told})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the form doesn't have."""
        return ["team_names", "state", "invited_by", "created_at", "expires_at"] if obj else []

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Call the one thing that can be done by its name."""
        if kwargs.get("add"):
            context |= {
                "title": self.add_label,
                "save_label": gettext("Send invitation"),
                "show_save_and_add_another": False,
                "show_save_and_continue": False,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say what happens now."""
        self.say(request, _("A link is on its way to: %(names)s"), [obj])
        return self.response_post_save_add(request, obj)

    @admin.display(description=_("teams"))
    def team_names(self, invitation: Invitation) -> str:
        """The teams the person will be in."""
        return listed(team.name for team in invitation.teams.order_by("sort_name", "name"))

    @admin.display(description=_("state"))
    def state(self, invitation: Invitation) -> str:
        """What became of it."""
        if invitation.used_at:
            return gettext("Accepted")
        if invitation.expires_at <= timezone.now():
            return gettext("Expired")
        return pgettext("invitation", "Open")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Invite."""
        given = form.cleaned_data
        made = invite_agent(
            email=given["email"],
            name=given["name"],
            language=given["language"],
            role=given["role"],
            teams=given["teams"],
            by=signed_in(request),
            now=timezone.now(),
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The operation has saved the teams."""

    @admin.action(description=_("Send the link again"), permissions=["change"], location=ANYWHERE)
    def send_again(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Have new links sent."""
        chosen = list(queryset.filter(used_at=None, expires_at__gt=timezone.now()))
        for invitation in chosen:
            send_invitation(invitation=invitation)
        self.say(request, _("A link is on its way to: %(names)s"), chosen)

    @admin.action(
        description=_("Show a new link (where e-mail is not set up)"),
        permissions=["change"],
        location=ANYWHERE,
    )
    def show_link(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Show the link this once, to be handed over in person."""
        for invitation in queryset[:10]:
            try:
                link = renew_link(invitation=invitation, now=timezone.now())
            except InvitationInvalid:
                self.message_user(request, gettext("This was accepted already."), messages.WARNING)
                continue
            self.note(request, "link_shown", invitation)
            text = gettext("The link for %(email)s, shown this once: %(link)s")
            values = {"email": invitation.email, "link": link}
            self.message_user(request, text % values, messages.INFO)

    @admin.action(description=_("Revoke"), permissions=["change"], location=ANYWHERE)
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Make links stop working."""
        chosen = list(queryset.filter(used_at=None, expires_at__gt=timezone.now()))
        for invitation in chosen:
            revoke_invitation(invitation=invitation, by=signed_in(request), now=timezone.now())
        self.say(request, _("Revoked: %(names)s"), chosen)

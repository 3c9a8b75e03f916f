"""Customers and tickets in the administration: to look up, and to correct a name."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin, ReadOnlyAdmin
from tickets.models import Contact, Entry, Ticket
from tickets.operations.contacts import name_contact, set_phone


@admin.register(Contact)
class ContactAdmin(ImeceAdmin):
    """Customers. They come with chats and tickets."""

    list_display = ["name", "email", "phone", "is_email_verified", "created_at"]
    list_filter = ["is_email_verified", "language"]
    search_fields = ["name", "email", "phone"]
    search_help_text = _("Search by name, e-mail or phone")
    ordering = ["-pk"]
    fields = ["name", "email", "phone", "language", "is_email_verified", "created_at"]
    # Whether an address is somebody's own is proven, not declared.
    readonly_fields = ["is_email_verified", "email", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        """Leave out who was merged into somebody else."""
        found: QuerySet[Contact] = super().get_queryset(request).filter(merged_into=None)
        return found

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come by themselves."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What they said stays theirs."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep the key by which lists are sorted, and by what the person is known."""
        if "phone" in form.changed_data:
            phone, obj.phone = obj.phone, form.initial["phone"]
            set_phone(contact=obj, phone=phone)
        name_contact(obj)
        super().save_model(request, obj, form, change)


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    """Tickets, to look up; they are worked on in the console."""

    list_display = ["number_shown", "subject", "brand", "status", "priority", "team", "updated_at"]
    list_filter = ["status", "priority", "brand", "source"]
    list_select_related = ["brand", "team"]
    search_fields = ["=id", "subject", "contact__name", "contact__email", "email"]
    search_help_text = _("Search by number, subject or customer")
    ordering = ["-updated_at"]
    fields = [
        *("number_shown", "subject", "status", "priority", "source"),
        *("brand", "topic", "team", "assignee", "contact", "created_at", "updated_at"),
        "timeline",
    ]

    @admin.display(description=_("number"), ordering="pk")
    def number_shown(self, ticket: Ticket) -> str:
        """What people call it by."""
        return f"#{ticket.number}"

    @admin.display(description=_("timeline"))
    def timeline(self, ticket: Ticket) -> str:
        """What was said, oldest first."""
        entries = ticket.entries.select_related("agent").order_by("seq")[:200]
        return "\n\n".join(
            f"{date_format(localtime(entry.created_at), 'DATETIME_FORMAT')}"
            f" · {entry.agent or entry.get_author_kind_display()}\n{_said(entry)}"
            for entry in entries
        )


def _said(entry: Entry) -> str:
    """Return the words of a line, or what it stands for."""
    to = str(entry.data.get("to", ""))
    match entry.kind:
        case Entry.Kind.CREATED:
            source = str(entry.data.get("source", ""))
            sources = dict(Ticket.Source.choices)
            return gettext("Opened: %(source)s") % {"source": sources.get(source, source)}
        case Entry.Kind.ASSIGNED:
            return gettext("Assigned to: %(name)s") % {"name": to}
        case Entry.Kind.STATUS:
            statuses = dict(Ticket.Status.choices)
            return gettext("Status: %(status)s") % {"status": statuses.get(to, to)}
        case Entry.Kind.NOTE:
            return gettext("Internal note: %(text)s") % {"text": entry.body}
    return entry.body

"""Mails that came in: what became of each, and what needs a look."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ANYWHERE, ImeceAdmin
from tickets.mail.words import PUT_ASIDE
from tickets.models import RawMail
from tickets.operations.mails import try_again


class MailStateFilter(admin.SimpleListFilter):
    """What became of it; at first only what needs a look."""

    title = pgettext_lazy("mail", "state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> Any:
        """Name the states."""
        return [("all", gettext("All")), *RawMail.State.choices]

    def choices(self, changelist: Any) -> Any:
        """Offer what needs a look where "all" would stand."""
        first, *others = super().choices(changelist)
        return [first | {"display": gettext("Need a look")}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RawMail]) -> QuerySet[RawMail]:
        """Keep the mails of the chosen state."""
        chosen = self.value()
        if chosen in RawMail.State.values:
            return queryset.filter(state=chosen)
        if chosen == "all":
            return queryset
        needs = queryset.filter(state__in=(RawMail.State.ASIDE, RawMail.State.BROKEN))
        # Who blocked its sender has looked.
        return needs.exclude(reason="blocked")


@admin.register(RawMail)
class RawMailAdmin(ImeceAdmin):
    """Nobody edits what came; what was put aside can be read again."""

    list_display = ["subject_shown", "sender", "mailbox", "state", "why", "received_at"]
    list_filter = [MailStateFilter, "mailbox"]
    list_select_related = ["mailbox", "entry"]
    search_fields = ["sender", "subject"]
    ordering = ["-received_at", "-pk"]
    actions = ["read_again", "make_ticket"]
    fields = (
        *(
            "subject_shown",
            "sender",
            "sender_mark",
            "mailbox",
            "received_at",
            "size_shown",
            "state",
            "why",
        ),
        "whole",
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come by mail."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes what came."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the mail itself."""
        view = self.admin_site.admin_view(self.download)
        return [path("<int:pk>/eml/", view, name="tickets_rawmail_eml"), *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> FileResponse:
        """Give the mail as it came, to be looked at elsewhere."""
        found = RawMail.objects.filter(pk=pk).first()
        if found is None or not self.has_view_permission(request, found):
            raise Http404
        try:
            content = found.file.open("rb")
        except (FileNotFoundError, ValueError) as error:
            raise Http404 from error
        answer = FileResponse(
            content, as_attachment=True, filename=f"{pk}.eml", content_type="message/rfc822"
        )
        answer["X-Content-Type-Options"] = "nosniff"
        return answer

    @admin.display(description=_("subject"), ordering="subject")
    def subject_shown(self, mail: RawMail) -> str:
        """What it is about, or its number."""
        return mail.subject or f"#{mail.pk}"

    @admin.display(description=_("size"), ordering="size")
    def size_shown(self, mail: RawMail) -> str:
        """How large it is."""
        return filesizeformat(mail.size)

    @admin.display(description=_("what became of it"))
    def why(self, mail: RawMail) -> str:
        """The ticket, or why there is none."""
        if mail.entry is not None:
            return gettext("Ticket #%(number)d") % {"number": mail.entry.ticket_id}
        return str(PUT_ASIDE.get(mail.reason, ""))

    @admin.display(description=_("the whole mail"))
    def whole(self, mail: RawMail) -> SafeString:
        """The way to its bytes."""
        url = reverse("admin:tickets_rawmail_eml", args=[mail.pk])
        try:
            is_whole = mail.size <= mail.file.size
        except (FileNotFoundError, ValueError):
            is_whole = True
        words = gettext("Download") if is_whole else gettext("Download its beginning")
        return format_html('<a href="{}">{}</a>', url, words)

    @admin.action(description=_("Read again"), permissions=["change"], location=ANYWHERE)
    def read_again(self, request: HttpRequest, queryset: QuerySet[RawMail]) -> None:
        """Have mails taken in as if they had just come."""
        self._again(request, queryset, is_wanted=False)

    @admin.action(
        description=_("Make a ticket of it all the same"), permissions=["change"], location=ANYWHERE
    )
    def make_ticket(self, request: HttpRequest, queryset: QuerySet[RawMail]) -> None:
        """Have mails taken in although a machine wrote them, or too many came."""
        self._again(request, queryset, is_wanted=True)

    def _again(self, request: HttpRequest, queryset: QuerySet[RawMail], *, is_wanted: bool) -> None:
        done = [mail for mail in queryset[:100] if try_again(mail=mail, is_wanted=is_wanted)]
        for mail in done:
            self.note(request, "wanted" if is_wanted else "read_again", mail)
        if done:
            self.message_user(request, gettext("They are being read."), messages.SUCCESS)
        else:
            self.message_user(request, gettext("There was nothing to do."), messages.WARNING)

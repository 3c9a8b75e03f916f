"""The outbox as an admin sees it: what waits, what failed, and one thing to do about it."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.admin.options import ActionLocation
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from config.outbox.claims import UNKNOWN
from config.outbox.models import OutboxEntry
from config.outbox.operations import replay
from config.outbox.registry import label_of, labels

if TYPE_CHECKING:
    # Generic for the type checker only.
    ModelAdmin = admin.ModelAdmin[OutboxEntry]
else:
    ModelAdmin = admin.ModelAdmin


class StateFilter(admin.SimpleListFilter):
    """Waiting, given up or done."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the states."""
        return [
            ("live", pgettext("outbox", "Waiting")),
            ("dead", gettext("Given up")),
            ("done", gettext("Done")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutboxEntry]
    ) -> QuerySet[OutboxEntry]:
        """Keep the rows of the chosen state."""
        chosen = {
            "live": Q(done_at=None, dead_at=None),
            "dead": Q(dead_at__isnull=False),
            "done": Q(done_at__isnull=False),
        }.get(self.value() or "")
        return queryset.filter(chosen) if chosen else queryset


class KindFilter(admin.SimpleListFilter):
    """What is done, by its name."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the kinds there are."""
        return labels()

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutboxEntry]
    ) -> QuerySet[OutboxEntry]:
        """Keep the rows of the chosen kind."""
        chosen = self.value()
        return queryset.filter(kind=chosen) if chosen else queryset


@admin.register(OutboxEntry)
class OutboxEntryAdmin(ModelAdmin):
    """Nobody edits what happened; the given up can be tried again."""

    list_display = [
        "kind_shown",
        "state",
        "created_at",
        "available_at",
        "attempts",
        "last_error_line",
    ]
    list_filter = [StateFilter, KindFilter]
    ordering = ["-pk"]
    actions = ["replay_selected"]
    show_full_result_count = False
    fields = readonly_fields = (
        *("kind_shown", "key", "state", "created_at", "available_at", "attempts"),
        *("done_at", "dead_at", "last_error_shown"),
    )

    @admin.display(description=_("kind"), ordering="kind")
    def kind_shown(self, entry: OutboxEntry) -> str:
        """What it does, in words."""
        return label_of(entry.kind)

    @admin.display(description=_("state"))
    def state(self, entry: OutboxEntry) -> str:
        """What became of it."""
        if entry.done_at:
            return gettext("Done")
        return gettext("Given up") if entry.dead_at else pgettext("outbox", "Waiting")

    @admin.display(description=_("last error"))
    def last_error_line(self, entry: OutboxEntry) -> str:
        """The first words of the last error."""
        return self.last_error_shown(entry)[:80]

    @admin.display(description=_("last error"))
    def last_error_shown(self, entry: OutboxEntry) -> str:
        """The last error; in words where it is one that replaying may make worse."""
        if entry.last_error == UNKNOWN:
            return gettext("Perhaps done already: a replay may do it a second time.")
        return entry.last_error

    @admin.action(
        description=_("Replay"),
        permissions=["change"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[OutboxEntry]) -> None:
        """Give the chosen dead effects another eight attempts."""
        entries = list(queryset.values_list("pk", flat=True))
        count = replay(entries=entries, by=request.user.pk, now=timezone.now())
        self.message_user(
            request,
            ngettext("%(count)d entry will run again.", "%(count)d entries will run again.", count)
            % {"count": count},
            messages.SUCCESS if count else messages.WARNING,
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come with the change that causes them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutboxEntry | None = None) -> bool:
        """Only the action changes anything, and it needs this permission."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: OutboxEntry | None = None) -> bool:
        """What must happen is not deleted; the done go by themselves."""
        return False

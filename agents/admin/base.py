"""What all our admin pages share."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.options import ActionLocation, IncorrectLookupParameters
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from agents.audit import record
from agents.callers import signed_in
from agents.events import OrganisationChanged
from config.events import publish

if TYPE_CHECKING:
    # Generic for the type checker only.
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


# For actions that are offered in the list and on the page of a row.
ANYWHERE = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]


def listed(names: Iterable[str]) -> str:
    """Return names as one column of a list shows them."""
    return ", ".join(names) or "—"


def copyable(text: str, label: str | Promise, *, rows: int = 0) -> SafeString:
    """Return `text` to be taken along: select it or, where scripts run, press the button."""
    field = (
        format_html(
            '<textarea class="snippet" readonly rows="{}" aria-label="{}">{}</textarea>',
            rows,
            label,
            text,
        )
        if rows
        else format_html('<input class="snippet" readonly value="{}" aria-label="{}">', text, label)
    )
    return format_html(
        '<span class="copyable">{}'
        '<button type="button" class="button" hidden data-done="{}">{}</button></span>',
        field,
        _("Copied"),
        _("Copy"),
    )


class ImeceAdmin(_ModelAdmin):
    """Saves write a line to the audit log; many-to-many fields are lists of checkboxes."""

    save_on_top = False
    list_per_page = 50
    # What the button above the list says, where "add" would be wrong.
    add_label: str | Promise = ""
    show_full_result_count = False
    formfield_overrides = {
        models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple},
    }

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out the stock buttons that add, edit or delete what a list only chooses from."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Take a number that no year has for a wrong filter, as the stock page does with others.

        Leave out "show all" beside a search that has not left anything out.
        """
        try:
            shown: Any = super().get_changelist_instance(request)
        except OverflowError as error:
            raise IncorrectLookupParameters from error
        if not shown.query and not shown.has_active_filters:
            shown.full_result_count = shown.result_count
        return shown

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Offer nothing to save on a page on which nothing can be changed."""
        if not context["adminform"].form.fields and not context["inline_admin_formsets"]:
            context |= dict.fromkeys(("show_save", "show_save_and_continue"), False)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Save, and say in the audit log which fields changed."""
        super().save_model(request, obj, form, change)
        act = "changed" if change else "created"
        self.note(request, act, obj, fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete, and say so in the audit log."""
        self.note(request, "deleted", obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Delete one by one: each has its line, and its consequences."""
        for obj in queryset:
            self.delete_model(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the rows and count what goes along, as far as it has a name that people know."""
        _all, counts, lacking, protected = super().get_deleted_objects(objs, request)
        known = {
            model._meta.verbose_name_plural
            for model in apps.get_models()
            if isinstance(model._meta.verbose_name, Promise)
        }
        named = {name: count for name, count in counts.items() if name in known}
        return [str(obj) for obj in objs], named, lacking, protected

    def note(self, request: HttpRequest, act: str, obj: models.Model, **data: Any) -> None:
        """Write a line to the audit log."""
        record(f"{obj._meta.model_name}.{act}", obj, by=signed_in(request), **data)

    def say(self, request: HttpRequest, done: Promise, rows: Sequence[models.Model]) -> None:
        """Tell to which rows an action has done something; `done` names them as %(names)s."""
        if rows:
            self.message_user(request, done % {"names": listed(map(str, rows))}, messages.SUCCESS)
        else:
            self.message_user(request, gettext("There was nothing to do."), messages.WARNING)


class AnnouncedAdmin(ImeceAdmin):
    """Rows that others name, such as rules: they hear that one was saved or deleted."""

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        """Save, and tell whoever names it."""
        super().save_model(request, obj, form, change)
        publish(OrganisationChanged())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete, and tell whoever names it."""
        super().delete_model(request, obj)
        publish(OrganisationChanged())


class LabelledAdmin(ImeceAdmin):
    """Rows that have a name in each language."""

    @admin.display(description=_("name"), ordering="name_en")
    def label_here(self, row: Any) -> str:
        """The name in the reader's language."""
        label: str = row.label(get_language() or "en")
        return label


class ReadOnlyAdmin(ImeceAdmin):
    """For rows that tell what happened."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from what people do."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes what happened."""
        return False


class ChoicesField(forms.MultipleChoiceField):
    """A JSON list of codes, shown as checkboxes."""

    widget = forms.CheckboxSelectMultiple

    def prepare_value(self, value: Any) -> Any:
        """Show what the row holds."""
        return value if isinstance(value, list) else []

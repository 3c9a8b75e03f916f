"""Topics."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import AnnouncedAdmin, LabelledAdmin, listed
from agents.admin.kept import KeptAdmin, is_named
from agents.models import Brand, Topic
from config.text.alphabet import in_alphabet
from config.text.folding import by_name

if TYPE_CHECKING:
    _TopicForm = forms.ModelForm[Topic]
else:
    _TopicForm = forms.ModelForm

# Where a topic's name stands in each language.
_NAMES: dict[str, str] = {"tr": "name_tr", "en": "name_en"}


class TopicForm(_TopicForm):
    """A topic, and what its fields mean."""

    class Meta:
        model = Topic
        fields = (
            *("brand", "name_tr", "name_en", "teams", "ticket_type"),
            *("position", "is_public", "is_active"),
        )
        help_texts = {
            "teams": _("They get its chats. None chosen: the brand's default team."),
            "position": _("Smaller numbers come first."),
            "is_active": _("Switched off, nobody can choose it; chats that have it keep it."),
            "name_en": _("Needed in the brand's own language; the other is for who speaks it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _NAMES.values():
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """Ask for the name in the language that the brand speaks."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        brand: Brand | None = cleaned.get("brand")
        needed = _NAMES[brand.default_language] if brand else ""
        if needed and not cleaned.get(needed):
            self.add_error(needed, _("Please fill this in."))
        return cleaned


@admin.register(Topic)
class TopicAdmin(AnnouncedAdmin, KeptAdmin, LabelledAdmin):
    """Topics: what visitors choose from, and which teams answer."""

    list_display = ["label_here", "brand", "team_names", "position", "is_public", "is_active"]
    list_editable = ["position", "is_public", "is_active"]
    list_filter = ["brand", "is_public", "is_active", "teams"]
    list_select_related = ["brand"]
    search_fields = ["name_tr", "name_en", "brand__name"]
    form = TopicForm

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Order by the brand's name, as dictionaries do."""
        return [in_alphabet(Brand.objects.all(), path="brand"), "position", "pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Load the teams along."""
        return super().get_queryset(request).prefetch_related("teams")

    def kept_because(self, obj: Topic) -> str:
        """Keep what chats and tickets are about: reports would lose it."""
        if not is_named(obj):
            return ""
        text = gettext(
            "“%(name)s” is not deleted: chats or tickets are about it, and reports would lose it. "
            "Switch it off instead: then nobody can choose it."
        )
        return text % {"name": self.label_here(obj)}

    @admin.display(description=_("teams"))
    def team_names(self, topic: Topic) -> str:
        """Who answers."""
        return listed(team.name for team in by_name(topic.teams.all()))

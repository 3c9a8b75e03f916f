"""Tags in the administration. Rooms whose rows are tagged add a column of their own."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin
from agents.models import Tag
from agents.operations.tags import InvalidTag, clean_name, rename_tag
from config.text.folding import fold

if TYPE_CHECKING:
    _TagForm = forms.ModelForm[Tag]
else:
    _TagForm = forms.ModelForm


class TagForm(_TagForm):
    """How a tag is written."""

    class Meta:
        model = Tag
        fields = ("name",)

    def clean_name(self) -> str:
        """Let every word, however it is spelled, be one tag."""
        try:
            name = clean_name(self.cleaned_data["name"])
        except InvalidTag as error:
            raise forms.ValidationError(_("This can't be a tag.")) from error
        if Tag.objects.filter(folded=fold(name)).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a tag of this name already."))
        return name


@admin.register(Tag)
class TagAdmin(ImeceAdmin):
    """Tags, to rename and to delete; agents make them as they put them on something."""

    form = TagForm
    list_display = ["name"]
    search_fields = ["folded"]
    ordering = ["folded", "pk"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Tag], search_term: str
    ) -> tuple[QuerySet[Tag], bool]:
        """Find a tag however its name is spelled."""
        return super().get_search_results(request, queryset, fold(search_term))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep what makes spellings of one word the same, and rename by its operation."""
        if change:
            rename_tag(tag=obj, name=obj.name)
        obj.folded = fold(obj.name)
        super().save_model(request, obj, form, change)

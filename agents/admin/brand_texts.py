"""The part of a brand's page about what visitors read, once for each language."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.models import Brand, BrandText, Language

if TYPE_CHECKING:
    _BrandTextForm = forms.ModelForm[BrandText]
    _BrandTextFormSet = forms.BaseInlineFormSet[BrandText, Brand, _BrandTextForm]
    _TextInline = admin.StackedInline[BrandText, Brand]
else:
    _BrandTextForm = forms.ModelForm
    _BrandTextFormSet = forms.BaseInlineFormSet
    _TextInline = admin.StackedInline


class BrandTextForm(_BrandTextForm):
    """The texts in a language that the page gives, not the person."""

    class Meta:
        model = BrandText
        fields = ("language", "title", "welcome", "all_busy", "hold", "offline", "closing")
        widgets = {"language": forms.HiddenInput}
        help_texts = {
            "title": _("At the top of the window. Empty: the brand's name."),
            "welcome": _("Large, on the first screen."),
            "all_busy": _("While there is a line: on the first screen, in it, and above the form."),
            "hold": _("Beside the place in line, when the wait can't be estimated."),
            "offline": _("Above the form for leaving a message."),
            "closing": _("Below a chat that has ended."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        language = self.fields["language"]
        language.disabled = True
        code = self.get_initial_for_field(language, "language")
        for field in self.fields.values():
            # What spelling checkers and screen readers go by.
            field.widget.attrs["lang"] = code

    @property
    def language_name(self) -> str:
        """Return what the texts stand under."""
        return str(Language(self.fields["language"].widget.attrs["lang"]).label)


class BrandTextFormSet(_BrandTextFormSet):
    """A form for each language, also for those without texts yet."""

    def __init__(self, *args: Any, **options: Any) -> None:
        brand = options.get("instance")
        options["initial"] = [{"language": code} for code in _missing(brand)]
        super().__init__(*args, **options)


class TextInline(_TextInline):
    """What the brand says."""

    model = BrandText
    form = BrandTextForm
    formset = BrandTextFormSet
    template = "admin/brand_texts.html"
    formfield_overrides = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 3})}}
    max_num = len(Language)
    can_delete = False
    verbose_name_plural = _("What visitors read (an empty text means the product's own)")

    def get_extra(self, request: HttpRequest, obj: Brand | None = None, **kwargs: Any) -> int:
        """Offer the languages that are missing."""
        return len(_missing(obj))


def _missing(brand: Brand | None) -> list[str]:
    if brand is None or brand.pk is None:
        return list(Language.values)
    present = set(brand.texts.values_list("language", flat=True))
    return [code for code in Language.values if code not in present]

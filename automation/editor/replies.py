"""The page of automatic answers: what a brand says by itself in each state, in both languages."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin
from agents.callers import signed_in
from agents.models import Brand, Language
from automation.editor.forms import brand_of
from automation.models import AutoReply, Rule
from automation.rules.recipes import RECIPES, installed_rules
from automation.rules.replies import TEXT_MAX, InvalidReplies, replies_of, set_replies
from config.text.folding import by_name

State = AutoReply.State
_WHEN: Mapping[str, str | Promise] = {
    State.WELCOME: _("A chat begins and somebody is free for it, or has it."),
    State.BUSY: _("A chat begins, or a message is left, and all agents are at their limit."),
    State.OFFLINE: _("A message is left, or a chat begins, and nobody is Online."),
    State.CLOSED: _("A message is left outside the business hours."),
    State.CLOSING: _("A chat in which somebody answered has ended. Instead of the text below it."),
}
_IDLE = ngettext_lazy(
    "The customer has not answered for %(count)d minute: their place is freed.",
    "The customer has not answered for %(count)d minutes: their place is freed.",
    "count",
)
# The ready rules that speak in these states.
_SPEAKS: Mapping[str, str] = {
    State.BUSY: "everyone-busy",
    State.OFFLINE: "everyone-busy",
    State.CLOSED: "closed-greeting",
}


class RepliesForm(forms.Form):
    """For each state whether something is said, and what in each language."""

    def __init__(self, brand: Brand, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.brand = brand
        for state, reply in replies_of(brand).items():
            self.fields[f"{state}_on"] = forms.BooleanField(
                label=str(State(state).label), required=False, initial=reply.is_on
            )
            for code, language in Language.choices:
                attrs = {"rows": 3, "cols": 40, "lang": code, "aria-describedby": f"when-{state}"}
                attrs["aria-label"] = f"{State(state).label} ({language})"
                self.fields[f"{state}_{code}"] = forms.CharField(
                    initial=reply.texts[code],
                    max_length=TEXT_MAX,
                    required=False,
                    widget=forms.Textarea(attrs=attrs),
                )

    def told(self) -> dict[str, tuple[bool, dict[str, str]]]:
        """Return what was typed, as the operation wants it."""
        return {
            state: (
                self.cleaned_data[f"{state}_on"],
                {code: self.cleaned_data[f"{state}_{code}"] for code in Language.values},
            )
            for state in State.values
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return the table's rows."""
        return [
            {
                "state": state,
                "on": self[f"{state}_on"],
                "texts": [self[f"{state}_{code}"] for code in Language.values],
                "when": _when(state),
                "instead": _rule_instead(state, self.brand),
            }
            for state in State.values
        ]


def _when(state: str) -> str:
    minutes = max(1, round(settings.IMECE["IDLE_SECONDS"] / 60))
    return str(_WHEN.get(state) or _IDLE % {"count": minutes})


def _rule_instead(state: str, brand: Brand) -> str | Promise:
    """Return the ready rule that is on and speaks in a state; "" for none."""
    name = _SPEAKS.get(state)
    if name is None:
        return ""
    rules = [*installed_rules(name, brand), *installed_rules(name, None)]
    return RECIPES[name].title if any(rule.mode == Rule.Mode.ON for rule in rules) else ""


def summary_of() -> str:
    """Return how many states of all brands are answered by themselves; "" for none."""
    brands = Brand.objects.filter(is_active=True)
    kept = AutoReply.objects.filter(brand__in=brands)
    count = kept.filter(is_on=True).exclude(state=State.IDLE).count()
    # The answer to silence is on until somebody switches it off.
    count += brands.count() - kept.filter(state=State.IDLE, is_on=False).count()
    return ngettext("%(count)d on", "%(count)d on", count) % {"count": count} if count else ""


class ReplyPages(ImeceAdmin):
    """Gives the admin of rules the page of automatic answers."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        page = self.admin_site.admin_view(self.replies_view)
        return [path("replies/", page, name="automation_replies"), *super().get_urls()]

    def replies_view(self, request: HttpRequest) -> HttpResponse:
        """Show and take what a brand says by itself."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        brands = by_name(Brand.objects.filter(is_active=True))
        brand = brand_of(request.GET.get("brand", "")) or next(iter(brands), None)
        if brand is None:
            self.message_user(request, gettext("Add a brand first."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:agents_brand_add"))
        form = RepliesForm(brand, request.POST or None)
        if request.method == "POST" and form.is_valid() and self._save(request, form):
            text = gettext("Saved: %(name)s.") % {"name": gettext("Automatic answers")}
            self.message_user(request, text, messages.SUCCESS)
            return HttpResponseRedirect(request.get_full_path())
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Automatic answers"),
            "opts": self.opts,
            "is_nav_sidebar_enabled": False,
            "brand": brand,
            "brands": brands,
            "form": form,
            "languages": Language.labels,
        }
        return TemplateResponse(request, "admin/replies.html", context)

    def _save(self, request: HttpRequest, form: RepliesForm) -> bool:
        try:
            set_replies(
                brand=form.brand, told=form.told(), by=signed_in(request), now=timezone.now()
            )
        except InvalidReplies as error:
            for (state, code), text in error.errors.items():
                form.add_error(f"{state}_{code}", str(text))
            return False
        return True

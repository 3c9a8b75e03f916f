"""The page of rehearsals: begin one, and see each step as it comes."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext

from agents.admin.base import ReadOnlyAdmin
from agents.callers import signed_in
from agents.models import Brand
from automation.editor.forms import brand_of
from automation.models import Rehearsal
from automation.rehearsal import PATIENCE, REASONS, STEPS, begin_rehearsal, next_step
from config.text.folding import by_name

_KEPT = 20


def rows_of(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    """Return each step with what became of it."""
    came = {told["step"]: told for told in rehearsal.steps}
    left = len(STEPS) - len(rehearsal.steps)
    waits = next_step(rehearsal) if left else ""
    rows = []
    for name, label in STEPS.items():
        told = came.get(name)
        state = "done" if told else "todo"
        if name == waits:
            state = "failed" if rehearsal.state == Rehearsal.State.FAILED else "now"
        rows.append({"label": label, "told": told, "state": state})
    return rows


def problem_of(rehearsal: Rehearsal) -> str:
    """Return in words why the next step does not come; "" while all is well."""
    if rehearsal.state == Rehearsal.State.FAILED:
        return str(REASONS.get(rehearsal.reason, REASONS["error"]))
    is_late = timezone.now() - rehearsal.waits_since > PATIENCE + timedelta(seconds=5)
    return str(REASONS["worker"]) if rehearsal.state == Rehearsal.State.RUNNING and is_late else ""


class RehearsalAdmin(ReadOnlyAdmin):
    """Rehearsals, newest first."""

    def get_urls(self) -> list[URLPattern]:
        """Show one of them."""
        page = self.admin_site.admin_view(self.rehearsal_view)
        return [path("<int:pk>/", page, name="automation_rehearsal"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Offer to begin one, and show the last ones."""
        brands = by_name(Brand.objects.filter(is_active=True))
        if request.method == "POST":
            brand = brand_of(request.POST.get("brand", ""))
            if brand is not None:
                return self._begin(request, brand)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Rehearsal"),
            "opts": self.opts,
            "brands": brands,
            "last": Rehearsal.objects.select_related("brand", "agent").order_by("-pk")[:_KEPT],
        }
        return TemplateResponse(request, "admin/rehearsals.html", context)

    def _begin(self, request: HttpRequest, brand: Brand) -> HttpResponse:
        made = begin_rehearsal(brand=brand, by=signed_in(request), now=timezone.now())
        return HttpResponseRedirect(reverse("admin:automation_rehearsal", args=[made.pk]))

    def rehearsal_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the steps as they are now."""
        found = Rehearsal.objects.select_related("brand", "agent", "conversation")
        rehearsal = get_object_or_404(found, pk=pk)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Rehearsal"),
            "opts": self.opts,
            "rehearsal": rehearsal,
            "rows": rows_of(rehearsal),
            "problem": problem_of(rehearsal),
        }
        return TemplateResponse(request, "admin/rehearsal.html", context)

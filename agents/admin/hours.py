"""The page of business hours, of a brand or a team: a week, dates that differ, and what is said."""

import re
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from agents.admin.base import ImeceAdmin
from agents.callers import signed_in
from agents.hours.calendar import DAYS
from agents.hours.reading import Errors, Spelled, no_date, not_hours, read_dates, read_week
from agents.models import Brand, HoursDate, Team
from agents.operations.hours import clear_hours, set_hours
from agents.queries.hours import Hours, hours_of, preview

_BETWEEN = re.compile(r"\s*[-–—]\s*")
_TIME = re.compile(r"(\d{1,2})(?:[.:](\d{2}))?")
_LINE = re.compile(r"(\S+)((?:[\s,]+[\d.:]+\s*[-–—]\s*[\d.:]+)*)\s*(.*)")
_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_PREVIEW_DAYS = 365


def typed_day(text: str) -> list[list[str]]:
    """Return "9.00-18.00, 19-22" as the wire spells it; what is no time stays as it was typed."""
    parts = [part for part in re.split(r"[,;\n]", text) if part.strip()]
    return [[_time(one) for one in _BETWEEN.split(part.strip())] for part in parts]


def _time(text: str) -> str:
    found = _TIME.fullmatch(text.strip())
    return f"{int(found[1]):02}:{found[2] or '00'}" if found else text


def _shown(spelled: Spelled) -> str:
    return ", ".join(f"{start}-{end}" for start, end in spelled)


def typed_dates(text: str) -> list[dict[str, Any]]:
    """Return lines such as "31.12.2026 09:00-13:00 New Year's Eve" as the wire spells them."""
    return [_typed_date(line.strip()) for line in text.splitlines() if line.strip()]


def _typed_date(line: str) -> dict[str, Any]:
    found = _LINE.fullmatch(line)
    day, hours, name = found.groups() if found else (line, "", "")
    local = _DATE.fullmatch(day)
    if local:
        day = f"{local[3]}-{int(local[2]):02}-{int(local[1]):02}"
    return {"date": day, "open": typed_day(re.sub(r"\s+(?=\d)", ",", hours)), "name": name}


def shown_dates(rows: list[HoursDate]) -> str:
    """Return dates as lines that can be typed again."""
    return "\n".join(
        " ".join(filter(None, [f"{row.date:%d.%m.%Y}", _shown(row.open), row.name])) for row in rows
    )


def _as_typed(text: str) -> str:
    """Return an error in the spelling of this page instead of the wire's."""
    said = {
        not_hours(): gettext("Write the hours like 09:00-18:00."),
        no_date(): gettext("There is no such date. Write it like 31.12.2026."),
    }
    return said.get(text, text)


class HoursForm(forms.Form):
    """The hours of one brand or team as a person writes them."""

    when = forms.ChoiceField(label=_("Open"), widget=forms.RadioSelect)

    def __init__(self, owner: Brand | Team, hours: Hours, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        when = cast(forms.ChoiceField, self.fields["when"])
        when.choices = [("always", _("Always")), ("week", _("At these hours"))]
        if isinstance(owner, Team):
            when.choices = [("brand", _("As the brand of the chat")), *when.choices]
        own = "week" if hours.week else "always"
        when.initial = own if hours.is_own or isinstance(owner, Brand) else "brand"
        for number, name in enumerate(DAYS):
            self.fields[name] = forms.CharField(
                label=WEEKDAYS[number],
                required=False,
                max_length=300,
                initial=_shown(hours.kept.get(name, [])),
                widget=forms.TextInput(attrs={"size": 40, "placeholder": _("closed")}),
            )
        self.fields["dates"] = forms.CharField(
            label=_("Dates that differ"),
            required=False,
            max_length=60_000,
            initial=shown_dates(hours.dates),
            help_text=_(
                "One on each line: 31.12.2026 09:00-13:00 New Year's Eve. Without hours it is"
                " closed. Public holidays are added by themselves once there is a week."
            ),
            widget=forms.Textarea(attrs={"rows": 12, "cols": 60, "spellcheck": "false"}),
        )
        self.week: dict[str, Spelled] | None = None
        self.kept: dict[str, Spelled] | None = None
        self.found: list[Any] = []

    def clean(self) -> None:
        """Read the hours; each error stands beside its field."""
        errors: Errors = {}
        given = self.cleaned_data
        is_week = given.get("when") == "week"
        # What was typed is kept for the day on which it shall hold again.
        if is_week or any(given.get(name) for name in DAYS):
            self.kept = read_week({name: typed_day(given.get(name, "")) for name in DAYS}, errors)
        self.week = self.kept if is_week else None
        dates = typed_dates(given.get("dates", ""))
        self.found = read_dates(dates, errors)
        for place, texts in errors.items():
            kind, _dot, rest = place.partition(".")
            part = rest.partition(".")[0]
            texts = [_as_typed(text) for text in texts]
            if kind == "dates" and part.isdigit():
                said = gettext("Line %(n)d: %(text)s")
                self.add_error("dates", said % {"n": int(part) + 1, "text": texts[0]})
            elif kind == "week" and part in self.fields:
                self.add_error(part, texts[0])
            else:
                self.add_error("when" if kind == "week" else "dates", texts[0])


class HoursPages(ImeceAdmin):
    """Gives an admin of brands or teams the page of their hours."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        name = f"agents_{self.opts.model_name}_hours"
        page = self.admin_site.admin_view(self.hours_view)
        return [path("<int:pk>/hours/", page, name=name), *super().get_urls()]

    @admin.display(description=_("business hours"))
    def hours_shown(self, owner: Brand | Team) -> SafeString | str:
        """Say how it is open, with the way to the page."""
        if owner.pk is None:
            return gettext("Save first, then set the hours.")
        hours = hours_of(owner, now=timezone.now())
        said = gettext("Always") if hours.week is None else gettext("At these hours")
        if isinstance(owner, Team) and not hours.is_own:
            said = gettext("As the brand of the chat")
        url = reverse(f"admin:agents_{self.opts.model_name}_hours", args=[owner.pk])
        return format_html('{} · <a href="{}">{}</a>', said, url, gettext("Change the hours"))

    def hours_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show and take the hours."""
        owner = self.get_object(request, str(pk))
        if owner is None or not self.has_change_permission(request, owner):
            raise Http404
        now = timezone.now()
        form = HoursForm(owner, hours_of(owner, now=now), request.POST or None)
        if request.method == "POST" and form.is_valid():
            by = signed_in(request)
            if form.cleaned_data["when"] == "brand":
                clear_hours(team=owner, by=by, now=now)
            else:
                week, dates, kept = form.week, form.found, form.kept
                set_hours(owner=owner, week=week, dates=dates, kept=kept, by=by, now=now)
            self.message_user(request, gettext("The hours are set."), messages.SUCCESS)
            return HttpResponseRedirect(request.path)
        language = (get_language() or "en")[:2]
        days = [
            {"day": each.day, "open": _shown(each.open), "name": each.name, "says": said}
            for each in preview(owner, days=_PREVIEW_DAYS, now=now)
            for said in [each.says.get(language, "")]
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Hours of %(name)s") % {"name": owner},
            "opts": self.opts,
            "owner": owner,
            "form": form,
            "days": days,
        }
        return TemplateResponse(request, "admin/hours.html", context)

"""The page that asks whether the rules are still the right ones: when they act, and which don't."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.access import access_of
from agents.admin.base import ImeceAdmin
from agents.callers import signed_in
from agents.console.heat import darkness
from automation.models import Rule, Run
from chat.models import Conversation

# As long as the log is kept.
_LONGEST = 90
_MONTH = timedelta(days=30)
# For how long nobody has changed a rule of which the list reminds, and the review at first.
REMINDED_MONTHS = 6
# Not somebody who tries things out.
REAL = Q(conversation__kind=Conversation.Kind.CUSTOMER) | Q(ticket__isnull=False)


class ReviewForm(forms.Form):
    """What is looked at."""

    days = forms.TypedChoiceField(
        label=_("Period"),
        choices=[(7, _("last 7 days")), (30, _("last 30 days")), (90, _("last 90 days"))],
        coerce=int,
        initial=30,
    )
    rule = forms.ModelChoiceField(
        label=_("rule"), queryset=Rule.objects.none(), required=False, empty_label=_("All rules")
    )
    months = forms.TypedChoiceField(
        label=_("Not changed for"),
        choices=[(3, _("3 months")), (6, _("6 months")), (12, _("12 months"))],
        coerce=int,
        initial=REMINDED_MONTHS,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.label_suffix = ""
        rule = self.fields["rule"]
        if isinstance(rule, forms.ModelChoiceField):
            rule.queryset = Rule.objects.in_order()

    def chosen(self, name: str) -> Any:
        """Return what was chosen, else what stands there at first."""
        if self.is_bound and self.is_valid():
            return self.cleaned_data[name]
        return self.fields[name].initial


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One hour of a weekday; `step` 0 to 5 is its colour."""

    count: int
    step: int


@dataclass(frozen=True, kw_only=True)
class Week:
    """How often something was, by weekday and hour."""

    title: str
    total: int
    busiest: str
    days: list[tuple[str, list[Cell]]]


def week_of(title: str, moments: QuerySet[Any], moment: str) -> Week:
    """Return how many of these rows lie in each hour of each weekday (Monday first), by their field
    `moment` in the current time zone.
    """
    zone = timezone.get_current_timezone()
    by_hour = moments.order_by().values(
        weekday=ExtractIsoWeekDay(moment, tzinfo=zone), hour=ExtractHour(moment, tzinfo=zone)
    )
    rows = by_hour.annotate(count=Count("pk"))
    counts = {(row["weekday"] - 1, row["hour"]): row["count"] for row in rows}
    top = max(counts.values(), default=0)
    days = [
        (str(WEEKDAYS[day]), [_cell(counts.get((day, hour), 0), top) for hour in range(24)])
        for day in range(7)
    ]
    return Week(title=title, total=sum(counts.values()), busiest=_busiest(counts), days=days)


def _cell(count: int, top: int) -> Cell:
    return Cell(count=count, step=darkness(count, top=top))


def _busiest(counts: Mapping[tuple[int, int], int]) -> str:
    if not counts:
        return ""
    day, hour = max(counts, key=lambda place: (counts[place], -place[0], -place[1]))
    since, until = (time_format(time(at), "TIME_FORMAT") for at in (hour, (hour + 1) % 24))
    told = {"day": WEEKDAYS[day], "from": since, "to": until}
    return gettext("Most on %(day)s, %(from)s to %(to)s.") % told


def idle_rules(now: datetime) -> QuerySet[Rule]:
    """Return the rules that are on and of which the log knows no run, with how often they looked.

    Rules that are only tried out are asked for what they would have done.
    """
    since = now - timedelta(days=_LONGEST)
    same = Run.objects.filter(rule=OuterRef("pk"), matched=True, at__gt=since)
    same = same.filter(REAL)
    lately = same.filter(Q(mode=Rule.Mode.ON) | Q(rule__mode=Rule.Mode.TRIAL))
    watching = Rule.objects.exclude(mode=Rule.Mode.OFF).in_order()
    found: QuerySet[Rule] = watching.filter(~Exists(lately)).select_related("brand")
    return found.annotate(looked=Sum("tallies__looked"))


def untouched_rules(now: datetime, *, months: int) -> QuerySet[Rule]:
    """Return the rules that nobody has changed for so long, oldest first."""
    found: QuerySet[Rule] = Rule.objects.filter(changed_at__lt=now - months * _MONTH)
    return found.select_related("brand").order_by("changed_at", "pk")


class ReviewPages(ImeceAdmin):
    """Gives the admin of rules the page on which they are reviewed."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        page = self.admin_site.admin_view(self.review_view)
        return [path("review/", page, name="automation_review"), *super().get_urls()]

    def review_view(self, request: HttpRequest) -> HttpResponse:
        """Show when rules act beside when chats come, and which rules do nothing."""
        now = timezone.now()
        form = ReviewForm(request.GET or None)
        rule = form.chosen("rule")
        since = now - timedelta(days=form.chosen("days"))
        kind = Conversation.Kind.CUSTOMER
        runs = Run.objects.filter(matched=True, mode=Rule.Mode.ON, at__gt=since)
        runs = runs.filter(REAL)
        chats = Conversation.objects.visible_to(access_of(signed_in(request))).filter(kind=kind)
        if rule is not None:
            runs = runs.filter(rule=rule)
            if rule.brand_id:
                chats = chats.filter(brand=rule.brand_id)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Review of the rules"),
            "opts": self.opts,
            "form": form,
            "hours": range(24),
            "weeks": [
                week_of(gettext("Rules acted"), runs, "at"),
                week_of(gettext("Chats came in"), chats.filter(created_at__gt=since), "created_at"),
            ],
            "idle": idle_rules(now),
            "months": form.chosen("months"),
            "untouched": untouched_rules(now, months=form.chosen("months")),
            "is_nav_sidebar_enabled": False,
        }
        return TemplateResponse(request, "admin/rules_review.html", context)

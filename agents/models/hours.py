"""Business hours of brands and teams. An edit ends a row and adds one: the past stays as it was."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agents.models.brand import Brand
from agents.models.team import Team

_OWNER = Q(brand__isnull=False, team__isnull=True) | Q(brand__isnull=True, team__isnull=False)


class HoursQuerySet(models.QuerySet[Any]):
    """Rows by the time at which they held."""

    def current(self) -> Self:
        """Return what holds from now on."""
        return self.filter(valid_until=None)

    def valid_at(self, at: datetime) -> Self:
        """Return what held at a moment."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=at), valid_from__lte=at)

    def of(self, owner: Brand | Team) -> Self:
        """Return the rows of a brand or a team."""
        return self.filter(brand=owner) if isinstance(owner, Brand) else self.filter(team=owner)


class HoursRow(models.Model):
    """Whose hours, and from when until when this row says what they are."""

    brand = models.ForeignKey(Brand, models.CASCADE, null=True, related_name="+")
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="+")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)

    objects = HoursQuerySet.as_manager()

    class Meta:
        abstract = True


class HoursWeek(HoursRow):
    """A week: {"mon": [["09:00", "18:00"]], …}; null means always open."""

    days = models.JSONField(null=True)

    class Meta:
        verbose_name = _("business hours")
        verbose_name_plural = _("business hours")
        constraints = [
            models.CheckConstraint(condition=_OWNER, name="week_of_brand_or_team"),
            models.UniqueConstraint(
                fields=["brand"], condition=Q(valid_until=None), name="one_week_of_a_brand"
            ),
            models.UniqueConstraint(
                fields=["team"], condition=Q(valid_until=None), name="one_week_of_a_team"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand_id or self.team_id} {self.valid_from:%Y-%m-%d}"


class HoursDate(HoursRow):
    """A date that differs from its day of the week; no hours: closed."""

    date = models.DateField()
    name = models.CharField(max_length=80, blank=True)
    open = models.JSONField(default=list)
    # From the list of public holidays. One that somebody edited or deleted is never imported again.
    holiday = models.BooleanField(default=False)
    is_edited = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("date with other hours")
        verbose_name_plural = _("dates with other hours")
        constraints = [
            models.CheckConstraint(condition=_OWNER, name="date_of_brand_or_team"),
            models.UniqueConstraint(
                fields=["brand", "date"],
                condition=Q(valid_until=None),
                name="one_day_of_a_brand",
            ),
            models.UniqueConstraint(
                fields=["team", "date"], condition=Q(valid_until=None), name="one_day_of_a_team"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"

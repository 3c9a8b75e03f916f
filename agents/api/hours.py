"""Business hours of brands and teams, for administrators."""

from typing import Any
from zoneinfo import available_timezones

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.hours.reading import Errors, read_dates, read_week
from agents.models import Brand, Team
from agents.operations.hours import clear_hours, set_hours, set_zone
from agents.queries.hours import hours_of, preview
from config.web.problems import Problem

_PREVIEW_MAX = 366


class DateShape(serializers.Serializer[Any]):
    """A date that differs; no hours: closed."""

    date = serializers.DateField()
    name = serializers.CharField()
    open = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    holiday = serializers.BooleanField()


class HoursShape(serializers.Serializer[Any]):
    """Hours: {"mon": [["09:00", "18:00"]], …} by day, null for always open. `zone` is the brand's,
    null for a team; a team without hours `own` has the brand's."""

    zone = serializers.CharField(allow_null=True)
    week = serializers.JSONField(allow_null=True)
    dates = DateShape(many=True)
    own = serializers.BooleanField(read_only=True)


class PreviewAnswer(serializers.Serializer[Any]):
    """The dates to come, and what the widget says once the desk has closed on each."""

    days = serializers.JSONField()


class _HoursView(DeskView):
    model: type[Brand] | type[Team]

    def owner(self, request: Request, pk: int) -> Any:
        """Return whose hours they are; only administrators get that far."""
        if not reach_of(request).everything:
            raise PermissionDenied
        found = self.model._default_manager.filter(pk=pk).first()
        if found is None:
            raise NotFound
        return found


class _Hours(_HoursView):
    @extend_schema(responses={200: HoursShape, **problems_of(403, 404)})
    def get(self, request: Request, pk: int) -> Response:
        """Return the hours as they are set."""
        return Response(_shape(self.owner(request, pk)))

    @extend_schema(request=HoursShape, responses={200: HoursShape, **problems_of(400, 403, 404)})
    def put(self, request: Request, pk: int) -> Response:
        """Replace the hours from now on; what was before stays what it was."""
        owner = self.owner(request, pk)
        given, errors = request.data, dict[str, list[str]]()
        if not isinstance(given, dict):
            errors["week"] = [_("Name the days with their hours, or null: always open.")]
            given = {}
        for name in given.keys() - {"zone", "week", "dates", "own"}:
            errors[str(name)[:60]] = [_("This field is not known.")]
        zone = _zone(owner, given, errors)
        if "week" not in given and not errors:
            errors["week"] = [_("Name the days with their hours, or null: always open.")]
        week = read_week(given.get("week"), errors)
        dates = read_dates(given.get("dates", []), errors)
        if errors:
            named = {place: str(texts[0]) for place, texts in errors.items()}
            raise Problem(400, "invalid", next(iter(named.values())), errors=named)
        by, now = agent_of(request), timezone.now()
        if isinstance(owner, Brand) and zone is not None:
            set_zone(brand=owner, zone=zone, by=by)
        set_hours(owner=owner, week=week, dates=dates, by=by, now=now)
        return Response(_shape(owner))


class BrandHours(_Hours):
    """`brands/{id}/hours`."""

    model = Brand


class TeamHours(_Hours):
    """`teams/{id}/hours`."""

    model = Team

    @extend_schema(responses={204: None, **problems_of(403, 404)})
    def delete(self, request: Request, pk: int) -> Response:
        """Let the brand's hours hold for the team again."""
        team = self.owner(request, pk)
        clear_hours(team=team, by=agent_of(request), now=timezone.now())
        return Response(status=204)


class _Preview(_HoursView):
    @extend_schema(responses={200: PreviewAnswer, **problems_of(400, 403, 404)})
    def get(self, request: Request, pk: int) -> Response:
        """Return the dates from today on, as visitors meet them."""
        owner = self.owner(request, pk)
        text = request.query_params.get("days", "365")
        count = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
        if not 1 <= count <= _PREVIEW_MAX:
            message = _("Between 1 and %(n)d.") % {"n": _PREVIEW_MAX}
            raise Problem(400, "invalid", message, errors={"days": message})
        days = [
            {
                "date": each.day.isoformat(),
                "open": each.open,
                **({"name": each.name} if each.name else {}),
                "says": each.says,
            }
            for each in preview(owner, days=count, now=timezone.now())
        ]
        return Response({"days": days})


class BrandPreview(_Preview):
    """`brands/{id}/hours/preview`."""

    model = Brand


class TeamPreview(_Preview):
    """`teams/{id}/hours/preview`."""

    model = Team


def _zone(owner: Brand | Team, given: dict[str, Any], errors: Errors) -> str | None:
    """Return the zone that is wished for a brand; a team has none of its own."""
    zone = given.get("zone")
    if zone is None:
        return None
    if isinstance(owner, Team):
        errors["zone"] = [_("A team has the time zone of the chat's brand.")]
    elif not isinstance(zone, str) or zone not in available_timezones():
        errors["zone"] = [_("Choose a time zone.")]
    else:
        return zone
    return None


def _shape(owner: Brand | Team) -> dict[str, Any]:
    hours = hours_of(owner, now=timezone.now())
    return {
        "zone": owner.time_zone if isinstance(owner, Brand) else None,
        "week": hours.week,
        "dates": [
            {
                "date": row.date.isoformat(),
                "name": row.name,
                "open": row.open,
                "holiday": row.holiday,
            }
            for row in hours.dates
        ],
        "own": hours.is_own,
    }

"""What a wallboard should not pass, by the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from agents.api.desk import DeskView, agent_of, reach_of
from agents.api.schema import problems_of
from agents.models import Brand
from config.text.cleaning import key_of
from config.web.api import StrictSerializer, valid
from reports.models import Targets
from reports.wall.board import reaches_of, targets_for
from reports.wall.operations import NotAllowed, sees_brand, set_targets


class TargetsBody(StrictSerializer):
    """Chats in line, seconds that the first of them may wait, and percent."""

    queue = serializers.IntegerField(min_value=0, max_value=1000)
    wait_seconds = serializers.IntegerField(min_value=0, max_value=86_400)
    service_level = serializers.IntegerField(min_value=0, max_value=100)


class TargetsAnswer(serializers.Serializer[Any]):
    """What holds for a brand; `own` is false where it has the targets of all brands."""

    brand = serializers.IntegerField(allow_null=True)
    queue = serializers.IntegerField()
    wait_seconds = serializers.IntegerField()
    service_level = serializers.IntegerField()
    own = serializers.BooleanField()


class WallTargets(DeskView):
    """`wallboard/targets`."""

    def brand(self, request: Request) -> Brand | None:
        """Return the brand that is asked for, None for all; refuse who sees no wallboard of it."""
        access = reach_of(request)
        if not reaches_of(access):
            raise PermissionDenied
        wanted = request.query_params.get("brand", "")
        if not wanted:
            return None
        found = Brand.objects.filter(pk=key_of(wanted)).first()
        if found is None or not sees_brand(access, found.pk):
            raise NotFound
        return found

    @extend_schema(
        operation_id="wall_targets", responses={200: TargetsAnswer, **problems_of(403, 404)}
    )
    def get(self, request: Request) -> Response:
        """Return the targets of a brand (`brand=`), or of all that have none of their own."""
        return Response(_shown(self.brand(request)))

    @extend_schema(
        operation_id="set_wall_targets",
        request=TargetsBody,
        responses={200: TargetsAnswer, **problems_of(400, 403, 404)},
    )
    def put(self, request: Request) -> Response:
        """Replace them; for whoever supervises all chats of the brand."""
        brand, values = self.brand(request), valid(TargetsBody, request)
        try:
            set_targets(brand=brand, by=agent_of(request), **values)
        except NotAllowed as error:
            raise PermissionDenied from error
        return Response(_shown(brand))


def _shown(brand: Brand | None) -> dict[str, Any]:
    key = brand.pk if brand else None
    among = list(Targets.objects.filter(brand=brand) | Targets.objects.filter(brand=None))
    found = targets_for(key, among=among)
    return {
        "brand": key,
        "queue": found.queue,
        "wait_seconds": found.wait_seconds,
        "service_level": found.service_level,
        "own": any(one.brand_id == key for one in among),
    }

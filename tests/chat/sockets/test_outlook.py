"""What a visitor can expect, told again when a ring may have been lost."""

import pytest
from django.utils import timezone

from config.realtime.layer import announce
from tests.support.factories import make_brand, make_conversation, make_visitor
from tests.support.sockets import db, visitor_socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_after_a_resync_a_visitor_knows_availability_and_place_in_line() -> None:
    vera = await db(lambda: make_visitor(make_brand()))
    waiting = await db(
        make_conversation,
        vera,
        status="queued",
        form_offered="full",
        queued_at=timezone.now(),
    )
    async with visitor_socket(vera) as visitor:
        announce([(f"visitor.{vera.secret_hash[:32]}", {"type": "live.resync"})])
        assert (await visitor.event("availability.changed"))["state"] == "offline"
        place = await visitor.event("queue.position")
        assert place == {
            "conversation": waiting.public_id,
            "position": 1,
            "eta": None,
            "form": "full",
        }

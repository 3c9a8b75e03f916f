"""The figures of the console's footer."""

from agents.models import Permission
from chat.routing.availability import Floor


def authorised_online(floor: Floor, brand_id: int, channel: str) -> int:
    """Return how many agents are Online, here, and may answer chats of the brand and channel."""
    return sum(
        candidate.is_present and candidate.access.may_in(Permission.CHAT, brand_id, channel)
        for candidate in floor.candidates
    )

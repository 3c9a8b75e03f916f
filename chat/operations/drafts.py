"""What agents have begun to write, kept on the server."""

from django.conf import settings
from django.db import transaction

from agents.models import Agent
from chat.models import Conversation, Participation

MODES = ("reply", "note", "whisper")


class InvalidDraft(Exception):
    """Too long, or neither a reply nor a note nor a whisper."""


@transaction.atomic
def save_draft(*, conversation: Conversation, agent: Agent, text: str, mode: str) -> None:
    """Keep what `agent` has begun to write in a chat; an empty text forgets it."""
    if mode not in MODES or len(text) > settings.IMECE["MESSAGE_MAX_CHARS"] or "\0" in text:
        raise InvalidDraft
    kept = text if text.strip() else ""
    changed = {"draft": kept, "draft_mode": mode}
    own = Participation.objects.filter(conversation=conversation, agent=agent)
    if not own.update(**changed) and kept:
        Participation.objects.update_or_create(
            conversation=conversation, agent=agent, defaults=changed
        )

"""Uploads that have a row and no bytes."""

from typing import Any

from agents.models import Agent
from chat.models import Attachment, Visitor
from tickets.models import File


def make_attachment(by: Agent | Visitor, *, entry: Any = None, **changes: Any) -> Attachment:
    """An upload of `by`, bound to `entry` if there is one."""
    is_agent = isinstance(by, Agent)
    shape = {"file": "attachments/x", "name": "a.png", "content_type": "image/png", "size": 3}
    file = File.objects.create(**shape | changes, uploader=by if is_agent else None)
    visitor = None if is_agent else by
    return Attachment.objects.create(file=file, visitor=visitor, entry=entry)

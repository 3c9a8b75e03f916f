"""What a customer sends from a chat's page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from chat.models import Conversation, Visitor
from chat.operations.attachments import keep_upload
from chat.operations.tickets import convert_to_ticket
from chat.posting.messages import Author, Outgoing, Posted, post_message
from tickets.models import Entry, File
from tickets.operations.customers_words import hear_customer


def send_answer(
    chat: Conversation, visitor: Visitor, given: dict[str, Any], *, now: datetime
) -> Posted | Entry | None:
    """Say something in the chat, or in its ticket once the chat takes no more words.

    None when it can't be said at all. Files that nothing took are swept like all unused uploads.
    """
    text, key = given["text"], str(given["key"])
    files = [keep_upload(file=each, by=visitor, now=now).file for each in given["attached"]]
    outgoing = Outgoing(
        chat.public_id,
        Author.of_visitor(visitor),
        text,
        key,
        attachment_ids=[each.public_id for each in files],
    )
    posted = post_message(outgoing, now=now)
    if isinstance(posted, Posted):
        return posted
    if posted.code != "ended":
        return None
    return _say_in_ticket(chat, text=text, files=files, key=key, now=now)


@transaction.atomic
def _say_in_ticket(
    chat: Conversation, *, text: str, files: Sequence[File], key: str, now: datetime
) -> Entry:
    converted = convert_to_ticket(conversation=chat, by=None, now=now)
    return hear_customer(
        ticket=converted.ticket,
        body=text.strip() or ", ".join(each.name for each in files),
        files=files,
        data={"files": [each.wire for each in files]} if files else {},
        source=converted.ticket.source,
        client_id=f"chat:{key}",
        now=now,
    )

"""What a visitor may see: which chats, lines and files are their own, and what of an agent.

Which kinds of lines they see, and which keys of their `data`, stands in `chat/models/kinds.py`: by
it `chat/operations/lines.py` gives a line its number in the visitor's counter, which all keep to,
and `chat/protocol/outgoing.py` writes it. Which agents the widget shows before there is a chat says
`faces` of `chat/widget/config.py`; who opens a chat by the link of a mail, `chat/links.py`.
"""

from django.db.models import Q, QuerySet

from agents.models import Agent, Status
from chat.models import Attachment, Conversation, Entry, Visitor
from chat.models.entry import EntryQuerySet
from chat.protocol import author_json


def own_chats(visitor: Visitor) -> QuerySet[Conversation]:
    """Return a visitor's chats; what colleagues say about one of them is none."""
    return _customers().filter(visitor=visitor)


def chats_by_secret(secret_hash: str) -> QuerySet[Conversation]:
    """Return the chats of the visitor whose browser has this secret."""
    return _customers().filter(visitor__secret_hash=secret_hash)


def _customers() -> QuerySet[Conversation]:
    chats: QuerySet[Conversation] = Conversation.objects.filter(kind=Conversation.Kind.CUSTOMER)
    return chats


def visible_lines(chat: Conversation) -> EntryQuerySet:
    """Return the lines of a chat that its visitor may see."""
    lines: EntryQuerySet = Entry.objects.filter(conversation=chat, visitor_seq__isnull=False)
    return lines


def visible_files(visitor: Visitor) -> QuerySet[Attachment]:
    """Return what a visitor uploaded, and files of the lines that they may see."""
    files: QuerySet[Attachment] = Attachment.objects.filter(
        Q(visitor=visitor)
        | Q(entry__conversation__visitor=visitor, entry__visitor_seq__isnull=False)
    )
    return files


def files_in(chat: Conversation) -> QuerySet[Attachment]:
    """Return the files of the lines of a chat that its visitor may see."""
    files: QuerySet[Attachment] = Attachment.objects.filter(
        entry__conversation=chat, entry__visitor_seq__isnull=False
    )
    return files


def public_agent(agent: Agent) -> dict[str, str]:
    """Return the agent as an author, with a status in which Invisible looks like Offline."""
    status = Status.OFFLINE if agent.status == Status.INVISIBLE else agent.status
    face = author_json("agent", agent.public_id, agent.name, agent.avatar_url)
    return face | {"status": str(status)}

"""What a visitor may see: which chats and files are their own, and what of an agent.

What they may see of a timeline `chat/models/kinds.py` says, for each kind of line and the keys of
its `data`. Frames, transcripts and pages keep to both.
"""

from django.db.models import Q, QuerySet

from agents.models import Agent, Status
from chat.models import Attachment, Conversation, Visitor
from chat.protocol import author_json


def own_chats(visitor: Visitor) -> QuerySet[Conversation]:
    """Return a visitor's chats; what colleagues say about one of them is none."""
    chats: QuerySet[Conversation] = Conversation.objects.filter(
        visitor=visitor, kind=Conversation.Kind.CUSTOMER
    )
    return chats


def visible_files(visitor: Visitor) -> QuerySet[Attachment]:
    """Return what a visitor uploaded, and files of the lines that they may see."""
    files: QuerySet[Attachment] = Attachment.objects.filter(
        Q(visitor=visitor)
        | Q(entry__conversation__visitor=visitor, entry__visitor_seq__isnull=False)
    )
    return files


def public_agent(agent: Agent) -> dict[str, str]:
    """Return the agent as an author, with a status in which Invisible looks like Offline."""
    status = Status.OFFLINE if agent.status == Status.INVISIBLE else agent.status
    face = author_json("agent", agent.public_id, agent.name, agent.avatar_url)
    return face | {"status": str(status)}

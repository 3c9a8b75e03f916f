"""What a visitor may see of an agent.

What they may see of the timeline `chat/models/kinds.py` says, for each kind of line and the keys of
its `data`. Frames, transcripts and pages keep to both. Which chats are a visitor's own says
`own_conversation` in `chat/api/widget/access.py`.
"""

from agents.models import Agent, Status
from chat.protocol import author_json


def public_agent(agent: Agent) -> dict[str, str]:
    """Return the agent as an author, with a status in which Invisible looks like Offline."""
    status = Status.OFFLINE if agent.status == Status.INVISIBLE else agent.status
    face = author_json("agent", agent.public_id, agent.name, agent.avatar_url)
    return face | {"status": str(status)}

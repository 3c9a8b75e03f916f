"""What a visitor may see of an agent."""

from agents.models import Agent, Status


def face_of(agent: Agent) -> dict[str, str]:
    """Return name, picture and status; Invisible looks like Offline."""
    status = Status.OFFLINE if agent.status == Status.INVISIBLE else agent.status
    face = {"id": agent.public_id, "name": agent.name, "status": str(status)}
    if agent.avatar:
        face["avatar"] = agent.avatar.url
    return face

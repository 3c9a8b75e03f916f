"""Closing the live screens of somebody whose right to them has ended."""

from agents.events import SocketsRevoked
from config.events import publish


def revoke_sockets(agent_id: int, session_key: str | None = None) -> None:
    """Close the agent's sockets once the transaction commits: all, or those of one session."""
    publish(SocketsRevoked(agent_id=agent_id, session_key=session_key))

"""Every write about people."""

from agents.operations.sockets import revoke_sockets
from agents.operations.statuses import AgentDisabled, set_status

__all__ = ["AgentDisabled", "revoke_sockets", "set_status"]

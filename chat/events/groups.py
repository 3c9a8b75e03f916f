"""The names of the groups of sockets that hear of chats.

The groups of agents and desks are the lower room's: `agents.events`.
"""


def visitor_group(secret_hash: str) -> str:
    """Return the group of all sockets of one visitor; known before the visitor has a row."""
    return f"visitor.{secret_hash[:32]}"


def thread_group(conversation_pk: int) -> str:
    """Return the group of console sockets that show a conversation."""
    return f"thread.{conversation_pk}"


def site_group(brand_pk: int) -> str:
    """Return the group of widget sockets of a brand."""
    return f"site.{brand_pk}"

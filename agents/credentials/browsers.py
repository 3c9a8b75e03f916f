"""What a browser says of itself, in a few words."""

from ua_parser import parse


def device_name(user_agent: str) -> str:
    """Return browser and system by name, such as "Chrome · Android"; empty when unknown."""
    found = parse(user_agent[:400])
    families = [part.family for part in (found.user_agent, found.os) if part is not None]
    return " · ".join(name for name in families if name != "Other")[:80]

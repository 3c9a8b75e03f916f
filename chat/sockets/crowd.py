"""How many sockets an address has in one event loop."""

from django.conf import settings


class Crowd:
    """Sockets that are open, and those of them that have not said `hello`, by address."""

    def __init__(self) -> None:
        self.opened: dict[str, int] = {}
        self.pending: dict[str, int] = {}

    def is_full(self, address: str, limit: str) -> bool:
        """Return whether an address has all the sockets that it may have.

        `limit` names the setting for open ones; "" where nobody may open some but by invitation.
        """
        limits = settings.IMECE
        return bool(
            self.pending.get(address, 0) >= limits["PENDING_SOCKETS_PER_IP"]
            or (limit and self.opened.get(address, 0) >= limits[limit])
        )

    def enter(self, address: str) -> None:
        """Count a socket that knocks."""
        self.opened[address] = self.opened.get(address, 0) + 1
        self.pending[address] = self.pending.get(address, 0) + 1

    def introduce(self, address: str) -> None:
        """Count it as pending no more: it has said `hello`, or will not."""
        _count_down(self.pending, address)

    def leave(self, address: str) -> None:
        """Count it as open no more."""
        _count_down(self.opened, address)


def _count_down(counts: dict[str, int], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]

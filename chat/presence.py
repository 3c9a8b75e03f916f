"""Which visitors have a live socket in this process."""

_here: dict[str, list[object]] = {}


def attach(secret_hash: str, socket: object) -> list[object]:
    """Remember a socket of a visitor; return all of theirs in this process, oldest first."""
    sockets = _here.setdefault(secret_hash[:32], [])
    sockets.append(socket)
    return sockets


def detach(secret_hash: str, socket: object) -> None:
    """Forget a socket."""
    key = secret_hash[:32]
    sockets = _here.get(key)
    if sockets and socket in sockets:
        sockets.remove(socket)
        if not sockets:
            del _here[key]

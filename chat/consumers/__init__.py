"""The two sockets: `/ws/visitor/` and `/ws/console/`."""

from chat.consumers.console import ConsoleConsumer
from chat.consumers.visitor import VisitorConsumer

__all__ = ["ConsoleConsumer", "VisitorConsumer"]

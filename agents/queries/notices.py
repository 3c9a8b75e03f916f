"""When an agent wants to be told of what."""

import re
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from agents.models import Agent, Notice, Status

QUIET_MAX = 4
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class InvalidQuiet(ValueError):
    """Quiet hours are up to four pairs of times, such as 22:00 and 08:00."""


def read_quiet(given: Any) -> list[list[str]]:
    """Return quiet hours as they are stored; raises `InvalidQuiet`."""
    if not isinstance(given, list) or len(given) > QUIET_MAX:
        raise InvalidQuiet
    for pair in given:
        if not isinstance(pair, list) or len(pair) != 2 or pair[0] == pair[1]:
            raise InvalidQuiet
        if not all(isinstance(text, str) and _TIME.fullmatch(text) for text in pair):
            raise InvalidQuiet
    return given


def wanted_by(agent: Agent) -> list[str]:
    """Return the classes of notifications that the agent wants."""
    return [notice.value for notice in Notice if notice not in agent.notices_off]


def is_left_alone(agent: Agent, notice: str, now: datetime) -> bool:
    """Return whether the agent is not to be told: switched off, or quiet hours while not Online."""
    if notice in agent.notices_off:
        return True
    return agent.status != Status.ONLINE and is_quiet(agent, now)


def is_quiet(agent: Agent, now: datetime) -> bool:
    """Return whether it is one of the agent's quiet hours; they may pass midnight."""
    here = now.astimezone(ZoneInfo(agent.time_zone)).time()
    for begins, ends in ((time.fromisoformat(a), time.fromisoformat(b)) for a, b in agent.quiet):
        inside = begins <= here < ends if begins < ends else here >= begins or here < ends
        if inside:
            return True
    return False

"""Whom a note names: `@Elif`, or `@Elif Kaya` where there are several."""

from collections import Counter
from collections.abc import Iterable

from agents.models import Agent
from config.text.folding import fold


def mentioned(text: str, agents: Iterable[Agent]) -> list[Agent]:
    """Return the agents whom a text names after an @, as the whole name or as its first word.

    Of several names that fit the longest is meant; a first name that two of them have is nobody's.
    """
    people = list(agents)
    firsts = Counter(_first(agent) for agent in people)
    names: dict[str, list[Agent]] = {}
    for agent in people:
        names.setdefault(_plain(agent.name), []).append(agent)
        if firsts[_first(agent)] == 1:
            names.setdefault(_first(agent), [agent])
    found: dict[int, Agent] = {}
    before, *parts = _plain(text).split("@")
    for part in parts:
        fitting = [name for name in names if name and _begins(part, name)]
        # What stands before the @ of an address is no name's business.
        if fitting and not before[-1:].isalnum():
            found |= {agent.pk: agent for agent in names[max(fitting, key=len)]}
        before = part
    return list(found.values())


def _plain(text: str) -> str:
    return " ".join(fold(text).split(" "))


def _first(agent: Agent) -> str:
    return _plain(agent.name).split(" ")[0]


def _begins(part: str, name: str) -> bool:
    return part.startswith(name) and not part[len(name) : len(name) + 1].isalnum()

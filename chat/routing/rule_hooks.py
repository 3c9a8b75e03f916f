"""What live support asks an automation before it goes on, without knowing any rule.

What has happened, automation hears by the facts of `chat/events/`: what wakes the rules stands in
`automation/reactions.py`, which also registers them here by `use`. The other way round, what rules
do to a chat, `automation/rules/actions.py` does by the operations; chats that wait meanwhile are in
`chat/operations/holding.py` and `releasing.py`.

One automation may be in use. Where none is, or where it holds nothing, a chat costs no more than
without it. What is held is neither shown in the line nor offered before `held_until`; what stands
there already keeps its place.
"""

from typing import Literal, Protocol

from django.conf import settings

HOLD_SECONDS: float = settings.IMECE["RULES_HOLD_SECONDS"]

# What the rules would look at: a new chat, or further words of its customer.
type When = Literal["incoming", "updated"]


class Automation(Protocol):
    """What live support asks of the rules."""

    def holds(self, brand_id: int, when: When, *, from_memory: bool = False) -> bool:
        """Return whether a chat must wait for rules.

        `from_memory`: asked on the way of every message in line, where no statement may be spent.
        """

    def settle(self, conversation_id: int, begin: int) -> bool:
        """Run the rules on what they have not seen; return whether they keep the chat waiting.

        `begin` is the first line of interest in a chat that they have never seen.
        """

    def answer(self, conversation_id: int) -> str:
        """Return what the rules have said in a chat to a customer who waits for the answer."""

    def words(self, conversation_id: int, state: str) -> str:
        """Return what is said by itself in a chat that comes into a state; "" for nothing."""

    def says(self, brand_id: int, state: str) -> bool:
        """Return whether something is said by itself in a brand's chats that come into a state."""


_automation: Automation | None = None


def use(automation: Automation | None) -> None:
    """Ask this automation from now on; None: no rules."""
    global _automation
    _automation = automation


def holds(brand_id: int, when: When, *, from_memory: bool = False) -> bool:
    """Return whether a chat must wait for rules; `from_memory`: without any statement."""
    if _automation is None:
        return False
    return _automation.holds(brand_id, when, from_memory=from_memory)


def settle(conversation_id: int, begin: int) -> bool:
    """Run the rules on what they have not seen; return whether they keep the chat waiting."""
    return _automation is not None and _automation.settle(conversation_id, begin)


def answer(conversation_id: int) -> str:
    """Return what the rules have said to a customer who waits for the answer; "" for nothing."""
    return _automation.answer(conversation_id) if _automation is not None else ""


def words(conversation_id: int, state: str) -> str:
    """Return what is said by itself in a chat that comes into a state; "" for nothing."""
    return _automation.words(conversation_id, state) if _automation is not None else ""


def says(brand_id: int, state: str) -> bool:
    """Return whether something is said by itself in a brand's chats that come into a state."""
    return _automation is not None and _automation.says(brand_id, state)

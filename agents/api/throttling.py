"""Limits as problem documents."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from agents.models import Agent, ApiToken
from config.web.problems import Problem
from config.web.rate_limits import DESK, Limit, TooMany, spend


def limited(limit: Limit, who: str, amount: int = 1) -> None:
    """Spend one of `limit`, or `amount`; raises 429 with `Retry-After` when there is not enough."""
    try:
        spend(limit, who, amount)
    except TooMany as error:
        raise too_many(error.retry_after) from error


def too_many(retry_after: float) -> Problem:
    """Return the problem of somebody who asks too often."""
    return Problem(
        429, "rate", _("Too many requests. Please wait a moment."), retry_after=retry_after
    )


class PerCaller(BaseThrottle):
    """Counts each token, and each agent's session, for itself."""

    _wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return whether the caller may go on; strangers are the permissions' matter."""
        agent, token = request.user, request.auth
        if not isinstance(agent, Agent):
            return True
        try:
            spend(DESK, f"token:{token.pk}" if isinstance(token, ApiToken) else f"agent:{agent.pk}")
        except TooMany as error:
            self._wait = error.retry_after
            return False
        return True

    def wait(self) -> float:
        """Return in how many seconds to ask again."""
        return self._wait

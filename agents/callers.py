"""Who asks, on pages that let nobody else in."""

from typing import cast

from django.http import HttpRequest

from agents.models import Agent


def signed_in(request: HttpRequest) -> Agent:
    """Return the agent whose session this is; the page's door has looked already."""
    return cast(Agent, request.user)

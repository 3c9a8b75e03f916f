"""How actions answer the console's scripts: by events in a header, beside a fragment or nothing."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

# Not htmx's own HX-Trigger: that one is lost when the button was redrawn before the answer came.
EVENTS_HEADER = "Console-Events"


def with_events(response: HttpResponse, events: Mapping[str, Any]) -> HttpResponse:
    """Have the page's scripts hear events along with an answer."""
    response[EVENTS_HEADER] = json.dumps(events)
    return response


def answer_events(events: Mapping[str, Any]) -> HttpResponse:
    """Answer with events for the page's scripts."""
    return with_events(HttpResponse(status=204), events)


def answer_toast(text: str, /, **events: Any) -> HttpResponse:
    """Answer with a sentence for the agent."""
    return answer_events({"console:toast": {"text": text}, **events})

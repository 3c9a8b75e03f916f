"""The compact window: my chats, and which colleagues are there."""

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_GET

from agents.access import access_of
from agents.callers import signed_in
from agents.models import Agent, Status
from chat.queries.chat_list import Tab, chat_rows, count_tabs

# Without a tab of the console, which hears what changes, the window asks again so often, and mostly
# nothing did. It has no connection of its own: its agent would count as being here.
EVERY_SECONDS = 10


@login_required
@require_GET
@cache_control(private=True, no_cache=True)
@conditional_page
def gadget(request: HttpRequest) -> HttpResponse:
    """Show the window; `part=rows` is what changes in it."""
    agent = signed_in(request)
    access, now = access_of(agent), timezone.now()
    context: dict[str, Any] = {
        "rows": chat_rows(access, agent, tab=Tab.MINE, brand_id=None, now=now),
        "queued": count_tabs(access, brand_id=None, now=now).tabs[Tab.QUEUE],
        "colleagues": _colleagues(agent),
        "every": EVERY_SECONDS,
        "language": get_language(),
        "htmx_config": json.dumps(settings.HTMX_CONFIG),
    }
    part = request.GET.get("part") == "rows"
    return render(request, "console/gadget.html#rows" if part else "console/gadget.html", context)


def _colleagues(agent: Agent) -> list[Agent]:
    """Return all others, those who are Online first."""
    others = Agent.objects.filter(is_active=True).exclude(pk=agent.pk)
    ranks = list(Status.values)
    found = others.select_related("break_reason").order_by("sort_name", "name", "pk")
    return sorted(found, key=lambda each: ranks.index(each.status))

"""The console's frame for pages of other rooms that stand in it."""

from datetime import datetime

from django import template
from django.template import Context

from agents.console import times
from agents.console.frame import Frame, frame_of

register = template.Library()


@register.simple_tag(takes_context=True)
def console_frame(context: Context) -> Frame:
    """Return the frame of this page, whose view's name says which rail link is lit."""
    request = context["request"]
    return frame_of(request, area=request.resolver_match.view_name)


@register.filter
def short_time(at: datetime) -> str:
    """Write a moment as lists do."""
    return times.short_time(at)

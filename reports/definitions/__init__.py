"""What each figure means: one definition for page, file, API and the rows behind a cell."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reports.definitions.chats import CHATS
from reports.definitions.handling import HANDLING
from reports.definitions.people import PEOPLE, STANDING, reason_figure, reason_figures
from reports.definitions.shape import (
    COUNTED,
    MOMENTS,
    OF_STAYS,
    QUICK_SECONDS,
    ROWS,
    SERVICE_SECONDS,
    Figure,
    Listing,
    Report,
    Source,
    Unit,
)
from reports.definitions.tickets import TICKETS
from reports.definitions.times import TIMES

__all__ = [
    "COUNTED",
    "FIGURES",
    "MOMENTS",
    "OF_STAYS",
    "QUICK_SECONDS",
    "REPORTS",
    "ROWS",
    "SERVICE_SECONDS",
    "Figure",
    "Listing",
    "Report",
    "Source",
    "Unit",
    "find_figure",
    "named_figure",
    "reason_figures",
]

FIGURES: Mapping[str, Figure] = {
    figure.key: figure for figure in (*CHATS, *HANDLING, *TIMES, *PEOPLE, *TICKETS)
}
_STANDING = {figure.key: figure for figure in STANDING}


def find_figure(key: str) -> Figure | None:
    """Return the figure of a key, those of the admin's own reasons included."""
    return FIGURES.get(key) or _STANDING.get(key) or reason_figure(key)


def named_figure(word: str, *, of_tickets: bool) -> Figure | None:
    """Return the figure of a name in an address, among those of tickets or of all else first."""
    of_ticket = FIGURES.get(f"ticket_{word}") if of_tickets else None
    return of_ticket or find_figure(word)


_REPORTS = (
    Report(
        name="agents",
        title=_("Agent performance"),
        by=("agent",),
        keys=(
            "sessions",
            "talk",
            "average_session",
            "first_response_median",
            "first_response",
            "acw",
            "acw_net",
            "acw_total",
            "aht",
            "concurrency",
            "concurrency_max",
            "occupancy",
            "utilisation",
            "busy",
            "missed_offers",
            "late_topics",
            "dropped",
            "csat",
            "participations",
            "ratings",
        ),
        tiles=("sessions", "first_response_median", "average_session", "acw", "csat"),
        stacked=("talk", "acw_total"),
        daily=("sessions", "missed_offers"),
        hourly="sessions",
    ),
    Report(
        name="agent-status",
        title=_("Agent status"),
        by=("agent", "day"),
        keys=(
            "online",
            "break",
            "invisible",
            "offline_time",
            "first_online",
            "last_offline",
            "changes",
            "busy_away",
            "status_seconds",
        ),
        tiles=("online", "break", "invisible", "changes"),
        stacked=("online", "break", "invisible"),
        narrowed_by=("brand", "team", "agent"),
    ),
    Report(
        name="general",
        title=_("Messaging"),
        by=("day", "channel", "topic", "brand", "started_by"),
        keys=(
            "requests",
            "sessions",
            "missed",
            "offline",
            "closed",
            "held_by_rule",
            "first_response_median",
            "first_response",
            "average_session",
            "session_duration",
            "engaged",
        ),
        tiles=("requests", "sessions", "missed", "first_response_median", "average_session"),
        stacked=("sessions", "missed"),
        daily=("requests", "missed"),
        hourly="requests",
    ),
    Report(
        name="queue",
        title=_("Queue"),
        by=("day", "topic", "brand", "channel", "started_by"),
        keys=(
            "wait",
            "wait_median",
            "wait_p90",
            "wait_max",
            "wait_open",
            "wait_left",
            "wait_left_open",
            "missed",
            "offline",
            "abandoned",
            "quick_abandoned",
            "timed_out",
            "service_level",
        ),
        tiles=("service_level", "wait", "wait_max", "abandoned", "timed_out"),
        stacked=("abandoned", "quick_abandoned", "timed_out"),
        standing=("queue_length", "agents_online"),
    ),
    Report(
        name="answers",
        title=_("Answers"),
        by=("agent", "day", "topic", "brand", "channel", "started_by"),
        keys=(
            "sessions",
            "first_response",
            "first_response_median",
            "first_response_p90",
            "first_response_open",
            "reaction",
            "reaction_open",
            "response",
            "response_open",
            "response_median",
            "response_p90",
            "dropped",
        ),
        tiles=("first_response_median", "first_response_p90", "response_median", "dropped"),
    ),
    Report(
        name="resolution",
        title=_("Resolution"),
        by=("topic", "day", "brand", "channel", "agent", "started_by"),
        keys=(
            "resolved",
            "resolution_first",
            "resolution_first_open",
            "resolution_last",
            "resolution_last_open",
            "reopen_rate",
        ),
        tiles=("resolved", "resolution_first", "resolution_last", "reopen_rate"),
    ),
    Report(
        name="topics",
        title=_("Topics"),
        by=("topic",),
        keys=("requests", "sessions", "missed", "first_response", "average_session", "csat"),
        tiles=("requests", "sessions", "missed", "csat"),
        stacked=("sessions", "missed"),
    ),
    Report(
        name="tags",
        title=_("Tags"),
        by=("tag",),
        keys=("requests", "sessions", "missed", "first_response", "average_session", "csat"),
        tiles=("requests", "sessions", "missed", "csat"),
        stacked=("sessions", "missed"),
    ),
    Report(
        name="ratings",
        title=_("Ratings"),
        by=("agent", "day", "topic", "brand", "started_by"),
        keys=("ratings", "csat", "response_rate"),
        tiles=("ratings", "csat", "response_rate"),
    ),
    Report(
        name="tickets",
        title=_("Tickets"),
        by=("type", "status", "priority", "source", "topic", "brand", "agent", "day"),
        keys=(
            "tickets_opened",
            "tickets_undone",
            "tickets_solved",
            "ticket_first_response",
            "ticket_first_response_open",
            "ticket_resolution_first",
            "ticket_resolution_first_open",
            "ticket_resolution_last",
            "ticket_resolution_last_open",
            "requester_wait",
            "requester_wait_open",
            "agent_wait",
            "agent_wait_open",
            "ticket_reopen_rate",
        ),
        tiles=("tickets_opened", "tickets_undone", "tickets_solved", "ticket_first_response"),
        stacked=("tickets_undone", "tickets_solved"),
        daily=("tickets_opened", "tickets_solved"),
        narrowed_by=("brand", "team", "agent", "topic"),
    ),
)
REPORTS: Mapping[str, Report] = {report.name: report for report in _REPORTS}

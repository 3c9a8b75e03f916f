"""The organisation's rows."""

from agents.models.access import ApiToken, Invitation, Permission, Role, RoleGrant
from agents.models.agent import Agent, BreakReason, Presence, Status, StatusInterval
from agents.models.audit import AuditEntry
from agents.models.brand import (
    Ask,
    Brand,
    BrandText,
    IdentitySecret,
    Language,
    TicketType,
    Topic,
)
from agents.models.canned import CannedFile, CannedReply
from agents.models.channel import Channel
from agents.models.device import Device
from agents.models.hours import HoursDate, HoursWeek
from agents.models.notice import SOUNDING, Notice
from agents.models.tag import Tag
from agents.models.team import Team

__all__ = [
    "SOUNDING",
    "Agent",
    "ApiToken",
    "Ask",
    "AuditEntry",
    "Brand",
    "BrandText",
    "BreakReason",
    "CannedFile",
    "CannedReply",
    "Channel",
    "Device",
    "HoursDate",
    "HoursWeek",
    "IdentitySecret",
    "Invitation",
    "Language",
    "Notice",
    "Permission",
    "Presence",
    "Role",
    "RoleGrant",
    "Status",
    "StatusInterval",
    "Tag",
    "Team",
    "TicketType",
    "Topic",
]

"""Taking all demo data away, with whatever was done in it since."""

from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents.audit import record
from agents.models import (
    Agent,
    Brand,
    BreakReason,
    CannedReply,
    Permission,
    Role,
    Tag,
    Team,
    Topic,
)
from agents.operations import access_changed
from agents.operations.roles import holders_of
from chat.demo.parts import parts
from chat.models import Attachment, Conversation, Visitor
from tickets.models import Contact, Ticket
from tickets.operations.files import purge_canned_files, remove_files


def roles_of_demo_alone() -> list[Role]:
    """Return the roles that people made for demo brands and no other.

    Left without brands they would hold for all. Whoever administers reaches all anyway.
    """
    found = Role.objects.filter(is_demo=False, brands__is_demo=True)
    bounded = found.exclude(brands__is_demo=False).distinct()
    return [role for role in bounded if Permission.ADMIN not in role.permissions]


@transaction.atomic
def purge_demo() -> int:
    """Delete the demo brands, people and everything that belongs to them; return how many rows.

    The audit log stays: what people did is never deleted. Roles for demo brands alone go along:
    see `roles_of_demo_alone`.
    """
    bounded = roles_of_demo_alone()
    holders = {agent.pk for role in bounded for agent in holders_of(role)}
    for role in bounded:
        record("role.deleted", role, by=None)
    brands = Brand.objects.filter(is_demo=True)
    agents = Agent.objects.filter(is_demo=True)
    chats = Conversation.objects.filter(brand__in=brands)
    tickets = Ticket.objects.filter(brand__in=brands)
    contacts = set(tickets.values_list("contact_id", flat=True))
    contacts |= set(chats.exclude(contact=None).values_list("contact_id", flat=True))
    contacts |= set(Contact.objects.filter(merged_into__in=contacts).values_list("pk", flat=True))
    files = Attachment.objects.filter(
        Q(visitor__brand__in=brands)
        | Q(entry__conversation__in=chats)
        | Q(file__uploader__in=agents)
    )
    remove_files(ids=set(files.values_list("file", flat=True)))
    sessions = set(
        UserSession.objects.filter(user__in=agents).values_list("session_key", flat=True)
    )
    steps = (
        chats,
        tickets,
        Visitor.objects.filter(brand__in=brands),
        Contact.objects.filter(pk__in=contacts, tickets=None, conversations=None, visitors=None),
        # A demo's word that people use in chats of their own stays theirs.
        Tag.objects.filter(is_demo=True, on_chats=None, on_tickets=None),
        CannedReply.objects.filter(Q(is_demo=True) | Q(brand__in=brands)),
        Topic.objects.filter(brand__in=brands),
        brands,
        Session.objects.filter(session_key__in=sessions),
        LogEntry.objects.filter(user__in=agents),
        agents,
        Team.objects.filter(is_demo=True),
        Role.objects.filter(Q(is_demo=True) | Q(pk__in=[role.pk for role in bounded])),
        BreakReason.objects.filter(is_demo=True),
    )
    gone = sum(step.delete()[0] for step in steps) + sum(part.purge() for part in parts())
    access_changed(agents=Agent.objects.filter(pk__in=holders), now=timezone.now())
    # Files of the canned replies that went.
    while count := purge_canned_files():
        gone += count
    return gone

"""Which conversations: adjectives, and what an agent may see."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from agents.access import Access, Reach, access_of, any_of, of_teams
from agents.models import Agent, Permission, Role
from chat.models.participation import Participation

# From when a chat has its place in line. Some whose time was up nobody has let go yet.
IN_LINE_SINCE = Coalesce("queued_at", "held_until")


def is_in_line(now: datetime) -> Q:
    """Return the condition of chats that stand in line: rules let them go there.

    A rehearsal stands in nobody's way.
    """
    let_go = Q(held_until=None) | Q(held_until__lte=now)
    # Held for further words it keeps its place.
    return Q(status="queued") & ~Q(kind="rehearsal") & (let_go | Q(queued_at__isnull=False))


class ConversationQuerySet(models.QuerySet[Any]):
    """Conversations."""

    def unresolved(self) -> Self:
        """Keep what is not in the archive, in the words of the indexes that leave it out.

        SQLite doesn't see by itself that, say, an active chat is not a resolved one.
        """
        return self.exclude(status="resolved")

    def in_line(self, now: datetime) -> Self:
        """Keep what waits for an agent and may be shown in line and offered."""
        return self.filter(is_in_line(now))

    def in_order(self) -> Self:
        """Put what stands in line in the order in which it is served: `Waiting.order` in SQL."""
        return self.order_by("-priority", IN_LINE_SINCE, "pk")

    def visible_to(self, agent: Agent | Access) -> Self:
        """Keep what `agent`'s roles allow: open chats by chat or supervise, resolved by archive.

        Pass the `Access` when you already hold it: it costs no further query.
        """
        access = agent if isinstance(agent, Access) else access_of(agent)
        if access.everything:
            return self
        live = access.reaches(Permission.CHAT, Permission.SUPERVISE)
        archived = access.reaches(Permission.ARCHIVE)
        joined = _joined_by(access)
        conditions = []
        # A role mostly reaches both alike, and the shorter question is the faster one.
        for reach in dict.fromkeys([*live, *archived]):
            rows = _within(reach, access.agent_id, joined)
            if reach not in archived:
                rows &= ~Q(status="resolved")
            elif reach not in live:
                rows &= Q(status="resolved")
            conditions.append(rows)
        allowed = any_of(conditions)
        return self.none() if allowed is None else self.filter(allowed)

    def open_unseen(self, contact_id: int, access: Access) -> Self:
        """Keep a customer's open chats that an agent may not see; of the rest nothing more is
        mailed."""
        theirs = Q(contact=contact_id) | Q(visitor__contact=contact_id)
        own = self.unresolved().filter(theirs)
        return own.exclude(pk__in=own.visible_to(access).values("pk"))

    def supervised_by(self, access: Access) -> Self:
        """Keep what a supervising role reaches; others may let the agent see more."""
        if access.everything:
            return self
        joined = _joined_by(access)
        allowed = any_of(
            _within(reach, access.agent_id, joined)
            for reach in access.reaches(Permission.SUPERVISE)
        )
        return self.none() if allowed is None else self.filter(allowed)


def surely_sees(access: Access, chat: Any) -> bool:
    """Return whether the row alone says that `visible_to` keeps a chat; False: ask the rows.

    For pushes, most of which go to whoever has the chat: nothing is read.
    """
    is_archived = chat.status == "resolved"
    wanted = [Permission.ARCHIVE] if is_archived else [Permission.CHAT, Permission.SUPERVISE]
    is_mine, is_customers = chat.assignee_id == access.agent_id, chat.kind == "customer"
    return access.everything or any(
        reach.covers(chat.brand_id, chat.channel)
        and (is_mine or (is_customers and reach.scope == Role.Scope.ALL))
        for reach in access.reaches(*wanted)
    )


type _Joined = models.QuerySet[Participation, dict[str, Any]]


def _joined_by(access: Access) -> _Joined:
    joined: _Joined = Participation.objects.taking_part(access.agent_id).values("conversation")
    return joined


def _within(reach: Reach, agent_id: int, joined: _Joined) -> Q:
    mine = Q(assignee=agent_id) | Q(pk__in=joined)
    customer = Q(kind="customer")
    if reach.scope == Role.Scope.ALL:
        rows = mine | customer
    elif reach.scope == Role.Scope.TEAM:
        rows = mine | (customer & of_teams(reach.team_ids))
    else:
        rows = mine | (customer & Q(status="queued") & of_teams(reach.team_ids))
    return rows & reach.brands() & reach.channel()

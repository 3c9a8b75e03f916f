"""A visitor opened the window of a brand that wants to hear that, before a word is said."""

from datetime import datetime
from typing import Any

from agents.access import accesses_of
from agents.models import Agent, Brand, Channel, Status, Team
from automation.models import Notification
from automation.notifications.events import AgentTold
from automation.notifications.policy import OPENED, Told
from automation.notifications.telling import devices_of, tell_devices
from automation.notifications.words import said_of, url_of
from config.events import publish


def of_a_window(told: Told, fact: dict[str, Any], now: datetime) -> None:
    """Tell every Online agent who may take chats of the brand, in the console and on devices."""
    brand = Brand.objects.filter(pk=fact["brand_id"], is_active=True, tell_opened=True).first()
    if brand is None:
        return
    people = [agent for agent in _who_may_greet(brand) if told.notice not in agent.notices_off]
    key = f"{OPENED}{fact['key']}"
    where = f"{brand.name} · {fact['page']}" if fact["page"] and brand.notice_words else brand.name
    devices = devices_of([agent.pk for agent in people], told.notice, now)
    tell_devices(devices=devices, notice=told.notice, key=key, body=where, now=now)
    shown = Notification(notice=told.notice, key=key, body=where, at=now)
    for agent in people:
        said = said_of(shown, agent)
        publish(AgentTold(agent_id=agent.pk, notice=told.notice, said=said, url=url_of(shown)))


def _who_may_greet(brand: Brand) -> list[Agent]:
    teams = set(Team.objects.filter(topics__brand=brand).values_list("pk", flat=True))
    teams |= {brand.default_team_id} if brand.default_team_id else set()
    agents = list(Agent.objects.filter(status=Status.ONLINE, is_active=True).order_by("pk"))
    accesses = accesses_of(agents)
    return [agent for agent in agents if accesses[agent.pk].may_take(brand.pk, Channel.WEB, teams)]

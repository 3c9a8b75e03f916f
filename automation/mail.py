"""Mail to those who look after the rules."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from agents.mail import send_mail
from agents.models import Agent
from automation.models import Rule


def warn(payload: dict[str, Any]) -> None:
    """Outbox: tell somebody who administers that a rule was switched off by itself."""
    rule = Rule.objects.filter(pk=payload["rule"]).exclude(switched_off="").first()
    agent = Agent.objects.filter(pk=payload["agent"], is_active=True).first()
    if rule is not None and agent is not None:
        page = reverse("admin:automation_rule_change", args=[rule.pk])
        told = {"name": agent.name, "rule": rule.name, "link": settings.PUBLIC_URL + page}
        send_mail("rule_off", to=agent.email, language=agent.language, context=told)

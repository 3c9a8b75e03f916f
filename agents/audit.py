"""Writing down who did what, and from where."""

from contextvars import ContextVar
from typing import Any

from django.db.models import Model

from agents.models import Agent, AuditEntry

# Set for the length of a request by the middleware; None in tasks and commands.
caller_ip: ContextVar[str | None] = ContextVar("caller_ip", default=None)


def record(
    action: str,
    target: Model | str,
    *,
    by: Agent | None,
    ip: str | None = None,
    **data: Any,
) -> AuditEntry:
    """Add a line to the audit log, in the transaction of the act itself.

    `ip` is for acts outside a request, whose caller nobody has noted.
    """
    if isinstance(target, Model):
        target = f"{target._meta.model_name} {target.pk}: {target}"
    return AuditEntry.objects.create(
        actor=by,
        action=action,
        target=target[:120],
        data=data,
        ip=ip or caller_ip.get(),
    )

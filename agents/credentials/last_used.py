"""When a session or a token was last used: it informs its owner, and refuses nothing."""

from datetime import datetime

import structlog
from django.db import DatabaseError
from django.db.models import Model, QuerySet

log = structlog.get_logger(__name__)


def note_use[RowT: Model](rows: QuerySet[RowT], **at: datetime) -> None:
    """Set when `rows` were used; where nothing can be written (a full disk), leave it."""
    try:
        rows.update(**at)
    except DatabaseError:
        log.warning("use_not_noted", exc_info=True)

"""What both directions keep to: limits, audiences, close codes."""

from typing import Literal

type Audience = Literal["visitor", "agent"]

HEARTBEAT_SECONDS = 25
# What clients may say they speak; who says nothing speaks the oldest that is still understood.
OLDEST_PROTOCOL = 1
FRAME_MAX_BYTES = 64 * 1024
RESUME_MAX = 500
# All conversations of one hello together; those beyond it are told to load anew.
RESUMED_ENTRIES_MAX = 2000
BATCH_SIZE = 100
RESUMED_CONVERSATIONS_MAX = 200
ATTACHMENTS_MAX = 10


class Close:
    """WebSocket close codes."""

    TOO_BIG = 1009
    BUG = 1011
    BAD_FRAME = 4400
    TOKEN = 4401
    FORBIDDEN = 4403
    GONE = 4404
    SLOW = 4408
    REPLACED = 4409
    OLD_CLIENT = 4426
    RATE = 4429

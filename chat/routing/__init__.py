"""Who gets which chat.

`queue.py` is what waits, and says where else the queue is dealt with; `candidates.py` is who could
have it; `decision.py` brings both together.
"""

"""Who gets which chat.

The queue is no table: `chat/models/querysets.py` says who stands in it and in which order
(`is_in_line`, `in_order`), `put_in_queue` in `chat/operations/assignment.py` puts chats there,
`decision.py` serves it, `places.py` and `shown.py` say what visitors read of it.
"""

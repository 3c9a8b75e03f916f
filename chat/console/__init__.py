"""The agents' desk: its pages and what its buttons do.

What a page shows is asked of `chat/queries/`: the rows of the list of `chat_list.py`.
"""

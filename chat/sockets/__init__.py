"""The two sockets, `/ws/visitor/` and `/ws/console/`, and what only they use."""

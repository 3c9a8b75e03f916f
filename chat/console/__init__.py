"""The agents' desk: its pages and what its buttons do."""

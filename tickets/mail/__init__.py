"""Mail of tickets."""

"""Mail that comes in: read within bounds, matched to a ticket, taken in once."""

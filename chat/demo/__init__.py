"""Demo data: two brands that a newcomer can try at once."""

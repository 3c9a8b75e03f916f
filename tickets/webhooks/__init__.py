"""Doors for mail servers that bring mail themselves."""

"""Reads of the organisation's rows that more than one screen needs."""

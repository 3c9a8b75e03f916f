"""Reads that serve a screen."""

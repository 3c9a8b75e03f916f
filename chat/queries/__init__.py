"""Reads that serve the screens of the desk."""

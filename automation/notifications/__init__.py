"""Agents are told on their phones and in their browsers: of what, by whom, and how."""

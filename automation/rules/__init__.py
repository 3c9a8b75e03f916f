"""Rules: what they see, when they hold, what they do."""

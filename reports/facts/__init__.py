"""From lines to facts."""

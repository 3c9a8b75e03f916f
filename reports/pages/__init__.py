"""The pages of reports: what narrows them, their charts, their tables."""

"""The pages on which a person builds, tries, orders and reviews rules."""

"""What acts by itself: rules, and the ready ones among them."""

"""What rules see of tickets, and what they do in them."""

"""The ticket desk in the console."""

"""The page on which a customer follows a ticket: opened by the link in a mail."""

"""The page on which a customer goes on with one chat: opened by the link in a mail."""

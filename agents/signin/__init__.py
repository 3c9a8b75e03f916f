"""The door: passwords, one-time codes, sessions and tokens become people here."""

"""What somebody shows to be let in, and what is remembered of where it was used."""

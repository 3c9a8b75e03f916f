"""Files that others bring: which kinds are taken, cleaned, pictures drawn anew."""

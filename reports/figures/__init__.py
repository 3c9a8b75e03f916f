"""Figures added up of facts, and a whole report made of them."""

"""Facts of live support, and who hears them."""

"""The console's frame: what stands around its pages, whichever room they are of."""

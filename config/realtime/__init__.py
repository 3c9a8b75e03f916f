"""The channel layer: groups of sockets, in this process and between processes."""

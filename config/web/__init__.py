"""Between the network and Django: limits, threads, errors, the server."""

"""What tests share: rows, servers, browsers, sockets, and scenarios that run as processes."""

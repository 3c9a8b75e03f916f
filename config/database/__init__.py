"""What PostgreSQL and SQLite need of their own."""

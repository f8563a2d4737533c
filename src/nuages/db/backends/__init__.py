"""Database backends: what differs from one database to another."""

"""The backend of projects without a database."""

"""Servers for development."""

"""Decorators for views. Manual: "View decorators"."""

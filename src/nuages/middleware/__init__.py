"""Middleware that every project can use. Manual: "Middleware" (reference)."""

from nuages.utils.deprecation import MiddlewareMixin

__all__ = ["MiddlewareMixin"]

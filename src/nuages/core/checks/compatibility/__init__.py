"""Checks for what earlier versions wrote differently."""

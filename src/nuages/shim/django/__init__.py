"""Stands first on ``PYTHONPATH`` under ``nuages run``: importing it gives Nuages as ``django``."""

import sys

# This module must not be found under the name that Nuages is about to take.
sys.modules.pop("django", None)

import nuages  # noqa: E402

sys.modules["django"] = nuages

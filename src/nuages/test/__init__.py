"""Tools for testing projects. Manual: "Testing tools" and "Advanced testing topics"."""

from typing import TYPE_CHECKING

from nuages.test.client import AsyncClient, AsyncRequestFactory, Client, RequestFactory
from nuages.test.testcases import (
    SimpleTestCase,
    TestCase,
    TransactionTestCase,
    skipIfDBFeature,
    skipUnlessAnyDBFeature,
    skipUnlessDBFeature,
)
from nuages.test.utils import (
    ignore_warnings,
    modify_settings,
    override_settings,
    override_system_checks,
    tag,
)
from nuages.utils._lazy import names_from

if TYPE_CHECKING:
    from nuages.test.live import LiveServerTestCase

__getattr__ = names_from(__name__, {"live": ("LiveServerTestCase",)})

__all__ = [
    "AsyncClient",
    "AsyncRequestFactory",
    "Client",
    "LiveServerTestCase",
    "RequestFactory",
    "SimpleTestCase",
    "TestCase",
    "TransactionTestCase",
    "ignore_warnings",
    "modify_settings",
    "override_settings",
    "override_system_checks",
    "skipIfDBFeature",
    "skipUnlessAnyDBFeature",
    "skipUnlessDBFeature",
    "tag",
]

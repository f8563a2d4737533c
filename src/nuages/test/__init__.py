"""Tools for testing projects. Manual: "Testing tools" and "Advanced testing topics"."""

from nuages.test.client import AsyncClient, AsyncRequestFactory, Client, RequestFactory
from nuages.test.testcases import (
    LiveServerTestCase,
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

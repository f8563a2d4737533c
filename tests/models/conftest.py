"""Each test leaves the tables as it found them."""

import pytest


@pytest.fixture(autouse=True)
def _each_rolled_back(rolled_back):
    """Run each test in a transaction that is rolled back."""

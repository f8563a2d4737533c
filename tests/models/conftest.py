"""Each test leaves the tables as it found them."""

import pytest

from django.db import transaction


@pytest.fixture(autouse=True)
def rolled_back(tables):
    """Run the test in a transaction that is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)

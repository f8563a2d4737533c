"""How long the fuzzing goes on: a few hundred examples each, or ``NUAGES_FUZZ_SECONDS`` in all."""

import os
import time

import pytest

SECONDS = float(os.environ.get("NUAGES_FUZZ_SECONDS", "0"))


def pytest_collection_modifyitems(items):
    """Share the time out evenly; each test repeats until its share is used up."""
    if SECONDS:
        fuzzers = [item for item in items if "/fuzz/" in str(item.path)]
        for item in fuzzers:
            item.add_marker(pytest.mark.fuzz_share(SECONDS / len(fuzzers)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Run a test again and again for as long as its share lasts."""
    share = item.get_closest_marker("fuzz_share")
    result = yield
    if share is not None:
        end = time.monotonic() + share.args[0]
        while time.monotonic() < end:
            item.runtest()
    return result

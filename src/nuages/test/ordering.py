"""The order in which tests run, and how a suite is divided among processes."""

from __future__ import annotations

import hashlib
import random
import unittest
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")


def iter_test_cases(tests: Any) -> Iterator[Any]:
    """Yield the test cases of a suite or an iterable, however deeply nested.

    Raises:
        TypeError: a string is among them.
    """
    if isinstance(tests, str):
        # Its items would be strings again, for ever.
        raise TypeError(
            f"Test {tests[:1]!r} must be a test case or test suite not string (was found in"
            f" {tests!r})."
        )
    for test in tests:
        if isinstance(test, str):
            raise TypeError(
                f"Test {test!r} must be a test case or test suite not string (was found in"
                f" {tests!r})."
            )
        if isinstance(test, unittest.TestCase):
            yield test
        else:
            yield from iter_test_cases(test)


def filter_tests_by_tags(
    tests: Iterable[Any], tags: Iterable[str], exclude_tags: Iterable[str]
) -> Iterator[Any]:
    """Yield the tests that have one of ``tags`` (if any are given) and none of ``exclude_tags``.

    What could not be loaded has no tags to judge by, and stays.
    """
    wanted, unwanted = set(tags), set(exclude_tags)
    for test in tests:
        if isinstance(test, unittest.loader._FailedTest):  # type: ignore[attr-defined]
            yield test
            continue
        method = getattr(test, getattr(test, "_testMethodName", ""), None)
        has = set(getattr(test, "tags", ())) | set(getattr(method, "tags", ()))
        if (not wanted or wanted & has) and not unwanted & has:
            yield test


class Shuffler:
    """Shuffles so that the same seed puts the same items in the same order.

    An item's place follows from a hash of its own, so that the rest keep their order when one is
    taken away.

    Args:
        seed: the seed; ``None`` makes one.
    """

    hash_algorithm = "md5"

    @classmethod
    def _hash_text(cls, text: str) -> str:
        return hashlib.new(cls.hash_algorithm, text.encode(), usedforsecurity=False).hexdigest()

    def __init__(self, seed: int | str | None = None) -> None:
        self.seed_source = "generated" if seed is None else "given"
        self.seed = random.randint(0, 10**10 - 1) if seed is None else seed

    @property
    def seed_display(self) -> str:
        """The seed and where it came from, as text."""
        return f"{self.seed!r} ({self.seed_source})"

    def _hash_item(self, item: Item, key: Callable[[Item], str]) -> str:
        return self._hash_text(f"{self.seed}{key(item)}")

    def shuffle(self, items: Iterable[Item], key: Callable[[Item], str]) -> list[Item]:
        """Return ``items`` in the order of this seed.

        Raises:
            RuntimeError: two items have the same key.
        """
        by_hash: dict[str, Item] = {}
        for item in items:
            digest = self._hash_item(item, key)
            if digest in by_hash:
                raise RuntimeError(
                    f"item {item!r} has same hash {digest!r} as item {by_hash[digest]!r}"
                )
            by_hash[digest] = item
        return [by_hash[digest] for digest in sorted(by_hash)]


def _by_class(tests: Iterable[Any]) -> dict[type, dict[Any, None]]:
    """Group tests by their class, in order of first appearance, without repeats."""
    groups: dict[type, dict[Any, None]] = {}
    for test in tests:
        groups.setdefault(type(test), {})[test] = None
    return groups


def get_shuffle_key(item: Any) -> str:
    """Return what stands for a test, or a class of tests, in shuffling."""
    return f"{item.__module__}.{item.__qualname__}" if isinstance(item, type) else item.id()


def shuffle_tests(tests: Iterable[Any], shuffler: Shuffler) -> Iterator[Any]:
    """Yield tests with their classes shuffled, and the tests of each class."""
    groups = _by_class(tests)
    for case in shuffler.shuffle(groups, key=get_shuffle_key):
        yield from shuffler.shuffle(groups[case], key=get_shuffle_key)


def reorder_test_bin(
    tests: Iterable[Any], shuffler: Shuffler | None = None, reverse: bool = False
) -> Iterator[Any]:
    """Yield the tests of one kind, shuffled and reversed as asked, classes kept together."""
    ordered = iter(tests) if shuffler is None else shuffle_tests(tests, shuffler)
    return reversed(list(ordered)) if reverse else ordered


def reorder_tests(
    tests: Iterable[Any],
    classes: Sequence[type],
    reverse: bool = False,
    shuffler: Shuffler | None = None,
) -> Iterator[Any]:
    """Yield tests by kind: what failed to load, then the ``classes`` in turn, then the rest.

    Within a kind the tests of a class stand together, each once.
    """
    kinds = (unittest.loader._FailedTest, *classes)  # type: ignore[attr-defined]
    bins: list[list[Any]] = [[] for _ in range(len(kinds) + 1)]
    for test in tests:
        rank = next((n for n, kind in enumerate(kinds) if isinstance(test, kind)), len(kinds))
        bins[rank].append(test)
    for members in bins:
        grouped = [test for group in _by_class(members).values() for test in group]
        yield from reorder_test_bin(grouped, shuffler=shuffler, reverse=reverse)


def partition_suite_by_case(suite: Any) -> list[unittest.TestSuite]:
    """Divide a suite into one suite for each class of tests that stand together."""
    parts: list[unittest.TestSuite] = []
    suite_class = type(suite)
    last: type | None = None
    for test in iter_test_cases(suite):
        if type(test) is not last:
            parts.append(suite_class())
            last = type(test)
        parts[-1].addTest(test)
    return parts

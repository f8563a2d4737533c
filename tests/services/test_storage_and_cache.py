"""Files stay in their storage, values in their cache."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage


@pytest.fixture(params=["disk", "memory"])
def storage(request, tmp_path):
    return FileSystemStorage(tmp_path) if request.param == "disk" else InMemoryStorage()


def test_files_come_back_under_free_names(storage):
    first = storage.save("a/b.txt", ContentFile(b"1"))
    second = storage.save("a/b.txt", ContentFile(b"2"))
    assert first == "a/b.txt" != second
    assert [storage.open(name).read() for name in (first, second)] == [b"1", b"2"]
    assert storage.size(first) == 1
    storage.delete(first)
    assert not storage.exists(first)
    assert storage.listdir("a")[1] == [second.removeprefix("a/")]


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "..", ""])
def test_no_way_leads_out_of_a_storage(storage, name):
    with pytest.raises(SuspiciousFileOperation):
        storage.save(name, ContentFile(b"x"))


@pytest.fixture(params=["memory", "files"])
def cache(request, tmp_path):
    if request.param == "files":
        return FileBasedCache(str(tmp_path), {})
    return LocMemCache(str(tmp_path), {})


def test_values_expire_and_are_culled(cache):
    cache.set("short", 1, 0.01)
    cache.set("long", 2)
    time.sleep(0.02)
    assert cache.get_many(["short", "long"]) == {"long": 2}
    assert cache.incr("long") == 3
    cache.set("none", None)
    assert cache.get("none", "default") is None
    cache._max_entries = 3
    for number in range(10):
        cache.set(f"key{number}", number)
    assert sum(f"key{number}" in cache for number in range(10)) <= 4


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.integers()))
def test_many_values_come_back(values):
    cache = LocMemCache("laws", {})
    cache.clear()
    printable = {repr(key).replace(" ", "_"): value for key, value in values.items()}
    assert cache.set_many(printable) == []
    assert cache.get_many(printable) == printable

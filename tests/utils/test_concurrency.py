"""Values of a context, and packages that load their names late."""

import asyncio
import subprocess
import sys
import threading

import pytest

from nuages.utils.concurrency import Local, async_to_sync, sync_to_async


@pytest.mark.parametrize("critical", [False, True])
def test_threads_do_not_see_each_other(critical: bool) -> None:
    local = Local(critical)
    local.value = 1
    seen = []
    thread = threading.Thread(target=lambda: seen.append(getattr(local, "value", None)))
    thread.start()
    thread.join()
    assert seen == [None]
    assert local.value == 1
    del local.value
    assert not hasattr(local, "value")
    with pytest.raises(AttributeError):
        del local.value


@pytest.mark.parametrize("critical", [False, True])
def test_tasks_do_not_see_each_other(critical: bool) -> None:
    local = Local(critical)

    async def keep(value: int) -> int:
        local.value = value
        await asyncio.sleep(0)
        return local.value

    async def main() -> list[int]:
        return await asyncio.gather(*map(keep, range(5)))

    assert asyncio.run(main()) == [0, 1, 2, 3, 4]


def test_values_go_along_into_threads_and_back() -> None:
    local = Local()

    def change() -> int:
        seen = local.value
        local.value = 2
        return seen

    async def main() -> tuple[int, int]:
        local.value = 1
        return await sync_to_async(change)(), local.value

    assert async_to_sync(main)() == (1, 2)


def test_setup_leaves_out_what_no_one_asked_for() -> None:
    code = (
        "import nuages, sys; from nuages.conf import settings;"
        "settings.configure(INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes']);"
        "nuages.setup();"
        "print(*{'asyncio', 'sqlite3', 'email', 'http.client', 'nuages.forms', 'nuages.http',"
        " 'nuages.template', 'nuages.db.migrations'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

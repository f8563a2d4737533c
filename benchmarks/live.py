"""Requests over HTTP: the same pages in four frameworks, on the same servers with one worker each.

    python -m benchmarks.live --seconds 2 --connections 16

Prints requests per second as a client sees them, and the CPU time that the server spent on each, in
microseconds, which does not depend on what else runs on the machine. Needs ``/proc``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import command_of

SERVERS = {
    "uvicorn": ["-m", "uvicorn", "--log-level", "critical", "--port"],
    "granian": ["-m", "granian", "--interface", "asgi", "--no-log", "--port"],
}
FRAMEWORKS = {
    "nuages": "django",
    "django": "django",
    "starlette": "starlette",
    "fastapi": "fastapi",
}
PAGES = ("text", "json", "query", "template")


async def load(port: int, path: str, seconds: float, connections: int) -> float:
    """Return how many requests per second are answered, each after the one before it."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    done = 0
    until = time.monotonic() + seconds

    async def client() -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < until:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError(f"{path}: {head[:200]!r}")
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            done += 1
        writer.close()

    start = time.monotonic()
    await asyncio.gather(*(client() for _ in range(connections)))
    return done / (time.monotonic() - start)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process and its children have used so far."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if pid in (int(stat.parent.name), int(fields[1])):
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


@contextmanager
def serving(server: str, framework: str, database: str) -> Iterator[tuple[int, int] | None]:
    """Serve a framework's pages; yields port and process, or ``None`` where it cannot be had."""
    engine = framework if framework in ("nuages", "django") else "limit"
    how = command_of(engine)
    if how is None:
        yield None
        return
    command, environ = how
    environ |= {"BENCH_FRAMEWORK": FRAMEWORKS[framework], "BENCH_DATABASE": database}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    line = [*command, *SERVERS[server], str(port), "benchmarks.live_app:application"]
    process = subprocess.Popen(line, env=environ, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if process.poll() is not None or not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        yield None if process.poll() is not None else (port, process.pid)
    finally:
        process.terminate()
        process.wait(10)


def client(port: int, page: str, seconds: float, connections: int) -> float:
    """Run the load in a process of its own."""
    words = ["-m", "benchmarks.live", "--client", str(port), page]
    words += ["--seconds", str(seconds), "--connections", str(connections)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure(
    server: str, framework: str, database: str, seconds: float, connections: int
) -> list[tuple[float, float]] | None:
    """Return requests per second and CPU time of each, in microseconds, for every page."""
    with serving(server, framework, database) as served:
        if served is None:
            return None
        port, pid = served
        found = []
        for page in PAGES:
            client(port, page, 0.5, connections)
            before = cpu_seconds(pid)
            rate = client(port, page, seconds, connections)
            spent = cpu_seconds(pid) - before
            found.append((rate, spent / (rate * seconds) * 1e6))
        return found


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        port, page = options.client
        rate = asyncio.run(load(int(port), f"/{page}/", options.seconds, options.connections))
        print(rate)
        return 0
    database = os.path.join(tempfile.mkdtemp(), "bench.sqlite3")
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE bench_note (id integer PRIMARY KEY, text varchar(100))")
        connection.execute("INSERT INTO bench_note VALUES (1, 'nuages')")
    print(f"requests per second / µs of the server's CPU for each, best of {options.rounds} rounds")
    for server in SERVERS:
        print(f"{server:22}" + "".join(f"{page:>18}" for page in PAGES))
        best: dict[str, list[tuple[float, float]]] = {}
        # In turn, so that what else runs on the machine meets all of them.
        for framework in list(FRAMEWORKS) * options.rounds:
            found = measure(server, framework, database, options.seconds, options.connections)
            if found is not None:
                pairs = zip(found, best.get(framework, found), strict=True)
                best[framework] = [(max(a[0], b[0]), min(a[1], b[1])) for a, b in pairs]
        for framework in FRAMEWORKS:
            cells = [f"{rate:.0f}/{spent:.0f}" for rate, spent in best.get(framework, ())]
            shown = "".join(f"{cell:>18}" for cell in cells) or "(not available)"
            print(f"  {framework:20}{shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

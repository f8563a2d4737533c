"""Servers that tests start as processes of their own."""

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENV = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(ROOT / "src/nuages/shim"), str(ROOT / "src")]),
    "PYTHONDONTWRITEBYTECODE": "1",
}


@contextlib.contextmanager
def serving(folder, command):
    """Run a server until the block ends; give the port, for which ``{port}`` stands in ``command``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "server.log"
    words = [part.format(port=port) for part in command]
    with open(log, "w") as out:
        server = subprocess.Popen(words, cwd=folder, env=ENV, stdout=out, stderr=out)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

"""A Redis of the benchmark's own, that servers of nchan share."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .machine import free_port
from .processes import Failure, Processes

START_TIMEOUT = 10.0
# It keeps events in a file, as NATS does, and leaves to the system when the disk has them.
KEEPING = ["--appendonly", "yes", "--appendfsync", "no", "--save", ""]


def program(build: Path) -> Path:
    """Where the peers are unpacked."""
    return build / "nchan/usr/bin/redis-server"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
    except OSError:
        return False


@contextmanager
def server(processes: Processes, build: Path, folder: Path) -> Iterator[str]:
    """Within it Redis runs, and is reached by the URL."""
    folder.mkdir(parents=True, exist_ok=True)
    libraries = ":".join(map(str, (build / "nchan").glob("usr/lib/*-linux-gnu*")))
    port = free_port()
    at = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    environment = ["env", f"LD_LIBRARY_PATH={libraries}"]
    running = processes.start([*environment, str(program(build)), *at, *KEEPING])
    deadline = time.monotonic() + START_TIMEOUT
    while not _answers(port):
        if time.monotonic() > deadline:
            raise Failure(f"redis-server does not answer after {START_TIMEOUT:.0f} s")
        time.sleep(0.02)
    try:
        yield f"redis://127.0.0.1:{port}"
    finally:
        if processes.has(running):
            running.terminate()
            processes.close(running)

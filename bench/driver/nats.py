"""NATS servers of the benchmark's own, on this machine, with a store that goes with them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .machine import free_port
from .processes import Failure, Process, Processes

START_TIMEOUT = 30.0

CONFIGURATION = """
server_name: node{at}
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor}"
jetstream {{ store_dir: {store}, max_memory_store: 1GB, max_file_store: 50GB }}
"""
CLUSTER = """
cluster {{
  name: bench
  listen: "127.0.0.1:{route}"
  routes: [{routes}]
}}
"""


def program() -> str | None:
    """Debian has it where not everybody looks."""
    return shutil.which("nats-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _configure(folder: Path, at: int, clients: list[int], routes: list[int]) -> tuple[Path, int]:
    own = folder / f"nats{at}"
    own.mkdir(parents=True)
    monitor = free_port()
    text = CONFIGURATION.format(
        at=at, port=clients[at], monitor=monitor, store=json.dumps(str(own / "store"))
    )
    if len(clients) > 1:
        others = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
        text += CLUSTER.format(route=routes[at], routes=others)
    (own / "nats.conf").write_text(text, encoding="utf-8")
    return own / "nats.conf", monitor


def _is_well(port: int) -> bool:
    """Whether JetStream serves: with several servers, once they have a leader."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            return client.recv(64).split(b" ", 2)[1:2] == [b"200"]
    except OSError:
        return False


@contextmanager
def servers(processes: Processes, folder: Path, count: int) -> Iterator[str]:
    """Within it they run, and are reached by the URL."""
    found = program()
    if not found:
        raise Failure("there is no nats-server")
    clients = [free_port() for _ in range(count)]
    routes = [free_port() for _ in range(count)]
    running: list[Process] = []
    monitors: list[int] = []
    for at in range(count):
        configuration, monitor = _configure(folder, at, clients, routes)
        log = str(configuration.with_suffix(".log"))
        running.append(processes.start([found, "-c", str(configuration), "-l", log]))
        monitors.append(monitor)
    deadline = time.monotonic() + START_TIMEOUT
    while not all(map(_is_well, monitors)):
        if time.monotonic() > deadline:
            raise Failure(f"nats-server does not serve after {START_TIMEOUT:.0f} s")
        time.sleep(0.05)
    try:
        yield "nats://" + ",".join(f"127.0.0.1:{port}" for port in clients)
    finally:
        for process in running:
            if processes.has(process):
                process.terminate()
                processes.close(process)

"""Where the scenarios of journals run: their program, servers of it, and the load on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .processes import Failure, Process, Processes
from .servers import Command, Server, arguments, last_json

TIMEOUT = 300.0


@dataclass
class Ground:
    processes: Processes
    build: Path
    # A folder for journals, on the disk that is measured.
    store: Path
    # All that the programs have told, for the raw results.
    told: list[dict] = field(default_factory=list)

    @property
    def program(self) -> Path:
        return self.build / "bench/journal"

    def ask(self, what: str, **options: Any) -> dict:
        """One of the program's measurements."""
        process = self.processes.start([str(self.program), what, *arguments(options)])
        return self._result(process, what, options)

    def serve(self, journal: str, **options: Any) -> Server:
        words = (str(self.program), "serve", "--journal", journal)
        return Server(self.processes, Command("crier", words), options)

    def start_load(self, server: Server, **options: Any) -> Process:
        asked = {"port": server.port, "pid": server.pid} | options
        return self.processes.start([str(self.build / "bench/load"), *arguments(asked)])

    def finish_load(self, load: Process, **options: Any) -> dict:
        return self._result(load, "load", options)

    def load(self, server: Server, **options: Any) -> dict:
        return self.finish_load(self.start_load(server, **options), **options)

    @contextmanager
    def load_meanwhile(self, server: Server, **options: Any) -> Iterator[dict]:
        """Measures as long as the `with`; what it has found is there afterwards."""
        load = self.start_load(server, tell_begin=True, **options)
        found: dict = {}
        if load.read_line(TIMEOUT) != "measuring\n":
            raise Failure("load: it does not measure")
        yield found
        load.terminate()
        found |= self.finish_load(load, **options)

    def _result(self, process: Process, what: str, options: dict) -> dict:
        try:
            found = last_json(what, process.finish(TIMEOUT))
        finally:
            self.processes.close(process)
        self.told.append({"asked": [what, *arguments(options)], "result": found})
        return found


def has_nats(ground: Ground) -> bool:
    try:
        process = ground.processes.start([str(ground.program), "libnats", "--help"])
        process.finish(TIMEOUT)
        ground.processes.close(process)
    except Failure:
        ground.processes.end_all()
        return False
    return True

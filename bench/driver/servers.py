"""The servers that are compared, and one of them that runs."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from .processes import SHUTDOWN_TIMEOUT, Failure, Processes, Skipped

START_TIMEOUT = 30.0

ROOT = Path(__file__).resolve().parents[2]
PART_TIME = Path(__file__).resolve().parent / "part_time.py"
BUILT = {
    "floor": "{build}/bench/floor",
    "crier": "{build}/bench/contender",
    # crier that publishes in its own loop, as the floor, Go and Node do.
    "crier-loop": "{build}/bench/contender --in-its-loop",
}
# The scenarios of servers that are not for all.
ONLY = {"crier-loop": ("E",)}
PEERS = {
    "go": "{build}/peer-go",
    "node": "{root}/bench/peers/node/server",
    "nchan": "{root}/bench/peers/nchan/server.py --root {build}/nchan",
}

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Command:
    """What starts a server."""

    name: str
    words: tuple[str, ...]
    # Whether the others are compared without it where it does not run.
    may_be_missing: bool = False
    # Whether it was named on the command line.
    given: bool = False
    # The scenarios that it is for; none: all of them.
    only: tuple[str, ...] = ()

    def is_for(self, letter: str) -> bool:
        return not self.only or letter in self.only


def commands(build: Path, peers: bool, others: Sequence[str]) -> list[Command]:
    def command(name: str, text: str, may_be_missing: bool = False) -> Command:
        words = [word.format(build=build, root=ROOT) for word in shlex.split(text)]
        return Command(name, tuple(words), may_be_missing, only=ONLY.get(name, ()))

    found = {name: command(name, text) for name, text in BUILT.items()}
    if peers:
        found |= {name: command(name, text, True) for name, text in PEERS.items()}
    for other in others:
        name, _, text = other.partition("=")
        found[name] = Command(name, tuple(shlex.split(text)), given=True)
    return list(found.values())


def arguments(options: Options) -> list[str]:
    """The command line of options: lists are told repeatedly, True is told without a value."""
    words = []
    for name, value in options.items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            words.append("--" + name.replace("_", "-"))
            if each is not True:
                words.append(f"{each:g}" if isinstance(each, float) else str(each))
    return words


def last_json(name: str, output: str) -> dict:
    lines = output.split("\n")
    if len(lines) < 2 or lines[-1]:
        raise Failure(f"{name}: no last line")
    try:
        value = json.loads(lines[-2])
    except ValueError as error:
        raise Failure(f"{name}: the last line is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Failure(f"{name}: the last line is no JSON object")
    return value


class Server:
    """A running server; after the `with` it has ended and told its `result`."""

    def __init__(self, processes: Processes, command: Command, options: Options) -> None:
        self.options = dict(options)
        self.result: dict = {}
        self._processes = processes
        self._name = command.name
        self._process = processes.start([*command.words, *arguments(options)])
        line = self._process.read_line(START_TIMEOUT)
        if line.startswith("skipped: "):
            raise Skipped(line.strip())
        listening = re.fullmatch(r"listening on (\d+)(?: pid (\d+))?\n", line)
        if not listening:
            raise Failure(f"{self._name}: the first line is {line!r}")
        self.port = int(listening[1])
        # A launcher tells whose resources count; otherwise it has become the server.
        self.pid = int(listening[2] or self._process.pid)

    def __enter__(self) -> Server:
        return self

    @contextmanager
    def part_time(self, share: float) -> Iterator[None]:
        """Within it, no thread of the server gets more than a share of a core."""
        if share >= 1:
            yield
            return
        group = str(self._process.pid)
        program = [sys.executable, "-B", str(PART_TIME), group, str(share)]
        limiter = self._processes.start(program)
        try:
            yield
        finally:
            limiter.terminate()
            limiter.finish(SHUTDOWN_TIMEOUT)
            self._processes.close(limiter)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Who interrupts does not wait; what has failed may have failed because the server did.
        if kind is None or issubclass(kind, Failure):
            self._process.terminate()
            self.result = last_json(self._name, self._process.finish(SHUTDOWN_TIMEOUT))
            self._processes.close(self._process)

"""Several servers that do the same, one after the other, and how crier compares with each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .goals import Goal, Outcome
from .ground import Ground
from .processes import Failure
from .report import with_unit
from .servers import Command, Server
from .stage import Figures

OWN = "crier"
FLOOR = "floor"
# Go's standard library speaks HTTP/2 by TLS alone.
ONLY_ENCRYPTED = ("go",)


@dataclass(frozen=True)
class Measured:
    """A figure that each server has: under which key, and what crier's may be of the floor's."""

    key: str
    label: str
    unit: str
    # Of crier itself.
    limit: float | None = None
    to_floor: float | None = None
    # Whether crier is to be ahead of all peers.
    leads: bool = False


def goals(of: Measured, servers: Sequence[Command]) -> list[Goal]:
    names = [command.name for command in servers]
    found = []
    for name in names:
        if name != OWN:
            limit = of.to_floor if name == FLOOR else 1.0 if of.leads else None
            found.append(Goal(f"{of.key}.to.{name}", f"{of.label}: crier's to {name}'s", "", limit))
    for name in names:
        limit = of.limit if name == OWN else None
        found.append(Goal(f"{of.key}.{name}", f"{of.label}, {name}", of.unit, limit))
    return found


@dataclass
class Contest:
    letter: str
    ground: Ground
    outcome: Outcome
    # Of which repetition, from 0 on.
    at: int = 0

    def hold(
        self,
        what: str,
        servers: Sequence[Command],
        figures: Sequence[Measured],
        measure: Callable[[Command], Figures],
    ) -> None:
        """`measure` has the figures by what comes last in their keys."""
        first = self.at % len(servers)
        order = [*servers[first:], *servers[:first]]
        for command in order if self.at % 2 == 0 else order[::-1]:
            print(f"{self.letter} run {self.at + 1}, {what}, {command.name}: ", end="", flush=True)
            self.outcome.add(
                f"{what}, {command.name}",
                lambda command=command: self._figures(command, figures, measure),
            )
            print(self._brief(command, figures), flush=True)
        self._compare(servers, figures)

    def _figures(
        self,
        command: Command,
        figures: Sequence[Measured],
        measure: Callable[[Command], Figures],
    ) -> Figures:
        found = measure(command)
        return {f"{each.key}.{command.name}": found[each.key.rpartition(".")[2]] for each in figures}

    def _brief(self, command: Command, figures: Sequence[Measured]) -> str:
        run = self.outcome.runs[-1]
        values = [(each, run.get(f"{each.key}.{command.name}")) for each in figures]
        known = [f"{each.label} {with_unit(value, each.unit)}" for each, value in values if value]
        return "; ".join(known) or "FAILED"

    def _compare(self, servers: Sequence[Command], figures: Sequence[Measured]) -> None:
        run = self.outcome.runs[-1]
        for each in figures:
            own = run.get(f"{each.key}.{OWN}")
            for name in (command.name for command in servers if command.name != OWN):
                other = run.get(f"{each.key}.{name}")
                if own is not None and other:
                    run[f"{each.key}.to.{name}"] = own / other

    @contextmanager
    def serve(self, command: Command, **options: Any) -> Iterator[Server]:
        with Server(self.ground.processes, command, options) as server:
            yield server
        told = {"server": command.name, "load_average": os.getloadavg()[0]}
        self.ground.told.append(told | {"result": server.result})

    def load(self, server: Server, **options: Any) -> dict:
        """All streams must open, stay open and miss nothing."""
        found = self.ground.load(server, **options)
        check(found)
        return found


def check(found: dict) -> None:
    if found["opened"] < found["streams"]:
        raise Failure(f"{found['streams'] - found['opened']} streams did not open")
    for wrong in "closed", "lost", "duplicates", "reordered":
        if found[wrong]:
            raise Failure(f"{found[wrong]} {wrong}")

"""Scenario N: HTTP/2, many streams on each connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .certificate import Certificate
from .contest import ONLY_ENCRYPTED, OWN, Contest, Measured, goals
from .goals import Goal, Outcome
from .ground import Ground
from .servers import Command
from .stage import Figures

OPTIONS: dict[str, Any] = {
    "seconds": 5.0,
    "connections": 100,
    "per_connection": 100,
    "rate": 10,
    "idle_connections": 1000,
}
QUICK = {"seconds": 0.5, "connections": 10, "per_connection": 20, "idle_connections": 20}
TO_HTTP1 = 0.25
TO_FLOOR = 1.3
STREAM_KIB = 1.6
CONNECTION_KIB = 28
# With TLS or without.
PLAIN, ENCRYPTED = "plain", "tls"
WORDS = {PLAIN: "without TLS", ENCRYPTED: "with TLS"}


def _steady(options: dict[str, Any], kind: str) -> list[Measured]:
    of = f"{options['connections']:,} × {options['per_connection']:,} streams, {WORDS[kind]}"
    goal = TO_FLOOR if kind == PLAIN else None
    return [
        Measured(f"{kind}.cpu", f"CPU per delivery, {of}", "µs", to_floor=goal, leads=True),
        Measured(f"{kind}.p99", f"latency p99, {of}", "µs"),
    ]


def _memory(kind: str) -> list[Measured]:
    stream, connection = (STREAM_KIB, CONNECTION_KIB) if kind == PLAIN else (None, None)
    of = WORDS[kind]
    return [
        Measured(f"{kind}.stream", f"memory of a stream, {of}", "KiB", stream, leads=True),
        Measured(f"{kind}.connection", f"memory of a connection, {of}", "KiB", connection),
    ]


@dataclass
class Multiplexed:
    ground: Ground
    servers: Sequence[Command]
    options: dict[str, Any]
    certificate: Certificate

    def __post_init__(self) -> None:
        streams = self.options["connections"] * self.options["per_connection"]
        of = f"CPU per delivery, {streams:,} streams"
        found = [
            Goal("plain.to.http1", f"{of}: by HTTP/2 to HTTP/1.1", "", TO_HTTP1),
            Goal("http1.cpu", f"{of} by HTTP/1.1, crier", "µs"),
        ]
        for kind in PLAIN, ENCRYPTED:
            for each in (*_steady(self.options, kind), *_memory(kind)):
                found += goals(each, self._servers(kind))
        self.outcome = Outcome("N: HTTP/2", found)
        self.contest = Contest("N", self.ground, self.outcome)

    def run(self, repeat: int) -> None:
        contest = self.contest
        for at in range(repeat):
            self.outcome.runs.append({})
            contest.at = at
            self.outcome.add("HTTP/1.1", self._http1)
            for kind in PLAIN, ENCRYPTED:
                servers = self._servers(kind)
                contest.hold(
                    WORDS[kind],
                    servers,
                    _steady(self.options, kind),
                    lambda command, kind=kind: self._deliver(command, kind),
                )
                if kind == PLAIN:
                    self._compare()
                contest.hold(
                    f"memory {WORDS[kind]}",
                    servers,
                    _memory(kind),
                    lambda command, kind=kind: self._idle(command, kind),
                )

    def _servers(self, kind: str) -> list[Command]:
        plain = kind == PLAIN
        return [each for each in self.servers if not (plain and each.name in ONLY_ENCRYPTED)]

    def _http1(self) -> Figures:
        own = next(command for command in self.servers if command.name == OWN)
        streams = self.options["connections"] * self.options["per_connection"]
        with self.contest.serve(own, rate=self.options["rate"]) as server:
            found = self.contest.load(server, streams=streams, seconds=self.options["seconds"])
        return {"http1.cpu": found["cpu_us_per_delivery"]}

    def _compare(self) -> None:
        run = self.outcome.runs[-1]
        own, http1 = run.get(f"plain.cpu.{OWN}"), run.get("http1.cpu")
        if own and http1:
            run["plain.to.http1"] = own / http1

    def _serving(self, kind: str) -> dict[str, Any]:
        return {"http2": True} | (self.certificate.options if kind == ENCRYPTED else {})

    def _loading(self, kind: str, connections: int, per_connection: int) -> dict[str, Any]:
        return {
            "http2": True,
            "streams": connections * per_connection,
            "streams_per_connection": per_connection,
        } | ({"tls": True} if kind == ENCRYPTED else {})

    def _deliver(self, command: Command, kind: str) -> Figures:
        asked = self._loading(kind, self.options["connections"], self.options["per_connection"])
        serving = self._serving(kind)
        with self.contest.serve(command, rate=self.options["rate"], **serving) as server:
            found = self.contest.load(server, seconds=self.options["seconds"], **asked)
        return {"cpu": found["cpu_us_per_delivery"], "p99": found["latency_us"]["p99"]}

    def _idle(self, command: Command, kind: str) -> Figures:
        """A connection with one stream, and with many: what the others on it take is a stream's."""
        count = self.options["per_connection"]
        one, many = (self._growth(command, kind, each) for each in (1, count))
        stream = (many - one) / (count - 1)
        return {"stream": stream, "connection": one - stream}

    def _growth(self, command: Command, kind: str, per_connection: int) -> float:
        """In KiB for each further connection."""
        marks = [self.options["idle_connections"] // 10, self.options["idle_connections"]]
        asked = self._loading(kind, marks[-1], per_connection)
        with self.contest.serve(command, **self._serving(kind)) as server:
            found = self.contest.load(
                server,
                memory_at=[mark * per_connection for mark in marks],
                seconds=0.1,
                warmup=0,
                **asked,
            )
        few, all_of_them = (each["bytes"] for each in found["resident"])
        return (all_of_them - few) / (marks[1] - marks[0]) / 1024

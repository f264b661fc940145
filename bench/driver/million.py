"""Scenario O: a million streams, by HTTP/2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .contest import Contest, Measured, goals
from .goals import Outcome
from .ground import Ground
from .servers import Command
from .stage import Figures

OPTIONS: dict[str, Any] = {
    "connections": 10_000,
    "per_connection": 100,
    # One event now and then, and several at once.
    "rate": 0.2,
    "seconds": 15,
    "burst": 8,
    "burst_rate": 0.4,
    "burst_seconds": 40,
}
QUICK = {
    "connections": 20,
    "per_connection": 20,
    "rate": 20,
    "seconds": 0.5,
    "burst_rate": 40,
    "burst_seconds": 0.5,
}
ALL_SECONDS = 3
PUBLISH_NS = 1000

FIGURES = [
    Measured("all.seconds", "one event has reached all", "s", limit=ALL_SECONDS),
    Measured("all.spread", "from the first stream to the last", "s"),
    Measured("all.cpu", "CPU per delivery", "µs"),
    Measured("all.resident", "memory of the server", "GiB"),
    Measured("all.opening", "all are open after", "s"),
]
PUBLISH = [
    # The floor sends within the call.
    Measured("publish.p50", "a call of publish, p50", "ns", limit=PUBLISH_NS),
]


@dataclass
class Million:
    ground: Ground
    servers: Sequence[Command]
    options: dict[str, Any]

    def __post_init__(self) -> None:
        connections, each = self.options["connections"], self.options["per_connection"]
        found = [goal for figure in (*FIGURES, *PUBLISH) for goal in goals(figure, self.servers)]
        heading = f"O: {connections * each:,} streams on {connections:,} connections of HTTP/2"
        self.outcome = Outcome(heading, found)
        self.contest = Contest("O", self.ground, self.outcome)

    def run(self, repeat: int) -> None:
        for at in range(repeat):
            self.outcome.runs.append({})
            self.contest.at = at
            self.contest.hold("one event", self.servers, FIGURES, self._one_event)
            burst = f"{self.options['burst']} events at once"
            self.contest.hold(burst, self.servers, PUBLISH, self._burst)

    def _streams(self) -> dict[str, Any]:
        each = self.options["per_connection"]
        streams = self.options["connections"] * each
        return {"http2": True, "streams": streams, "streams_per_connection": each}

    def _one_event(self, command: Command) -> Figures:
        asked = self._streams()
        with self.contest.serve(command, http2=True, rate=self.options["rate"]) as server:
            found = self.contest.load(
                server,
                memory_at=[asked["streams"]],
                seconds=self.options["seconds"],
                **asked,
            )
        return {
            "seconds": found["latency_us"]["max"] / 1e6,
            "spread": found["fanout_us"]["max"] / 1e6,
            "cpu": found["cpu_us_per_delivery"],
            "resident": found["resident"][-1]["bytes"] / 2**30,
            "opening": found["connect_seconds"],
        }

    def _burst(self, command: Command) -> Figures:
        rate, burst = self.options["burst_rate"], self.options["burst"]
        with self.contest.serve(command, http2=True, rate=rate, burst=burst) as server:
            self.contest.load(server, seconds=self.options["burst_seconds"], **self._streams())
        return {"p50": server.result["publish_ns"]["p50"]}

"""Scenario L: what TLS costs, and how clients come back to a server that was started anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .certificate import Certificate
from .contest import Contest, Measured, goals
from .goals import Goal, Outcome
from .ground import Ground
from .processes import Failure
from .servers import Command
from .stage import Figures

OPTIONS: dict[str, Any] = {
    "seconds": 5.0,
    "few": 1000,  # streams
    "few_rate": 100,
    "many": 10_000,
    "many_rate": 10,
    "live_streams": 100,
    "live_topics": 10,
    "live_rate": 500,
}
QUICK = {"seconds": 0.5, "few": 50, "few_rate": 20, "many": 200, "live_streams": 10}
TO_FLOOR = 1.1
STREAM_KIB = 16
RECONNECT_CPU = 3
LIVE_RATIO = 2
RECONNECT_SECONDS = 120


def _steady(options: dict[str, Any], which: str) -> list[Measured]:
    of = f"{options[which]:,} streams, {options[which + '_rate']:,} events/s"
    return [
        Measured(f"{which}.cpu", f"CPU per delivery, {of}", "µs", to_floor=TO_FLOOR, leads=True),
        Measured(f"{which}.p99", f"latency p99, {of}", "µs"),
    ]


MEMORY = [
    Measured("memory.stream", "memory of an idle stream", "KiB", limit=STREAM_KIB, leads=True)
]


def _back(options: dict[str, Any]) -> list[Measured]:
    of = f"{options['many']:,} clients come back"
    return [
        Measured("back.cpu", f"{of}: CPU of the server", "s", limit=RECONNECT_CPU, leads=True),
        Measured("back.seconds", f"{of}: all are open", "s"),
        Measured("back.ratio", f"{of}: others' p99, to before", "", limit=LIVE_RATIO),
        Measured("back.meanwhile", f"{of}: others' p99 meanwhile", "µs"),
    ]


@dataclass
class Encrypted:
    ground: Ground
    servers: Sequence[Command]
    options: dict[str, Any]
    certificate: Certificate

    def __post_init__(self) -> None:
        found: list[Goal] = []
        self.back = _back(self.options)
        for each in (
            *_steady(self.options, "few"),
            *_steady(self.options, "many"),
            *MEMORY,
            *self.back,
        ):
            found += goals(each, self.servers)
        self.outcome = Outcome("L: TLS", found)
        self.contest = Contest("L", self.ground, self.outcome)

    def run(self, repeat: int) -> None:
        for at in range(repeat):
            self.outcome.runs.append({})
            self.contest.at = at
            for which in "few", "many":
                self.contest.hold(
                    which,
                    self.servers,
                    _steady(self.options, which),
                    lambda command, which=which: self._deliver(command, which),
                )
            self.contest.hold("memory", self.servers, MEMORY, self._memory)
            self.contest.hold("reconnect", self.servers, self.back, self._reconnect)

    def _deliver(self, command: Command, which: str) -> Figures:
        rate = self.options[which + "_rate"]
        with self.contest.serve(command, rate=rate, **self.certificate.options) as server:
            found = self.contest.load(
                server, tls=True, streams=self.options[which], seconds=self.options["seconds"]
            )
        return {"cpu": found["cpu_us_per_delivery"], "p99": found["latency_us"]["p99"]}

    def _memory(self, command: Command) -> Figures:
        marks = [self.options["many"] // 10, self.options["many"]]
        with self.contest.serve(command, **self.certificate.options) as server:
            found = self.contest.load(
                server, tls=True, streams=marks[-1], memory_at=marks, seconds=0.1, warmup=0
            )
        few, many = (each["bytes"] for each in found["resident"])
        return {"stream": (many - few) / (marks[1] - marks[0]) / 1024}

    def _reconnect(self, command: Command) -> Figures:
        """First some streams that get events, then all the others, with the tickets that a server
        before has given them."""
        options = self.options
        others = {"first_topic": options["live_topics"], "streams": options["many"]}
        idle = {"tls": True, "seconds": 0, "warmup": 0} | others
        sessions = self.certificate.directory / "sessions"
        serving = {"topics": options["live_topics"], "silent": 1} | self.certificate.options
        with self.contest.serve(command, **serving) as server:
            # Tickets may come after the response.
            self.contest.load(server, sessions_to=sessions, **(idle | {"seconds": 0.2}))
        live = {"tls": True, "topics": options["live_topics"], "streams": options["live_streams"]}
        with self.contest.serve(command, rate=options["live_rate"], **serving) as server:
            quiet = self.contest.load(server, seconds=options["seconds"], warmup=0.5, **live)
            meanwhile_for = {"seconds": RECONNECT_SECONDS, "warmup": 0.5} | live
            with self.ground.load_meanwhile(server, **meanwhile_for) as meanwhile:
                back = self.contest.load(server, sessions=sessions, **idle)
        if back["resumed"] < options["many"]:
            raise Failure(f"only {back['resumed']} clients have resumed")
        if not meanwhile["deliveries"]:
            raise Failure("the other streams got nothing")
        before, during = (each["latency_us"]["p99"] for each in (quiet, meanwhile))
        return {
            "cpu": back["server_cpu_since_start"],
            "seconds": back["connect_seconds"],
            "ratio": during / before,
            "meanwhile": during,
        }

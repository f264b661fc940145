"""Scenario K: three nodes that share a journal on NATS, and how fast that takes events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from . import nats, redis
from .goals import Goal, Outcome
from .ground import Ground
from .processes import Failure
from .servers import Command, Server
from .stage import Figures

NODES = 3
OPTIONS: dict[str, Any] = {
    "seconds": 5.0,
    "warmup": 2.0,
    "streams": 10_000,
    "topics": 1000,
    "rate": 1000,
    "publishers": 64,
    "servers": 1,
}
QUICK = {"seconds": 0.5, "warmup": 0.3, "streams": 90, "topics": 30, "rate": 90}
# Events that each publisher has under way.
ONE, MANY = 1, 16
# At once for each subject, which is more than is ever under way.
HISTORY = 1000
MOST_OVER_MS = 2
LEAST_SHARE = 0.6


def _nchan_goals() -> list[Goal]:
    of = f"{NODES} of nchan with Redis"
    return [
        Goal("nchan.lead", f"{of}: its latency p50 to crier's", "", 1, at_least=True),
        Goal("nchan.lead99", f"{of}: its latency p99 to crier's", "", 1, at_least=True),
        Goal("nchan.p50", f"{of}: latency p50", "µs"),
        Goal("nchan.p99", f"{of}: latency p99", "µs"),
        Goal("nchan.missing", f"{of}: lost, doubled or refused"),
        Goal("nchan.arrived", f"{of}: deliveries, of those due", "%"),
    ]


def goals(options: dict[str, Any], with_nchan: bool) -> list[Goal]:
    of = f"{options['streams']:,} streams, {options['rate']:,} events/s"
    nodes = [
        Goal("three.missing", f"{NODES} nodes, {of}: lost, doubled or refused", "", 0),
        Goal("three.over_ms", f"{NODES} nodes, {of}: p50 over one node's", "ms", MOST_OVER_MS),
        Goal("three.p50", f"{NODES} nodes: latency p50", "µs"),
        Goal("three.p99", f"{NODES} nodes: latency p99", "µs"),
        Goal("three.arrived", f"{NODES} nodes: deliveries, of those due", "%"),
        *(_nchan_goals() if with_nchan else []),
        Goal("one.missing", "one node without an engine: lost, doubled or refused"),
        Goal("one.p50", "one node without an engine: latency p50", "µs"),
        Goal("one.p99", "one node without an engine: latency p99", "µs"),
        Goal("one.arrived", "one node without an engine: deliveries, of those due", "%"),
    ]
    for pending in ONE, MANY:
        count = options["publishers"] * pending
        words = f"{options['publishers']} publishers, {count:,} events under way"
        key = f"acknowledge.{pending}"
        nodes += [
            Goal(f"{key}.share", f"{words}: acknowledged, to libnats", "", LEAST_SHARE, True),
            Goal(f"{key}.plain", f"{words}: to libnats, a plain stream", "", LEAST_SHARE, True),
            Goal(f"{key}.crier", f"{words}: acknowledged", "1/s"),
            Goal(f"{key}.libnats", f"{words}: libnats, the same stream", "1/s"),
            Goal(f"{key}.libnats_plain", f"{words}: libnats, a plain stream", "1/s"),
            Goal(f"{key}.p99", f"{words}: p99", "µs"),
        ]
    return nodes


@dataclass
class ThreeNodes:
    ground: Ground
    options: dict[str, Any]
    # Beside it, three servers of nchan that share a Redis.
    nchan: Command | None = None

    def __post_init__(self) -> None:
        found = goals(self.options, self.nchan is not None)
        self.outcome = Outcome("K: three nodes on NATS", found)

    def run(self, repeat: int) -> None:
        count = self.options["servers"]
        outcome = self.outcome
        outcome.about = [f"NATS servers: {count}, each event kept by {count}."]
        for at in range(repeat):
            print(f"K run {at + 1}/{repeat}", flush=True)
            outcome.runs.append({})
            # New ones each time, as Redis is: what they hold makes them slower.
            store = self.ground.store / f"nats{at}"
            with nats.servers(self.ground.processes, store, count) as url:
                outcome.add("streams", lambda url=url, at=at: self._compare_nodes(url, at))
                self._make_stream(url)
                for pending in ONE, MANY:
                    outcome.add(
                        "acknowledge",
                        lambda url=url, at=at, pending=pending: self._acknowledge(url, at, pending),
                    )

    def _compare_nodes(self, url: str, at: int) -> Figures:
        sides: list[Callable[[], Figures]] = [
            self._one_node,
            lambda: self._three_nodes(f"{url}/nodes{at}"),
        ]
        if self.nchan:
            sides.append(self._three_nchans)
        figures: Figures = {}
        for side in sides if at % 2 == 0 else sides[::-1]:
            figures |= side()
        if self.nchan:
            figures["nchan.lead"] = figures["nchan.p50"] / figures["three.p50"]
            figures["nchan.lead99"] = figures["nchan.p99"] / figures["three.p99"]
        return figures | {"three.over_ms": (figures["three.p50"] - figures["one.p50"]) / 1e3}

    def _one_node(self) -> Figures:
        chosen = {key: self.options[key] for key in ("topics", "rate")}
        with self.ground.serve("memory", history=HISTORY, **chosen) as server:
            found = self._load([server] * NODES)
        return self._figures("one", found, [server])

    def _three_nodes(self, journal: str) -> Figures:
        with ExitStack() as running:
            nodes = [
                running.enter_context(self.ground.serve(journal, history=HISTORY, **share))
                for share in self._shares()
            ]
            found = self._load(nodes)
        return self._figures("three", found, nodes)

    def _three_nchans(self) -> Figures:
        ground = self.ground
        with ExitStack() as running:
            url = running.enter_context(
                redis.server(ground.processes, ground.build, ground.store / "redis")
            )
            nodes = [
                running.enter_context(
                    Server(ground.processes, self.nchan, {"redis": url, "nodelay": True} | share)
                )
                for share in self._shares()
            ]
            found = self._load(nodes)
        return self._figures("nchan", found, nodes)

    def _shares(self) -> list[dict[str, Any]]:
        """Each node publishes to a third of the topics, and all have readers on each node."""
        topics, rate = self.options["topics"], self.options["rate"]
        return [
            {
                "topics": len(range(at, topics, NODES)),
                "first_topic": at,
                "topic_step": NODES,
                "rate": rate / NODES,
            }
            for at in range(NODES)
        ]

    def _load(self, servers: Sequence[Server]) -> list[dict]:
        """As many clients in both cases, each with its share of the streams."""
        asked = {key: self.options[key] for key in ("topics", "seconds", "warmup")}
        asked["streams"] = self.options["streams"] // NODES
        loads = [self.ground.start_load(server, **asked) for server in servers]
        return [self.ground.finish_load(load, **asked) for load in loads]

    def _figures(self, side: str, found: list[dict], servers: Sequence[Server]) -> Figures:
        """The worst of the clients' latencies."""
        latencies = [each["latency_us"] or {} for each in found]
        wrong = sum(each["lost"] + each["duplicates"] + each["closed"] for each in found)
        refused = sum(server.result.get("refused", 0) for server in servers)
        due = sum(
            self.options["rate"] * each["seconds"] * each["streams"] / each["topics"]
            for each in found
        )
        figures = {
            f"{side}.missing": wrong + refused,
            f"{side}.arrived": 100 * sum(each["deliveries"] for each in found) / due,
        }
        for part in ("p50", "p99") if all(latencies) else ():
            figures[f"{side}.{part}"] = max(each[part] for each in latencies)
        return figures

    def _make_stream(self, url: str) -> None:
        """That crier and libnats are to use, as crier makes it."""
        options = {"history": HISTORY, "publishers": 1, "warmup": 0, "seconds": 0.1}
        self.ground.ask("acknowledge", journal=f"{url}/same", **options)

    def _acknowledge(self, url: str, at: int, pending: int) -> Figures:
        """crier and libnats in turns."""
        publishers, seconds = self.options["publishers"], self.options["seconds"]
        found: dict[str, dict] = {}

        def crier() -> None:
            found["crier"] = self.ground.ask(
                "acknowledge",
                journal=f"{url}/same",
                history=HISTORY,
                publishers=publishers,
                pending=pending,
                seconds=seconds,
            )

        def libnats(name: str, stream: str, make: bool) -> None:
            flags = {"make": True} if make else {}
            found[name] = self.ground.ask(
                "libnats",
                url=url,
                stream=stream,
                topics=publishers,
                pending=publishers * pending,
                seconds=seconds,
                **flags,
            )

        steps = [
            crier,
            lambda: libnats("libnats", "same", False),
            lambda: libnats("libnats_plain", "plain", True),
        ]
        for step in steps if at % 2 == 0 else steps[::-1]:
            step()
        rates = {name: each["per_second"] for name, each in found.items()}
        if not all(rates.values()):
            raise Failure("nothing was acknowledged")
        key = f"acknowledge.{pending}"
        return {f"{key}.{name}": rate for name, rate in rates.items()} | {
            f"{key}.share": rates["crier"] / rates["libnats"],
            f"{key}.plain": rates["crier"] / rates["libnats_plain"],
            f"{key}.p99": found["crier"]["us"]["p99"],
        }

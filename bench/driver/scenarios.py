"""What the benchmark consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import measures
from .scenario import Figure, Scenario
from .servers import Options

CPU = Figure("cpu_us_per_delivery", "CPU per delivery", "µs", main=True)
LATENCY = tuple(
    Figure(f"latency_us.{part}", f"latency {part}", "µs", main=part == "p99")
    for part in ("p50", "p99", "p999", "max")
)
FANOUT = tuple(Figure(f"fanout_us.{part}", f"fan-out {part}", "µs") for part in ("p50", "p99"))
LOST = Figure("lost", "lost events", compared=False)
LOST_SHARE = Figure("lost_percent", "lost, of those due", "%", main=True, compared=False)
GAPS = Figure("gaps", "gaps told", compared=False)
SERVER = Figure("server_cpu_share", "server's share of a core", compared=False)
CLIENT = Figure("client_cpu_share", "client's share of a core", compared=False)

WINDOW = {"size": 128, "burst": 1, "topics": 1, "seconds": 5, "warmup": 1, "may_lose": False}
# Its rates are such that what a busy machine makes late by a second still fits in all queues.
QUICK_WINDOW = {"seconds": 1, "warmup": 0.1}
RAMP = {"size": 128, "streams": 1000, "seconds": 4, "warmup": 1, "sweep": 10}
QUICK_RAMP = QUICK_WINDOW | {"streams": 100, "start": 50, "most_steps": 2}


def steady_figures(_: Options) -> tuple[Figure, ...]:
    return CPU, *LATENCY, *FANOUT, LOST, CLIENT


def burst_figures(_: Options) -> tuple[Figure, ...]:
    return CPU, *LATENCY, *FANOUT, LOST, LOST_SHARE, GAPS, CLIENT


def rate_figures(_: Options) -> tuple[Figure, ...]:
    return (
        Figure("rate", "highest rate", "1/s", main=True, more_is_better=True),
        Figure("deliveries_per_second", "deliveries per second", "1/s", more_is_better=True),
        replace(CPU, main=False),
        SERVER,
        CLIENT,
    )


def memory_figures(options: Options) -> tuple[Figure, ...]:
    few, some, _ = options["memory_at"]
    return (
        Figure("at_all", "memory per stream", "B", main=True),
        Figure("at_some", f"memory per stream, up to {some:,}", "B"),
        Figure("resident", f"resident with {few:,} streams", "B"),
    )


def reconnecting_figures(_: Options) -> tuple[Figure, ...]:
    return (
        Figure("connects_per_second", "connects per second", "1/s", main=True, more_is_better=True),
        Figure("until_event_seconds", "reconnected, all with an event, after", "s", main=True),
        GAPS,
        Figure("closed", "streams that ended early", compared=False),
    )


def publishing_figures(options: Options) -> tuple[Figure, ...]:
    counts: list[int] = options["streams"]
    figures = []
    for rate, burst in options["rates"]:
        of = f"{rate:,}/s" + (f" in bursts of {burst}" if burst > 1 else "")
        for count in counts:
            for part in "p50", "p99":
                label = f"publish {part}, {of}, {count:,} streams"
                main = part == "p50" and count == counts[-1]
                figures.append(Figure(f"{rate}.{count}.{part}", label, "ns", main))
        figures.append(Figure(f"{rate}.ratio", f"p50 of {counts[-1]:,} streams to 1, {of}"))
    return tuple(figures)


def scaling_figures(_: Options) -> tuple[Figure, ...]:
    return (
        Figure("rate.1", "highest rate, 1 thread", "1/s", more_is_better=True),
        Figure("rate.2", "highest rate, 2 threads", "1/s", main=True, more_is_better=True),
        Figure("ratio", "2 threads to 1", compared=False),
        Figure("work", "2 threads to 1, per CPU time", compared=False),
        *(
            replace(figure, key=f"{figure.key}.{threads}", label=f"{figure.label}, {text}")
            for figure in (SERVER, CLIENT)
            for threads, text in ((1, "1 thread"), (2, "2 threads"))
        ),
    )


ALL = [
    Scenario(
        "A",
        "{streams:,} streams, {rate:,} events/s of {size} B",
        steady_figures,
        measures.steady,
        WINDOW | {"streams": 1000, "rate": 100},
        QUICK_WINDOW | {"streams": 100, "rate": 30},
        8,
    ),
    Scenario(
        "B",
        "{streams:,} streams, {rate:,} events/s of {size} B",
        steady_figures,
        measures.steady,
        WINDOW | {"streams": 10_000, "rate": 10},
        QUICK_WINDOW | {"streams": 300},
        9,
    ),
    Scenario(
        "C",
        "highest rate without loss, {streams:,} streams, events of {size} B",
        rate_figures,
        measures.highest_rate,
        RAMP | {"start": 100, "most_steps": 20},
        QUICK_RAMP,
        60,
    ),
    Scenario(
        "D",
        "memory of idle streams, {streams:,} of them",
        memory_figures,
        measures.memory,
        {"streams": 15_000, "memory_at": [1000, 10_000, 15_000], "seconds": 1, "warmup": 0},
        {"streams": 300, "memory_at": [20, 200, 300], "seconds": 0.1},
        8,
    ),
    Scenario(
        "E",
        "{streams:,} streams over {topics:,} topics, {rate:,} events/s in all, of {size} B",
        steady_figures,
        measures.steady,
        WINDOW | {"streams": 10_000, "topics": 5000, "rate": 5000},
        QUICK_WINDOW | {"streams": 100, "topics": 50, "rate": 1000},
        9,
    ),
    Scenario(
        "F",
        "{streams:,} streams, bursts of {burst} events of {size} B, one a second",
        burst_figures,
        measures.steady,
        # More than waits for one stream at most, so that a slow reader loses what it is late for.
        WINDOW | {"streams": 1000, "rate": 100, "burst": 100, "may_lose": True},
        QUICK_WINDOW | {"streams": 100, "rate": 16, "burst": 16, "seconds": 1.5, "may_lose": False},
        8,
    ),
    Scenario(
        "G",
        "{streams:,} streams connect, and reconnect to a new server with {rate_after} events/s",
        reconnecting_figures,
        measures.reconnecting,
        WINDOW | {"streams": 10_000, "rate": 5, "rate_after": 10, "seconds": 1, "warmup": 0},
        {"streams": 300},
        8,
    ),
    Scenario(
        "H",
        "how long a publish takes, by the number of streams",
        publishing_figures,
        measures.publishing,
        {
            "streams": [0, 1, 100, 10_000],
            # Each by itself, with all asleep meanwhile; and as a game's tick publishes.
            "rates": [(10, 1), (100, 10)],
            "size": 128,
            "seconds": 5,
            "warmup": 0,
            "sweep": 50,
        },
        {"streams": [0, 1, 100], "rates": [(1000, 10)], "seconds": 0.5},
        43,
    ),
    Scenario(
        "I",
        "as C, with one and two threads that get {share:.0%} of a core each",
        scaling_figures,
        measures.scaling,
        # So little that neither the client nor the number of cores is what limits two of them.
        RAMP | {"start": 100, "most_steps": 20, "share": 0.25},
        QUICK_RAMP,
        90,
    ),
]


def choose(letters: Sequence[str], quick: bool, most_streams: int, reason: str) -> list[Scenario]:
    wanted = [scenario for scenario in ALL if scenario.letter in letters]
    if quick:
        wanted = [scenario.in_quick() for scenario in wanted]
    return [scenario.fitted(most_streams, reason) for scenario in wanted]

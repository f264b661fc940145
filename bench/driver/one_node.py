"""Scenario J: what a journal in a file costs, how fast it is, and how clients come back."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from . import micro
from .goals import Goal, Outcome
from .ground import Ground
from .processes import Failure
from .servers import Server
from .stage import Figures

HISTORY = 1000
OPTIONS: dict[str, Any] = {
    "seconds": 5.0,
    "publishers": 64,
    "topics": 10_000,  # of the file
    "events": 100,  # of each topic
    "clients": 10_000,
    "live_streams": 100,
    "live_topics": 10,
    "live_rate": 500,
}
QUICK = {"seconds": 0.5, "topics": 100, "clients": 100, "live_streams": 10}
# Events one after the other, and as a game's tick publishes.
SINGLE = {"rate": 1000, "burst": 1}
BURSTS = {"rate": 6400, "burst": 64}
# Events that each publisher has under way.
ONE, MANY = 1, 16
# The clients' topics: as many as there are, or a hundredth.
SHARED = 100
RESUME_SECONDS = 60
LEAST_RATE = 50_000
MOST_SYNCS = 3
PUBLISH_RATIO = 1.2
START_SECONDS = 1
CATCH_UP_SECONDS = 3
LIVE_RATIO = 2


def _publish_goals() -> list[Goal]:
    goals = []
    for name, words in (("single", "one by one"), ("bursts", "in bursts of 64")):
        of = f"publish p50, {words}"
        goals += [
            Goal(f"publish.{name}.ratio", f"{of}: with SQLite to without", "", PUBLISH_RATIO),
            Goal(f"publish.{name}.with", f"{of}, with SQLite", "ns"),
            Goal(f"publish.{name}.without", f"{of}, without", "ns"),
        ]
    return goals


def _acknowledge_goals(publishers: int) -> list[Goal]:
    goals = []
    for pending, words in ((ONE, "one event each"), (MANY, f"{MANY} events each")):
        of = f"{publishers} publishers, {words} under way"
        key = f"acknowledge.{pending}"
        goals += [
            Goal(f"{key}.rate", f"{of}: acknowledged", "1/s", LEAST_RATE, at_least=True),
            Goal(f"{key}.syncs", f"{of}: p99 in fsyncs (p50)", "", MOST_SYNCS),
            Goal(f"{key}.slow_syncs", f"{of}: p99 in fsyncs (p99)"),
            Goal(f"{key}.p50", f"{of}: p50", "µs"),
            Goal(f"{key}.p99", f"{of}: p99", "µs"),
        ]
    return goals


def _resume_goals(options: dict[str, Any]) -> list[Goal]:
    goals = []
    for name, topics in _shapes(options):
        clients, events = options["clients"], options["events"]
        of = f"{clients:,} clients of {topics:,} topics resume {events} events"
        goals += [
            Goal(f"resume.{name}.seconds", f"{of}: all caught up", "s", CATCH_UP_SECONDS),
            Goal(f"resume.{name}.missing", f"{of}: missing", "", 0),
            Goal(f"resume.{name}.ratio", f"{of}: others' p99, to before", "", LIVE_RATIO),
            Goal(f"resume.{name}.before", f"{of}: others' p99 before", "µs"),
            Goal(f"resume.{name}.meanwhile", f"{of}: others' p99 meanwhile", "µs"),
        ]
    of = f"{options['clients']:,} clients connect, and resume nothing"
    return [*goals, Goal("connect.meanwhile", f"{of}: others' p99 meanwhile", "µs")]


def _shapes(options: dict[str, Any]) -> list[tuple[str, int]]:
    topics = options["topics"]
    return [("own", topics), ("shared", max(1, topics // SHARED))]


def goals(options: dict[str, Any], has_baseline: bool) -> list[Goal]:
    count = f"{options['topics'] * options['events']:,}"
    cost = Goal("baseline", "publish without a journal, to the baseline's")
    return [
        Goal("sync.p50", "fsync of a page, p50", "µs"),
        Goal("sync.p99", "fsync of a page, p99", "µs"),
        *_publish_goals(),
        *_acknowledge_goals(options["publishers"]),
        Goal("fill.rate", f"{count} events written", "1/s"),
        Goal("start.head", f"start with {count} events, to a response's head", "s", START_SECONDS),
        Goal("start.event", f"start with {count} events, to a first event", "s", START_SECONDS),
        *_resume_goals(options),
        *([cost] if has_baseline else []),
    ]


@dataclass
class OneNode:
    ground: Ground
    options: dict[str, Any]
    # The build of another version, to compare what publishing costs without a journal.
    baseline: Path | None
    quick: bool

    def __post_init__(self) -> None:
        found = goals(self.options, self.baseline is not None)
        self.outcome = Outcome("J: a journal in a file", found)

    def run(self, repeat: int) -> None:
        outcome = self.outcome
        before, rate = self._fill()
        outcome.about = [f"The file has {self.file.stat().st_size / 1e6:,.0f} MB."]
        for at in range(repeat):
            print(f"J run {at + 1}/{repeat}", flush=True)
            outcome.runs.append({"fill.rate": rate})
            for name, how in (("single", SINGLE), ("bursts", BURSTS)):
                outcome.add("publish", lambda name=name, how=how: self._publish(name, how))
            outcome.add("acknowledge", self._acknowledge)
            outcome.add("start", lambda: self._start(before))
            for name, topics in _shapes(self.options):
                outcome.add(
                    "resume", lambda name=name, topics=topics: self._resume(name, topics, before)
                )
            outcome.add("connect", self._connect)
            if self.baseline:
                outcome.add("baseline", self._compare)

    @property
    def file(self) -> Path:
        return self.ground.store / "events.db"

    @property
    def _journal(self) -> str:
        return f"sqlite:{self.file}"

    def _fill(self) -> tuple[str, float]:
        """What the file has; the id before all of it, and the rate that it was written at."""
        options = {key: self.options[key] for key in ("topics", "events")}
        found = self.ground.ask("fill", journal=self._journal, history=HISTORY, **options)
        return found["before"], found["events"] / found["seconds"]

    def _scratch(self, name: str) -> str:
        """A journal that is empty."""
        for old in self.ground.store.glob(f"{name}.db*"):
            old.unlink()
        return f"sqlite:{self.ground.store / name}.db"

    def _publish(self, name: str, how: dict[str, int]) -> Figures:
        found = self.ground.ask(
            "publish", journal=self._scratch("publish"), seconds=self.options["seconds"], **how
        )
        have, lack = found["with_ns"]["p50"], found["without_ns"]["p50"]
        key = f"publish.{name}"
        return {f"{key}.ratio": have / lack, f"{key}.with": have, f"{key}.without": lack}

    def _sync(self) -> dict:
        seconds = min(1.0, self.options["seconds"] / 2)
        return self.ground.ask("sync", folder=str(self.ground.store), seconds=seconds)["us"]

    def _acknowledge(self) -> Figures:
        """An fsync takes longer or shorter from minute to minute: it is measured in between."""
        figures: Figures = {}
        syncs = [self._sync()]
        for pending in ONE, MANY:
            found = self.ground.ask(
                "acknowledge",
                journal=self._scratch("acknowledge"),
                seconds=self.options["seconds"],
                publishers=self.options["publishers"],
                pending=pending,
            )
            syncs.append(self._sync())
            key, took = f"acknowledge.{pending}", found["us"]
            figures[f"{key}.rate"] = found["per_second"]
            for name, part in (("syncs", "p50"), ("slow_syncs", "p99")):
                sync = (syncs[-2][part] + syncs[-1][part]) / 2
                figures[f"{key}.{name}"] = took["p99"] / sync
            figures |= {f"{key}.p50": took["p50"], f"{key}.p99": took["p99"]}
        for part in "p50", "p99":
            figures[f"sync.{part}"] = median(each[part] for each in syncs)
        return figures

    def _start(self, before: str) -> Figures:
        """From the start of the program on, which a client asks for all of a topic."""
        began = time.monotonic()
        with self.ground.serve(self._journal, history=HISTORY) as server:
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
                client.sendall(
                    b"GET /t/0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
                    + f"Last-Event-ID: {before}\r\n\r\n".encode()
                )
                head, event = _times_of(client, began, b"\r\n\r\n", b"data:")
        return {"start.head": head, "start.event": event}

    @property
    def _live(self) -> dict[str, int]:
        """The other streams: their topics come after those of the file."""
        return {"topics": self.options["live_topics"], "first_topic": self.options["topics"]}

    @contextmanager
    def _busy_server(self) -> Iterator[Server]:
        rate = self.options["live_rate"]
        with self.ground.serve(self._journal, **self._live, rate=rate, history=HISTORY) as server:
            yield server

    def _others(self, seconds: float) -> dict[str, Any]:
        return self._live | {
            "streams": self.options["live_streams"],
            "seconds": seconds,
            "warmup": 0.5,
        }

    def _connect(self) -> Figures:
        """What of it is due to the connections alone."""
        options = {"streams": self.options["clients"], "topics": self.options["topics"]}
        with self._busy_server() as server:
            with self.ground.load_meanwhile(server, **self._others(RESUME_SECONDS)) as meanwhile:
                self.ground.load(server, **options, seconds=0, warmup=0)
        if not meanwhile["deliveries"]:
            raise Failure("the other streams got nothing")
        return {"connect.meanwhile": meanwhile["latency_us"]["p99"]}

    def _resume(self, name: str, topics: int, before: str) -> Figures:
        with self._busy_server() as server:
            quiet = self.ground.load(server, **self._others(self.options["seconds"]))
            with self.ground.load_meanwhile(server, **self._others(RESUME_SECONDS)) as meanwhile:
                back = self.ground.load(
                    server,
                    streams=self.options["clients"],
                    topics=topics,
                    last_event_id=before,
                    until_number=self.options["events"] - 1,
                    seconds=RESUME_SECONDS,
                )
        if back["until_event_seconds"] is None:
            raise Failure(f"only {back['streams_with_event']} clients caught up")
        if not quiet["deliveries"] or not meanwhile["deliveries"]:
            raise Failure("the other streams got nothing")
        before_us, meanwhile_us = (each["latency_us"]["p99"] for each in (quiet, meanwhile))
        due = self.options["clients"] * self.options["events"]
        key = f"resume.{name}"
        return {
            f"{key}.seconds": back["until_event_seconds"],
            f"{key}.missing": due - back["deliveries"] + quiet["lost"] + meanwhile["lost"],
            f"{key}.ratio": meanwhile_us / before_us,
            f"{key}.before": before_us,
            f"{key}.meanwhile": meanwhile_us,
        }

    def _compare(self) -> Figures:
        """The median over several ways to publish, of both builds."""
        times = []
        for build in self.ground.build, self.baseline:
            found = micro.run(
                self.ground.processes, build / "bench/micro", self.quick, "^publish_text/"
            )
            times.append({each.name: each.nanoseconds for each in found})
        own, other = times
        ratios = [own[name] / other[name] for name in own if other.get(name)]
        if not ratios:
            raise Failure("the baseline has none of these measurements")
        return {"baseline": median(ratios)}


def _times_of(client: socket.socket, began: float, *texts: bytes) -> list[float]:
    """When each of these texts, one after the other, had been received."""
    received = b""
    times = []
    for text in texts:
        while text not in received:
            try:
                more = client.recv(1 << 16)
            except OSError as error:
                raise Failure(f"a stream: {error}") from None
            if not more:
                raise Failure("a stream ended")
            received += more
        times.append(time.monotonic() - began)
    return times

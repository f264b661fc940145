"""Where a scenario runs: starts a server, puts load on it and keeps what was measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .processes import Failure, Processes
from .servers import Command, Options, Server, arguments, last_json

Figures = dict[str, Any]

SERVER_OPTIONS = ("port", "threads", "topics", "rate", "size", "burst", "heartbeat")
# Neither the server nor the client is told.
DRIVER_OPTIONS = ("share",)
# Opening streams and waiting for the last event take as long as they take, within reason.
LOAD_TIMEOUT = 90.0
# What may go wrong where more is asked than a server can do.
OVERLOAD = ("lost", "closed")


class LoadFailure(Failure):
    """The load was too much for a server, or for the load's own program."""


def flat(value: dict, prefix: str = "") -> Figures:
    """{"a": {"b": 1}} as {"a.b": 1}."""
    result: Figures = {}
    for key, each in value.items():
        if isinstance(each, dict):
            result |= flat(each, f"{prefix}{key}.")
        else:
            result[prefix + key] = each
    return result


@dataclass
class Rates:
    """The highest rates that were found, to begin the next search near them."""

    last: dict[tuple[str, int, float], float] = field(default_factory=dict)


@dataclass
class Stage:
    processes: Processes
    load_program: Path
    command: Command
    rates: Rates
    runs: list[dict] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def serve(self, options: Options) -> Server:
        chosen = {name: value for name, value in options.items() if name in SERVER_OPTIONS}
        return Server(self.processes, self.command, chosen)

    def load(self, server: Server, options: Options, allowed: Sequence[str] = ()) -> dict:
        """Puts load on a server. What is allowed to go wrong is no problem."""
        chosen = {
            name: value
            for name, value in options.items()
            if name not in (*SERVER_OPTIONS, *DRIVER_OPTIONS) or name == "topics"
        }
        chosen |= {"port": server.port, "pid": server.pid}
        result = self._run_load(chosen, gives_way=options.get("share", 1) < 1)
        self.runs.append(
            {"server_options": server.options, "load_options": chosen, "result": result}
        )
        self._check(result, chosen, server.options, allowed)
        return result

    def run(self, options: Options, allowed: Sequence[str] = ()) -> Figures:
        """A server of its own under load: what both have told."""
        with self.serve(options) as server, server.part_time(options.get("share", 1)):
            result = self.load(server, options, allowed)
        self.check_published(result, server)
        return flat(result) | flat(server.result)

    def idle(self, options: Options) -> Figures:
        """A server that nobody asks anything."""
        with self.serve(options) as server:
            time.sleep(options["seconds"])
        self.runs.append({"server_options": server.options, "server_result": server.result})
        if not server.result.get("published"):
            self.problems.append("nothing was published")
        return flat(server.result)

    def _run_load(self, options: Options, gives_way: bool) -> dict:
        # Where a server runs for a part of the time, that is its own: the client has all the rest.
        first = ["nice", "-n", "19"] if gives_way else []
        process = self.processes.start([*first, str(self.load_program), *arguments(options)])
        try:
            busy = options.get("seconds", 5) + options.get("warmup", 1)
            return last_json("load", process.finish(busy + LOAD_TIMEOUT))
        except Failure as failure:
            raise LoadFailure(failure) from failure
        finally:
            self.processes.close(process)

    def check_published(self, result: dict, server: Server) -> None:
        """What the server has told at its end, next to what its clients have got."""
        self.runs[-1]["server_result"] = server.result
        published = server.result.get("published", 0)
        most = published * -(-result["streams"] // result["topics"])
        if result["deliveries"] > most:
            self.problems.append(f"{result['deliveries']} delivered, {published} published")

    def _check(self, result: dict, load: Options, serving: Options, allowed: Sequence[str]) -> None:
        def expect(right: bool, what: str) -> None:
            if not right:
                self.problems.append(f"{what} ({' '.join(arguments(serving))})")

        unopened = load["streams"] - result["opened"]
        expect(not unopened or "closed" in allowed, f"{unopened} streams did not open")
        expect(
            result["expected"] == result["deliveries"] + result["lost"],
            f"{result['expected']} expected, {result['deliveries']} delivered",
        )
        for wrong in "duplicates", "reordered", "unnumbered":
            expect(not result.get(wrong), f"{result.get(wrong)} {wrong}")
        for wrong in OVERLOAD:
            expect(not result[wrong] or wrong in allowed, f"{result[wrong]} {wrong}")
        silent = not serving.get("rate") or allowed == OVERLOAD
        expect(silent or result["deliveries"] > 0, "nothing was delivered")

#!/usr/bin/env python3
"""Compares crier with other servers of event streams."""

from __future__ import annotations

import argparse
import datetime
import json
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TextIO

sys.dont_write_bytecode = True  # the sources stay as they are

from driver import journals, machine, micro, protocols, scenarios  # noqa: E402
from driver.completeness import missing  # noqa: E402
from driver.goals import Outcome  # noqa: E402
from driver.plan import Plan, those_that_run  # noqa: E402
from driver.processes import Failure, Processes  # noqa: E402
from driver.report import Results, markdown  # noqa: E402
from driver.scenario import Scenario  # noqa: E402
from driver.servers import Command, commands  # noqa: E402
from driver.versions import versions  # noqa: E402

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
LETTERS = [scenario.letter for scenario in scenarios.ALL]
ALL_LETTERS = [*LETTERS, *journals.LETTERS, *protocols.LETTERS, "M"]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Compares crier with other servers of event streams.",
        epilog="Scenarios: " + ", ".join(LETTERS)
        + ", J and K for journals, L, N and O for TLS and HTTP/2, and M for the micro-benchmarks.",
    )
    parser.add_argument("--build", type=Path, required=True, help="directory of the build")
    parser.add_argument("--quick", action="store_true", help="a test in less than a minute")
    parser.add_argument("--peers", action="store_true", help="with the other projects' servers")
    parser.add_argument("--scenario", default="", metavar="A,B,...", help="only these")
    parser.add_argument("--repeat", type=int, metavar="N", help="how often (5, in a quick run 1)")
    parser.add_argument("--output", type=Path, default=Path("bench-results"), metavar="DIR")
    parser.add_argument(
        "--server", action="append", default=[], metavar="NAME=COMMAND", help="one more server"
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="how long each step of J, K, L and N measures (5)"
    )
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="where J and K keep events (in the output's)"
    )
    parser.add_argument("--nats-servers", type=int, default=1, metavar="N", help="of K (1)")
    parser.add_argument(
        "--baseline", type=Path, metavar="DIR", help="build of another version, for J"
    )
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    if arguments.repeat is None:
        arguments.repeat = 1 if arguments.quick else 5
    chosen = [letter.strip().upper() for letter in arguments.scenario.split(",") if letter.strip()]
    arguments.letters = chosen or ALL_LETTERS
    unknown = set(arguments.letters) - set(ALL_LETTERS)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if arguments.repeat < 1:
        parser.error("--repeat must be at least 1")
    if any("=" not in server for server in arguments.server):
        parser.error("--server needs NAME=COMMAND")
    return arguments


def interrupt(number: int, _: FrameType | None) -> None:
    # Once is enough: what follows ends the programs and writes what was measured.
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)


def new_directory(output: Path) -> Path:
    name = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H-%M-%SZ")
    directory = output / name
    # It exists if the one before has failed within a second.
    directory.mkdir(parents=True, exist_ok=True)
    latest = output / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(name)
    return directory


def draw(
    directory: Path, results: Results, chosen: list[Scenario], kept: Mapping[str, Outcome]
) -> None:
    try:
        from driver import goal_plots, plots
    except ImportError as error:
        print(f"No plots: {error}")
        return
    if results.servers:
        plots.draw(directory, results, chosen)
    goal_plots.draw(directory, kept)


class Benchmark:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        most, reason = machine.most_streams()
        if most < machine.LEAST_STREAMS:
            raise Failure(f"{machine.LEAST_STREAMS} streams do not fit on this machine: {reason}")
        self.scenarios = scenarios.choose(arguments.letters, arguments.quick, most, reason)
        self.machine = machine.describe(arguments.build)
        self.directory = new_directory(arguments.output)
        self.records: list[dict] = []
        self.micro: list[micro.Measured] = []
        self.running: list[Command] = []
        self.versions: dict[str, str] = {}
        self.left_out: list[str] = []
        self.planned = 0
        self.journals = journals.Journals(arguments, self.directory)
        self.protocols = protocols.Protocols(arguments, self.directory)

    def run(self) -> None:
        for note in dict.fromkeys(scenario.note for scenario in self.scenarios if scenario.note):
            print(note, flush=True)
        with Processes() as processes, self._raw() as raw:
            self._find_servers(processes)
            begun = {"versions": self.versions, "left_out": self.left_out, **self.machine}
            raw.write(json.dumps({"begun": begun}) + "\n")
            if self.scenarios:
                self._measure(processes, raw)
            self.journals.run(processes, raw)
            self.protocols.run(processes, raw, self.running)
            if "M" in self.arguments.letters:
                print("Micro-benchmarks" + ("" if self.arguments.quick else ", some minutes"))
                program = self.arguments.build / "bench/micro"
                self.micro = micro.run(processes, program, self.arguments.quick)
                raw.writelines(json.dumps({"micro": vars(each)}) + "\n" for each in self.micro)

    def report(self, seconds: float, ended: str) -> Results:
        """Writes what there is; `ended` tells why that is not all of it, if so."""
        if ended:
            with self._raw() as raw:
                raw.write(json.dumps({"incomplete": ended}) + "\n")
        results = Results(self.records)
        about = self._about(seconds, ended)
        sections = self.journals.sections() + self.protocols.sections()
        text = markdown("Benchmark of crier", about, results, self.scenarios, self.micro, sections)
        (self.directory / "results.md").write_text(text, encoding="utf-8")
        print(f"\n{text}", flush=True)
        outcomes = self.journals.outcomes | self.protocols.outcomes
        draw(self.directory, results, self.scenarios, outcomes)
        print(f"Written to {self.directory}/", flush=True)
        return results

    def missing(self) -> list[str]:
        repeat = self.arguments.repeat
        found = missing(self.directory, self.scenarios, self.running, repeat)
        return found + self.journals.missing() + self.protocols.missing()

    def _raw(self) -> TextIO:
        return (self.directory / "raw.jsonl").open("a", encoding="utf-8")

    def _find_servers(self, processes: Processes) -> None:
        found = commands(self.arguments.build, self.arguments.peers, self.arguments.server)
        self.running, self.left_out = those_that_run(processes, found)
        self.versions = versions(self.arguments.build, self.running)
        for line in self.left_out + [f"{name}: {of}" for name, of in self.versions.items()]:
            print(line, flush=True)

    def _measure(self, processes: Processes, raw: TextIO) -> None:
        plan = Plan(
            processes,
            self.arguments.build / "bench/load",
            self.scenarios,
            self.running,
            self.arguments.repeat,
            raw,
            self.machine,
            self.records,
        )
        self.planned = plan.count()
        plan.run()

    def _about(self, seconds: float, ended: str) -> list[str]:
        lines = []
        if ended:
            done = f"{len(self.records)} of {self.planned} measurements were made"
            lines += [f"**Incomplete: {ended}; {done}.**", ""]
        lines += [
            f"{self.machine['cpu']}, {self.machine['cores']} cores, {self.machine['kernel']},"
            f" {self.machine['compiler']}."
            f" Repetitions: {self.arguments.repeat}{', quick' if self.arguments.quick else ''};"
            f" it took {seconds / 60:.1f} minutes.",
            "",
            *(f"- {name}: {of}" for name, of in self.versions.items()),
            *(f"- {line}" for line in self.left_out),
            "",
            "The floor is a bare server that sends each event to each stream with a call of its"
            " own. Ratios are",
            "medians over the repetitions, each between what ran next to each other.",
        ]
        if self.arguments.quick:
            lines += ["", "A quick run shows that all of it works; its figures say little."]
        return lines


def measure(benchmark: Benchmark) -> tuple[str, int]:
    """Why the run is not complete, if so, and the status to exit with then."""
    try:
        benchmark.run()
    except KeyboardInterrupt as interrupted:
        return f"interrupted by {interrupted}", 130
    except Failure as failure:
        return str(failure), 1
    return "", 0


def judge(benchmark: Benchmark, results: Results) -> list[str]:
    """What must not be in a complete run. How fast anything was is not judged."""
    found = []
    if results.failures():
        found.append(f"{results.failures()} measurements FAILED")
    found += benchmark.journals.problems() + benchmark.protocols.problems()
    if benchmark.arguments.quick:
        if results.problems():
            found.append(f"{results.problems()} counts are wrong")
        found += benchmark.missing()
    return found


def main() -> int:
    arguments = parse()
    machine.raise_descriptors()
    try:
        benchmark = Benchmark(arguments)
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    for number in SIGNALS:
        signal.signal(number, interrupt)
    began = time.monotonic()
    ended, status = measure(benchmark)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    results = benchmark.report(time.monotonic() - began, ended)
    wrong = [ended] if ended else judge(benchmark, results)
    for line in wrong:
        print(f"bench: {line}", file=sys.stderr)
    return status or int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

"""Runs the scenarios: every server in each of them, in a changing order, as often as asked."""

from __future__ import annotations

import datetime
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from .processes import Failure, Processes
from .report import with_unit
from .scenario import Scenario
from .servers import Command, Server
from .stage import Rates, Stage


def time_of_day() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def those_that_run(
    processes: Processes, commands: Sequence[Command]
) -> tuple[list[Command], list[str]]:
    """All servers but those that are missing and may be, and why those are."""
    found, left_out = [], []
    for command in commands:
        try:
            if command.may_be_missing:
                with Server(processes, command, {}):
                    pass
            found.append(command)
        except Failure as failure:
            processes.end_all()
            left_out.append(f"without {command.name}: {' '.join(str(failure).split())}")
    return found, left_out


@dataclass
class Plan:
    processes: Processes
    load_program: Path
    scenarios: list[Scenario]
    commands: list[Command]
    repeat: int
    raw: TextIO
    machine: dict[str, object]
    records: list[dict] = field(default_factory=list)
    rates: Rates = field(default_factory=Rates)
    # How long a scenario took with a server, last.
    took: dict[tuple[str, str], float] = field(default_factory=dict)

    def count(self) -> int:
        return len(list(self._steps()))

    def run(self) -> None:
        """Whole repetitions one after the other: what drifts, drifts for all alike."""
        steps = list(self._steps())
        for done, (number, scenario, command) in enumerate(steps):
            left = sum(self._expected(step[1], step[2]) for step in steps[done:])
            print(
                f"[{done + 1:3d}/{len(steps)}] {scenario.letter} {command.name:<8}"
                f" run {number + 1}/{self.repeat}, {span(left):>6} left: ",
                end="",
                flush=True,
            )
            record = self._measure(number, scenario, command)
            print(self._brief(scenario, record), flush=True)

    def _steps(self) -> Iterator[tuple[int, Scenario, Command]]:
        for number in range(self.repeat):
            for offset, scenario in enumerate(self.scenarios):
                first = (number + offset) % len(self.commands)
                order = self.commands[first:] + self.commands[:first]
                for command in order if number % 2 == 0 else order[::-1]:
                    if command.is_for(scenario.letter):
                        yield number, scenario, command

    def _expected(self, scenario: Scenario, command: Command) -> float:
        known = [took for (letter, _), took in self.took.items() if letter == scenario.letter]
        mean = sum(known) / len(known) if known else scenario.seconds
        return self.took.get((scenario.letter, command.name), mean)

    def _measure(self, number: int, scenario: Scenario, command: Command) -> dict:
        stage = Stage(self.processes, self.load_program, command, self.rates)
        record: dict[str, Any] = {
            "scenario": scenario.letter,
            "server": command.name,
            "run": number,
            "time": time_of_day(),
            "options": scenario.options,
            "load_average": os.getloadavg()[0],
        }
        began = time.monotonic()
        result: dict[str, Any] = {}
        try:
            result = scenario.measure(stage, scenario.options)
        except Failure as failure:
            self.processes.end_all()
            record["failure"] = str(failure)
        record["figures"] = {
            figure.key: result[figure.key]
            for figure in scenario.shown
            if result.get(figure.key) is not None
        }
        record |= {"problems": stage.problems, "measured": stage.runs, "machine": self.machine}
        self.raw.write(json.dumps(record) + "\n")
        self.raw.flush()
        self.records.append(record)
        self.took[scenario.letter, command.name] = time.monotonic() - began
        return record

    def _brief(self, scenario: Scenario, record: dict) -> str:
        if "failure" in record:
            return "FAILED: " + record["failure"]
        figures = record["figures"]
        parts = [
            f"{figure.label} {with_unit(figures[figure.key], figure.unit)}"
            for figure in scenario.shown
            if figure.main and figure.key in figures
        ]
        return "; ".join(parts + [f"PROBLEM: {each}" for each in record["problems"]]) or "done"

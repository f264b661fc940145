"""Figures that have a goal of their own, instead of another server to be compared with."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, TextIO

from .processes import Failure
from .report import header, number, row
from .stage import Figures


@dataclass(frozen=True)
class Goal:
    """One figure: under which key, as what it is shown, and what it is to reach, if anything."""

    key: str
    label: str
    unit: str = ""
    limit: float | None = None
    at_least: bool = False

    def is_met(self, value: float) -> bool | None:
        if self.limit is None:
            return None
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def words(self) -> str:
        if self.limit is None:
            return "–"
        bound = f"{number(self.limit)} {self.unit}".rstrip()
        if not self.limit:
            return "none"
        return f"at {'least' if self.at_least else 'most'} {bound}"


@dataclass
class Outcome:
    """What a scenario has measured: figures of each repetition, and what went wrong."""

    heading: str
    goals: Sequence[Goal]
    about: Sequence[str] = ()
    runs: list[Figures] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def values(self, key: str) -> list[float]:
        return [run[key] for run in self.runs if run.get(key) is not None]

    def add(self, name: str, measure: Callable[[], Figures]) -> None:
        """Adds to the newest repetition what a measurement finds."""
        try:
            self.runs[-1] |= measure()
        except Failure as failure:
            text = " ".join(str(failure).split())
            self.problems.append(f"{name}, run {len(self.runs)}: FAILED: {text}")

    def missing(self) -> list[str]:
        found = []
        for at, run in enumerate(self.runs):
            lacking = [goal.key for goal in self.goals if run.get(goal.key) is None]
            found += [f"{self.heading}, run {at + 1}: no {key}" for key in lacking]
        return found

    def losses(self) -> list[str]:
        """What there must be none of, and was some of."""
        return [
            f"{self.heading}: {goal.label}: {number(max(self.values(goal.key)))}"
            for goal in self.goals
            if goal.limit == 0 and any(self.values(goal.key))
        ]

    def section(self) -> list[str]:
        lines = ["", f"## {self.heading}", ""]
        lines += header(["", "Median", "Least … most", "Goal", ""])
        lines += [row(self._cells(goal)) for goal in self.goals]
        notes = [*self.about, *self.problems]
        return lines + (["", *(f"- {note}" for note in notes)] if notes else [])

    def _cells(self, goal: Goal) -> list[str]:
        values = self.values(goal.key)
        label = f"{goal.label} [{goal.unit}]" if goal.unit else goal.label
        if not values:
            return [label, "FAILED" if self.problems else "–", "–", goal.words, ""]
        value = median(values)
        met = {None: "", True: "met", False: "**not met**"}[goal.is_met(value)]
        spread = f"{number(min(values))} … {number(max(values))}"
        return [label, number(value), spread, goal.words, met]


@dataclass
class Outcomes:
    """Those of several scenarios, and which of these were left out."""

    arguments: argparse.Namespace
    directory: Path
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def measure(self, letter: str, scenario: Any, raw: TextIO) -> None:
        outcome = self.outcomes[letter] = scenario.outcome
        ground = scenario.ground
        try:
            scenario.run(self.arguments.repeat)
        except Failure as failure:
            ground.processes.end_all()
            outcome.problems.append(f"FAILED: {' '.join(str(failure).split())}")
        finally:
            record = {"scenario": letter, "options": scenario.options, "runs": outcome.runs}
            told = {"problems": outcome.problems, "told": ground.told}
            raw.write(json.dumps({"goals": record | told}, default=str) + "\n")
            ground.told.clear()

    def options(self, full: dict[str, Any], quick: dict[str, Any]) -> dict[str, Any]:
        options = full | (quick if self.arguments.quick else {})
        if self.arguments.seconds:
            options["seconds"] = self.arguments.seconds
        return options

    @contextmanager
    def store(self) -> Iterator[Path]:
        """A folder that is removed afterwards, on the disk of the results unless told."""
        beside = (self.arguments.store or self.directory).resolve()
        store = Path(tempfile.mkdtemp(prefix="store-", dir=beside))
        try:
            yield store
        finally:
            shutil.rmtree(store, ignore_errors=True)

    def leave_out(self, why: str) -> None:
        print(why, flush=True)
        self.left_out.append(why)

    def sections(self) -> list[str]:
        lines = [line for outcome in self.outcomes.values() for line in outcome.section()]
        return lines + (["", *(f"- {why}" for why in self.left_out)] if self.left_out else [])

    def problems(self) -> list[str]:
        return [
            f"{letter}: {problem}"
            for letter, outcome in self.outcomes.items()
            for problem in outcome.problems
        ]

    def missing(self) -> list[str]:
        """What a complete run must have, or must not have, however fast anything was."""
        return [
            line
            for outcome in self.outcomes.values()
            for line in (*outcome.missing(), *outcome.losses())
        ]

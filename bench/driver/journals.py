"""Runs the scenarios of journals, J and K, as far as this machine has what they need."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from . import nats, one_node, redis, three_nodes
from .goals import Outcome
from .ground import Ground, has_nats
from .processes import Failure, Processes
from .servers import Command, commands

LETTERS = ["J", "K"]


@dataclass
class Journals:
    arguments: argparse.Namespace
    directory: Path
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def run(self, processes: Processes, raw: TextIO) -> None:
        wanted = [letter for letter in LETTERS if letter in self.arguments.letters]
        if not wanted:
            return
        program = self.arguments.build / "bench/journal"
        if not program.exists():
            self._leave_out(f"without {' and '.join(wanted)}: the build has no journal")
            return
        with self._store() as store:
            ground = Ground(processes, self.arguments.build, store)
            for letter in wanted:
                self._measure(letter, ground, raw)

    def _measure(self, letter: str, ground: Ground, raw: TextIO) -> None:
        scenario = self._one_node(ground) if letter == "J" else self._three_nodes(ground)
        if scenario is None:
            return
        outcome = self.outcomes[letter] = scenario.outcome
        try:
            scenario.run(self.arguments.repeat)
        except Failure as failure:
            ground.processes.end_all()
            outcome.problems.append(f"FAILED: {' '.join(str(failure).split())}")
        finally:
            record = {"scenario": letter, "options": scenario.options, "runs": outcome.runs}
            told = {"problems": outcome.problems, "told": ground.told}
            raw.write(json.dumps({"journals": record | told}) + "\n")
            ground.told.clear()

    def _one_node(self, ground: Ground) -> one_node.OneNode:
        options = self._options(one_node.OPTIONS, one_node.QUICK)
        baseline = self.arguments.baseline
        return one_node.OneNode(ground, options, baseline, self.arguments.quick)

    def _three_nodes(self, ground: Ground) -> three_nodes.ThreeNodes | None:
        if not nats.program():
            self._leave_out("without K: there is no nats-server")
            return None
        if not has_nats(ground):
            self._leave_out("without K: the build has no journal on NATS")
            return None
        options = self._options(three_nodes.OPTIONS, three_nodes.QUICK)
        options["servers"] = self.arguments.nats_servers
        return three_nodes.ThreeNodes(ground, options, self._nchan(ground))

    def _nchan(self, ground: Ground) -> Command | None:
        if not self.arguments.peers:
            return None
        if not redis.program(ground.build).exists():
            self._leave_out("K without nchan: there is no Redis for it")
            return None
        found = commands(ground.build, peers=True, others=[])
        return next(each for each in found if each.name == "nchan")

    def _options(self, full: dict[str, Any], quick: dict[str, Any]) -> dict[str, Any]:
        options = full | (quick if self.arguments.quick else {})
        if self.arguments.seconds:
            options["seconds"] = self.arguments.seconds
        return options

    @contextmanager
    def _store(self) -> Iterator[Path]:
        """A folder that is removed afterwards, on the disk of the results unless told."""
        beside = (self.arguments.store or self.directory).resolve()
        store = Path(tempfile.mkdtemp(prefix="store-", dir=beside))
        try:
            yield store
        finally:
            shutil.rmtree(store, ignore_errors=True)

    def _leave_out(self, why: str) -> None:
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

"""Runs the scenarios of journals, J and K, as far as this machine has what they need."""

from __future__ import annotations

from typing import TextIO

from . import nats, one_node, redis, three_nodes
from .goals import Outcomes
from .ground import Ground, has_nats
from .processes import Processes
from .servers import Command, commands

LETTERS = ["J", "K"]


class Journals(Outcomes):
    def run(self, processes: Processes, raw: TextIO) -> None:
        wanted = [letter for letter in LETTERS if letter in self.arguments.letters]
        if not wanted:
            return
        program = self.arguments.build / "bench/journal"
        if not program.exists():
            self.leave_out(f"without {' and '.join(wanted)}: the build has no journal")
            return
        with self.store() as store:
            ground = Ground(processes, self.arguments.build, store)
            for letter in wanted:
                scenario = self._one_node(ground) if letter == "J" else self._three_nodes(ground)
                if scenario is not None:
                    self.measure(letter, scenario, raw)

    def _one_node(self, ground: Ground) -> one_node.OneNode:
        options = self.options(one_node.OPTIONS, one_node.QUICK)
        baseline = self.arguments.baseline
        return one_node.OneNode(ground, options, baseline, self.arguments.quick)

    def _three_nodes(self, ground: Ground) -> three_nodes.ThreeNodes | None:
        if not nats.program():
            self.leave_out("without K: there is no nats-server")
            return None
        if not has_nats(ground):
            self.leave_out("without K: the build has no journal on NATS")
            return None
        options = self.options(three_nodes.OPTIONS, three_nodes.QUICK)
        options["servers"] = self.arguments.nats_servers
        return three_nodes.ThreeNodes(ground, options, self._nchan(ground))

    def _nchan(self, ground: Ground) -> Command | None:
        if not self.arguments.peers:
            return None
        if not redis.program(ground.build).exists():
            self.leave_out("K without nchan: there is no Redis for it")
            return None
        found = commands(ground.build, peers=True, others=[])
        return next(each for each in found if each.name == "nchan")

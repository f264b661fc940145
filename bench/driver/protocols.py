"""Runs the scenarios of TLS and HTTP/2: L, N and O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from . import encrypted, machine, million, multiplexed
from .certificate import Certificate, make_certificate
from .contest import FLOOR, OWN
from .goals import Outcomes
from .ground import Ground
from .processes import Failure, Processes
from .servers import Command

LETTERS = ["L", "N", "O"]
Scenario = encrypted.Encrypted | multiplexed.Multiplexed | million.Million


class Protocols(Outcomes):
    def run(self, processes: Processes, raw: TextIO, servers: Sequence[Command]) -> None:
        wanted = [letter for letter in LETTERS if letter in self.arguments.letters]
        if not wanted:
            return
        # crier's publishing in its own loop is no other server.
        compared = [each for each in servers if not each.only]
        if not {OWN, FLOOR} <= {each.name for each in compared}:
            self.leave_out(f"without {' and '.join(wanted)}: crier or the floor is not there")
            return
        with self.store() as store:
            ground = Ground(processes, self.arguments.build, store)
            try:
                certificate = make_certificate(store)
            except Failure as failure:
                self.leave_out(f"without {' and '.join(wanted)}: {failure}")
                return
            for letter in wanted:
                self.measure(letter, self._scenario(letter, ground, compared, certificate), raw)

    def _scenario(
        self, letter: str, ground: Ground, servers: Sequence[Command], certificate: Certificate
    ) -> Scenario:
        most, _ = machine.most_streams()
        if letter == "L":
            options = self.options(encrypted.OPTIONS, encrypted.QUICK)
            options["many"] = min(options["many"], most - options["live_streams"])
            return encrypted.Encrypted(ground, servers, options, certificate)
        if letter == "N":
            options = self.options(multiplexed.OPTIONS, multiplexed.QUICK)
            return multiplexed.Multiplexed(ground, servers, options, certificate)
        options = self.options(million.OPTIONS, million.QUICK)
        options["connections"] = min(options["connections"], most)
        # What peers take for so many would not fit.
        few = [each for each in servers if each.name in (OWN, FLOOR)]
        return million.Million(ground, few, options)

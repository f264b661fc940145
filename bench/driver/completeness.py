"""Whether a run has written all that it was to measure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from .scenario import Scenario
from .servers import BUILT, Command


def missing(
    directory: Path, scenarios: Sequence[Scenario], servers: Sequence[Command], repeat: int
) -> list[str]:
    lines = (directory / "raw.jsonl").read_text(encoding="utf-8").splitlines()
    measured = {
        (record["scenario"], record["server"], record["run"]): record["figures"]
        for record in map(json.loads, lines)
        if "server" in record
    }
    sections = (directory / "results.md").read_text(encoding="utf-8").split("\n## ")
    found = []
    for scenario in scenarios:
        section = next((each for each in sections if each.startswith(scenario.heading)), "")
        for server in (each.name for each in servers if each.is_for(scenario.letter)):
            if f" | {server} | " not in section:
                found.append(f"{scenario.letter}, {server}: not in the table")
            for run in range(repeat):
                figures = measured.get((scenario.letter, server, run))
                for key in _lacking(scenario, server, figures):
                    found.append(f"{scenario.letter}, {server}, run {run + 1}: no {key}")
    return found


def _lacking(scenario: Scenario, server: str, figures: dict | None) -> list[str]:
    if figures is None:
        return ["record"]
    # Other servers need not tell all that these do.
    wanted = [figure.key for figure in scenario.shown if figure.main and server in BUILT]
    return [key for key in wanted if key not in figures]

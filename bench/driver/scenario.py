"""What a scenario is, and how it is fitted to a machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .servers import Options
from .stage import Figures, Stage


@dataclass(frozen=True)
class Figure:
    """One of the numbers that a scenario measures: under which key, and as what it is shown."""

    key: str
    label: str
    unit: str = ""
    # Shown in the overview too.
    main: bool = False
    # Whether its ratio to another server's says anything.
    compared: bool = True
    more_is_better: bool = False


@dataclass(frozen=True)
class Scenario:
    letter: str
    title: str
    figures: Callable[[Options], tuple[Figure, ...]]
    measure: Callable[[Stage, Options], Figures]
    options: dict[str, Any]
    # The options that differ in a quick run.
    quick: dict[str, Any]
    # How long one measurement takes, roughly, until that is known better.
    seconds: float
    note: str = ""

    @property
    def heading(self) -> str:
        return f"{self.letter}: " + self.title.format(**self.options)

    @property
    def shown(self) -> tuple[Figure, ...]:
        return self.figures(self.options)

    def in_quick(self) -> Scenario:
        options = self.options | self.quick
        return replace(self, options=options, seconds=min(self.seconds, 3))

    def fitted(self, most: int, reason: str) -> Scenario:
        """With no more streams than fit; the topics and the points of measurement go along."""
        streams = self.options["streams"]
        wanted = max(streams) if isinstance(streams, list) else streams
        if wanted <= most:
            return self
        fewer: dict[str, Any] = {}
        if isinstance(streams, list):
            fewer["streams"] = sorted({min(count, most) for count in streams})
        else:
            fewer["streams"] = most
            fewer["topics"] = max(1, self.options.get("topics", 1) * most // wanted)
            if "memory_at" in self.options:
                fewer["memory_at"] = [n * most // wanted for n in self.options["memory_at"]]
        note = f"{wanted:,} streams do not fit on this machine: {reason}."
        return replace(self, options=self.options | fewer, note=note)

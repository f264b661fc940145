"""What a plot of figures with goals consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .plots import COLOURS


@dataclass(frozen=True)
class Bar:
    label: str
    key: str
    colour: str = COLOURS["crier"]


@dataclass(frozen=True)
class Plot:
    """Bars of one unit, and the line that they are to stay below, or to come up to."""

    name: str
    title: str
    unit: str
    bars: Sequence[Bar]
    goal: float | None = None
    is_logarithmic: bool = False

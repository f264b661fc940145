"""The results as SVG files; needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

from .report import Results, Summary, number  # noqa: E402
from .scenario import Scenario  # noqa: E402

FLOOR = "floor"
# Seen well on white and on black, as the background is left to the page.
INK = "#7a828c"
COLOURS = {
    FLOOR: INK,
    "crier": "#2f81f7",
    "go": "#1a9e96",
    "node": "#d1862b",
    "nchan": "#c65ba7",
}
MORE_COLOURS = ["#8f6fe8", "#c94f4f", "#5c9a3a"]
PERCENTILES = {"p50": "50 %", "p99": "99 %", "p999": "99.9 %", "max": "max."}
STEADY = "ABEF"

STYLE = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.axisbelow": True,
    "grid.alpha": 0.25,
    "grid.color": INK,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "savefig.transparent": True,
    "svg.hashsalt": "crier",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


@dataclass(frozen=True)
class Group:
    """Bars that stand together: one figure of one scenario."""

    label: str
    scenario: str
    key: str


def _colours(servers: Sequence[str]) -> dict[str, str]:
    others = [server for server in servers if server not in COLOURS]
    more = {name: MORE_COLOURS[i % len(MORE_COLOURS)] for i, name in enumerate(others)}
    return COLOURS | more


def save(path: Path) -> None:
    pyplot.savefig(path.with_suffix(".svg"), bbox_inches="tight", metadata={"Date": None})
    pyplot.close()


def bar(axes: Axes, x: float, width: float, found: Summary, colour: str) -> None:
    error = [[found.median - found.least], [found.most - found.median]]
    axes.bar(
        x,
        found.median,
        0.85 * width,
        color=colour,
        yerr=error,
        capsize=3,
        error_kw={"ecolor": INK, "elinewidth": 1.2},
    )
    axes.annotate(
        number(found.median),
        (x, found.most),
        textcoords="offset points",
        xytext=(0, 4),
        ha="center",
        fontsize=8,
    )


def _bars(path: Path, results: Results, groups: Sequence[Group], title: str, unit: str) -> None:
    """Groups of bars with their spread; the floor is the line that they stand above or below."""
    colours = _colours(results.servers)
    names = [server for server in results.servers if server != FLOOR]
    width = min(0.8 / max(1, len(names)), 0.3)
    _, axes = pyplot.subplots(figsize=(max(4.5, 1.6 + 0.55 * len(groups) * (len(names) + 1)), 3.6))
    labelled: set[str] = set()

    def label(name: str) -> str | None:
        return None if name in labelled else labelled.add(name) or name

    for at, group in enumerate(groups):
        for place, name in enumerate(names):
            found = results.summary(group.scenario, name, group.key)
            if found:
                x = at + (place - (len(names) - 1) / 2) * width
                bar(axes, x, width, found, colours[name])
                axes.bar(x, 0, color=colours[name], label=label(name))
        floor = results.summary(group.scenario, FLOOR, group.key)
        if floor:
            axes.hlines(
                floor.median,
                at - 0.42,
                at + 0.42,
                colors=INK,
                linestyles=(0, (4, 2)),
                linewidth=1.6,
                label=label(FLOOR),
                zorder=3,
            )
    axes.set_xticks(range(len(groups)), [group.label for group in groups])
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter("{x:,.10g}")
    axes.set_ylabel(unit)
    axes.set_title(title, loc="left", pad=14)
    axes.grid(axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    save(path)


def _latency(path: Path, results: Results, scenarios: Sequence[Scenario]) -> None:
    colours = _colours(results.servers)
    figure, all_axes = pyplot.subplots(
        1, len(scenarios), figsize=(1.5 + 2.6 * len(scenarios), 3.6), sharey=True, squeeze=False
    )
    for axes, scenario in zip(all_axes[0], scenarios, strict=True):
        for name in results.servers:
            found = {
                text: results.summary(scenario.letter, name, f"latency_us.{part}")
                for part, text in PERCENTILES.items()
            }
            known = {text: each for text, each in found.items() if each}
            if not known:
                continue
            style = (0, (4, 2)) if name == FLOOR else "-"
            medians = [each.median for each in known.values()]
            axes.plot(
                list(known), medians, marker="o", ms=4, ls=style, color=colours[name], label=name
            )
            least = [each.least for each in known.values()]
            most = [each.most for each in known.values()]
            axes.fill_between(list(known), least, most, color=colours[name], alpha=0.15, lw=0)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:,.10g}")
        axes.set_title(_short(scenario), loc="left", fontsize=9)
        axes.grid(axis="y")
    all_axes[0][0].set_ylabel("from publish to client [µs]")
    figure.supxlabel("percentile of deliveries", fontsize=10, y=-0.06)
    all_axes[0][-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    save(path)


def _short(scenario: Scenario) -> str:
    options = scenario.options
    rate = f"{options['rate']:,}/s"
    if options["burst"] > 1:
        rate += f" in bursts of {options['burst']}"
    topics = f"\n{options['topics']:,} topics" if options["topics"] > 1 else ""
    return f"{scenario.letter}: {options['streams']:,} streams{topics}\n{rate}"


def draw(directory: Path, results: Results, scenarios: Sequence[Scenario]) -> list[Path]:
    """One file for each kind of figure that was measured."""
    by_letter = {scenario.letter: scenario for scenario in scenarios}
    steady = [by_letter[letter] for letter in STEADY if letter in by_letter]
    pyplot.rcParams.update(STYLE)
    groups = [Group(_short(each), each.letter, "cpu_us_per_delivery") for each in steady]
    if groups:
        _bars(directory / "cpu", results, groups, "CPU time of the server per delivery", "µs")
        _latency(directory / "latency", results, steady)
    if "D" in by_letter:
        count = f"{by_letter['D'].options['streams']:,} idle streams"
        memory = [Group(count, "D", "at_all")]
        _bars(directory / "memory", results, memory, "Memory of the server per stream", "bytes")
    rates = [
        Group(text, letter, key)
        for text, letter, key in (("1 thread", "C", "rate"), ("2 threads", "I", "rate.2"))
        if letter in by_letter
    ]
    if rates:
        streams = by_letter[rates[0].scenario].options["streams"]
        title = f"Highest rate without loss, {streams:,} streams"
        _bars(directory / "rate", results, rates, title, "events per second")
    return sorted(directory.glob("*.svg"))

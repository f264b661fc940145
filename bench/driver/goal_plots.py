"""Plots of the scenarios that have goals; needs matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from matplotlib import pyplot

from . import protocol_plots
from .goal_bars import Bar, Plot
from .goals import Outcome
from .plots import COLOURS, INK, MORE_COLOURS, STYLE, bar, save
from .report import Summary

OTHER = MORE_COLOURS[0]

JOURNAL_PLOTS: Mapping[str, Sequence[Plot]] = {
    "J": [
        Plot(
            "journal-publish",
            "A call of publish, p50",
            "ns",
            [
                Bar("one by one", "publish.single.without", INK),
                Bar("one by one,\nwith SQLite", "publish.single.with"),
                Bar("in bursts", "publish.bursts.without", INK),
                Bar("in bursts,\nwith SQLite", "publish.bursts.with"),
            ],
        ),
        Plot(
            "journal-acknowledged",
            "Acknowledged by SQLite, 64 publishers",
            "events per second",
            [
                Bar("1 event each\nunder way", "acknowledge.1.rate"),
                Bar("16 events each\nunder way", "acknowledge.16.rate"),
            ],
            50_000,
        ),
        Plot(
            "journal-acknowledgement",
            "Until SQLite's acknowledgement, 64 publishers",
            "µs",
            [
                Bar("fsync,\np50", "sync.p50", INK),
                Bar("1 each,\np50", "acknowledge.1.p50"),
                Bar("1 each,\np99", "acknowledge.1.p99"),
                Bar("16 each,\np50", "acknowledge.16.p50"),
                Bar("16 each,\np99", "acknowledge.16.p99"),
            ],
            is_logarithmic=True,
        ),
        Plot(
            "journal-start",
            "Start with a full file, and all clients caught up",
            "s",
            [
                Bar("first head", "start.head"),
                Bar("first event", "start.event"),
                Bar("caught up,\na topic each", "resume.own.seconds"),
                Bar("caught up,\nshared topics", "resume.shared.seconds"),
            ],
        ),
        Plot(
            "journal-meanwhile",
            "Other streams' p99 while clients catch up",
            "µs",
            [
                Bar("before", "resume.own.before", INK),
                Bar("meanwhile,\na topic each", "resume.own.meanwhile"),
                Bar("before", "resume.shared.before", INK),
                Bar("meanwhile,\nshared topics", "resume.shared.meanwhile"),
                Bar("while others\nonly connect", "connect.meanwhile", OTHER),
            ],
        ),
    ],
    "K": [
        Plot(
            "nodes-latency",
            "From publish to client",
            "µs",
            [
                Bar("one node,\np50", "one.p50", INK),
                Bar("three on NATS,\np50", "three.p50"),
                Bar("nchan on Redis,\np50", "nchan.p50", COLOURS["nchan"]),
                Bar("one node,\np99", "one.p99", INK),
                Bar("three on NATS,\np99", "three.p99"),
                Bar("nchan on Redis,\np99", "nchan.p99", COLOURS["nchan"]),
            ],
            is_logarithmic=True,
        ),
        Plot(
            "nodes-acknowledged",
            "Acknowledged by NATS, 64 publishers",
            "events per second",
            [
                Bar(f"{who},\n{count} under way", f"acknowledge.{pending}.{key}", colour)
                for pending, count in ((1, 64), (16, 1024))
                for who, key, colour in (
                    ("crier", "crier", COLOURS["crier"]),
                    ("libnats", "libnats", INK),
                    ("libnats, plain", "libnats_plain", OTHER),
                )
            ],
        ),
    ],
}


PLOTS = {**JOURNAL_PLOTS, **protocol_plots.PLOTS}


def _draw(directory: Path, plot: Plot, outcome: Outcome) -> None:
    known = [each for each in plot.bars if outcome.values(each.key)]
    if not known:
        return
    _, axes = pyplot.subplots(figsize=(max(4.5, 1.0 + 1.15 * len(known)), 3.6))
    for at, each in enumerate(known):
        values = outcome.values(each.key)
        bar(axes, at, 0.7, Summary(median(values), min(values), max(values), {}), each.colour)
    if plot.goal is not None:
        axes.axhline(plot.goal, color=INK, ls=(0, (4, 2)), lw=1.6, label="goal")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set_xticks(range(len(known)), [each.label for each in known], fontsize=8)
    if plot.is_logarithmic:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter("{x:,.10g}")
    axes.set_ylabel(plot.unit)
    axes.set_title(plot.title, loc="left", pad=14)
    axes.grid(axis="y")
    save(directory / plot.name)


def draw(directory: Path, outcomes: Mapping[str, Outcome]) -> None:
    pyplot.rcParams.update(STYLE)
    for letter, outcome in outcomes.items():
        for plot in PLOTS[letter]:
            _draw(directory, plot, outcome)

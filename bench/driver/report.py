"""Medians, spread and ratios of what was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from .micro import Measured, memchr_line
from .scenario import Figure, Scenario
from .servers import BUILT

REFERENCES = ("floor", "crier")
# Of a core, from which on the client may be what limits the figures.
BUSY_CLIENT = 0.9


def number(value: float) -> str:
    """Three digits that count."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def factor(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def with_unit(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".rstrip()


@dataclass(frozen=True)
class Summary:
    """One figure of one server over all repetitions."""

    median: float
    least: float
    most: float
    # To the reference servers: medians of what the repetitions gave, each by itself.
    ratios: dict[str, float]

    @property
    def spread(self) -> str:
        return f"{number(self.least)} … {number(self.most)}"


class Results:
    def __init__(self, records: Sequence[dict]) -> None:
        self._records = records
        self.servers = list(dict.fromkeys(record["server"] for record in records))
        self.servers.sort(key=lambda name: (*REFERENCES, name).index(name))

    def has(self, scenario: str) -> bool:
        return any(record["scenario"] == scenario for record in self._records)

    def servers_of(self, scenario: str) -> list[str]:
        found = {record["server"] for record in self._of(scenario)}
        return [server for server in self.servers if server in found]

    def values(self, scenario: str, server: str, key: str) -> dict[int, float]:
        return {
            record["run"]: record["figures"][key]
            for record in self._records
            if record["scenario"] == scenario
            and record["server"] == server
            and key in record["figures"]
        }

    def summary(self, scenario: str, server: str, key: str) -> Summary | None:
        values = self.values(scenario, server, key)
        if not values:
            return None
        ratios = {}
        for reference in REFERENCES:
            others = self.values(scenario, reference, key)
            found = [value / others[run] for run, value in values.items() if others.get(run)]
            if found:
                ratios[reference] = median(found)
        of = list(values.values())
        return Summary(median(of), min(of), max(of), ratios)

    def lead(self, scenario: str, server: str, figure: Figure) -> float | None:
        """By what factor crier is better than a server: the median of the repetitions."""
        own = self.values(scenario, "crier", figure.key)
        others = self.values(scenario, server, figure.key)
        pairs = [(own[run], value) for run, value in others.items() if value and own.get(run)]
        if not pairs:
            return None
        more = figure.more_is_better
        return median(mine / other if more else other / mine for mine, other in pairs)

    def cell(self, scenario: str, server: str, figure: Figure) -> str:
        """The median, and how many measurements there are without it."""
        found = self.summary(scenario, server, figure.key)
        runs = [each for each in self._of(scenario) if each["server"] == server]
        lacking = [each for each in runs if figure.key not in each["figures"]]
        failed = sum("failure" in each or bool(each["problems"]) for each in lacking)
        if found is None:
            return "FAILED" if failed else "–"
        return number(found.median) + (f" ({failed} of {len(runs)} FAILED)" if failed else "")

    def told(self, scenario: str) -> list[str]:
        """What went wrong in a scenario."""
        lines = []
        for record in self._of(scenario):
            what = [f"FAILED: {record['failure']}"] if "failure" in record else []
            for each in what + record["problems"] + _busy(record["figures"]):
                text = " ".join(each.split())
                lines.append(f"{record['server']}, run {record['run'] + 1}: {text}")
        return lines

    def _of(self, scenario: str) -> list[dict]:
        return [record for record in self._records if record["scenario"] == scenario]

    def failures(self) -> int:
        return sum("failure" in record for record in self._records)

    def problems(self) -> int:
        return sum(len(record["problems"]) for record in self._records)


def _busy(figures: dict[str, float]) -> list[str]:
    shares = [value for key, value in figures.items() if key.startswith("client_cpu_share")]
    if not shares or max(shares) < BUSY_CLIENT:
        return []
    return [f"the client used {max(shares):.0%} of a core and may be what limits the figures"]


def row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def header(cells: Sequence[str], left: int = 1) -> list[str]:
    return [row(cells), row(["---"] * left + ["---:"] * (len(cells) - left))]


def _label(figure: Figure) -> str:
    return f"{figure.label} [{figure.unit}]" if figure.unit else figure.label


def overview(results: Results, scenarios: Sequence[Scenario]) -> list[str]:
    lines = header(["Median, and its ratio to the floor", *results.servers])
    for scenario in scenarios:
        for figure in scenario.shown:
            if figure.main:
                cells = [
                    _short_cell(results, scenario, server, figure) for server in results.servers
                ]
                lines.append(row([f"{scenario.letter}: {_label(figure)}", *cells]))
    return lines


def _short_cell(results: Results, scenario: Scenario, server: str, figure: Figure) -> str:
    text = results.cell(scenario.letter, server, figure)
    found = results.summary(scenario.letter, server, figure.key)
    ratio = found.ratios.get("floor") if found and figure.compared else None
    return text if ratio is None or server == "floor" else f"{text} (× {factor(ratio)})"


def _details(results: Results, scenario: Scenario) -> list[str]:
    columns = ["", "Server", "Median", "Least … most", *(f"× {name}" for name in REFERENCES)]
    lines = header(columns, left=2)
    for figure in scenario.shown:
        label = _label(figure)
        for server in results.servers_of(scenario.letter):
            found = results.summary(scenario.letter, server, figure.key)
            told = found.ratios if found and figure.compared else {}
            ratios = [factor(told[name]) if name in told else "–" for name in REFERENCES]
            spread = found.spread if found else "–"
            cell = results.cell(scenario.letter, server, figure)
            lines.append(row([label, server, cell, spread, *ratios]))
            label = ""
    return lines


def _losses(results: Results, scenario: Scenario) -> list[str]:
    """What is lost costs no time, so whoever loses must not look good for that."""
    found = {
        server: results.summary(scenario.letter, server, "lost_percent")
        for server in results.servers
    }
    lost = [f"{name} {number(each.median)} %" for name, each in found.items() if each]
    if not any(each and each.most for each in found.values()):
        return []
    return [f"all figures are of the events that came; lost were, of {', of '.join(lost)}"]


def _leads(results: Results, scenario: Scenario) -> list[str]:
    """In words, how crier compares with each of the other projects' servers."""
    lines = []
    for figure in scenario.shown:
        for server in results.servers:
            if figure.main and figure.compared and server not in BUILT:
                lead = results.lead(scenario.letter, server, figure)
                if lead is not None:
                    words = "ahead of" if lead >= 1 else "behind"
                    by = factor(max(lead, 1 / lead))
                    lines.append(f"{figure.label}: crier is {words} {server} by a factor of {by}")
    return lines


def _micro_table(measured: Sequence[Measured]) -> list[str]:
    lines = ["", "## Micro-benchmarks", "", *header(["", "ns", "Allocations", "GB/s"])]
    for each in measured:
        allocs = "" if each.allocs is None else number(each.allocs)
        rate = f"{each.bytes_per_second / 1e9:.2f}" if each.bytes_per_second else ""
        lines.append(row([f"`{each.name}`", number(each.nanoseconds), allocs, rate]))
    ratio = memchr_line(list(measured))
    return lines + (["", ratio] if ratio else [])


def markdown(
    title: str,
    about: Sequence[str],
    results: Results,
    scenarios: Sequence[Scenario],
    measured: Sequence[Measured],
    sections: Sequence[str] = (),
) -> str:
    lines = [f"# {title}", "", *about]
    scenarios = [scenario for scenario in scenarios if results.has(scenario.letter)]
    if scenarios:
        lines += ["", *overview(results, scenarios)]
    for scenario in scenarios:
        lines += ["", f"## {scenario.heading}", ""]
        if scenario.note:
            lines += [scenario.note, ""]
        lines += _details(results, scenario)
        for told in (
            _losses(results, scenario),
            _leads(results, scenario),
            results.told(scenario.letter),
        ):
            if told:
                lines += ["", *(f"- {line}" for line in told)]
    lines += sections
    if measured:
        lines += _micro_table(measured)
    return "\n".join(lines) + "\n"

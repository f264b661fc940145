"""The micro-benchmarks of the library's parts, which Google Benchmark runs."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .processes import Failure, Processes

TIMEOUT = 1800.0
FULL = ["--benchmark_repetitions=9", "--benchmark_min_time=0.1"]
QUICK = ["--benchmark_repetitions=1", "--benchmark_min_time=0.001"]
UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclass(frozen=True)
class Measured:
    name: str
    nanoseconds: float
    allocs: float | None
    bytes_per_second: float | None


def run(processes: Processes, program: Path, quick: bool, only: str = ".") -> list[Measured]:
    with tempfile.NamedTemporaryFile(suffix=".json") as output:
        process = processes.start(
            [
                str(program),
                *(QUICK if quick else FULL),
                "--benchmark_enable_random_interleaving=true",
                f"--benchmark_filter={only}",
                f"--benchmark_out={output.name}",
                "--benchmark_out_format=json",
            ]
        )
        process.finish(TIMEOUT)
        processes.close(process)
        try:
            return read(json.load(output)["benchmarks"])
        except (ValueError, KeyError) as error:
            raise Failure(f"{program.name}: no results: {error!r}") from None


def read(lines: list[dict]) -> list[Measured]:
    """The medians; of a single repetition there is none but itself."""
    found = {}
    for line in lines:
        name = line["run_name"]
        if line.get("error_occurred"):
            raise Failure(f"{name}: {line.get('error_message')}")
        if line["run_type"] == "iteration" or line["aggregate_name"] == "median":
            found[name] = Measured(
                name,
                line["cpu_time"] * UNITS[line["time_unit"]],
                line.get("allocs"),
                line.get("bytes_per_second"),
            )
    return sorted(found.values(), key=_natural)


def _natural(measured: Measured) -> list[tuple[int, str]]:
    """publish/10 after publish/2."""
    return [
        (int(part or 0), "") if part.isdigit() else (0, part)
        for part in re.split(r"(\d+)", measured.name)
    ]


def memchr_line(measured: list[Measured]) -> str:
    """How close the parser comes to merely looking for the line ends."""
    rates = {each.name: each.bytes_per_second for each in measured}
    parse = rates.get("parse_100_byte_events")
    memchr = rates.get("memchr_100_byte_events")
    if not parse or not memchr:
        return ""
    return (
        f"parse: {parse / 1e9:.2f} GB/s, memchr: {memchr / 1e9:.2f} GB/s,"
        f" ratio {memchr / parse:.1f}"
    )

"""How each scenario measures: what it is told, and the figures that come of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .machine import free_port
from .processes import Failure
from .servers import Options
from .stage import OVERLOAD, Figures, LoadFailure, Stage

PRECISION = 1.03
MOST_LATENCY_US = 1e6
LEAST_SHARE_OF_RATE = 0.99
RECONNECT_SECONDS = 60


def chosen(options: Options, *left_out: str, **others: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in left_out} | others


def steady(stage: Stage, options: Options) -> Figures:
    allowed = ("lost",) if options["may_lose"] else ()
    figures = stage.run(chosen(options, "may_lose"), allowed)
    if figures["expected"]:
        figures["lost_percent"] = 100 * figures["lost"] / figures["expected"]
    return figures


def search(holds: Callable[[float], bool], start: float, growth: float, most_steps: int) -> float:
    """The highest rate that holds: by steps of a factor, then between the last two; 0 if none."""
    low, high, rate = 0.0, math.inf, start
    for _ in range(most_steps):
        if holds(rate):
            low = rate
        else:
            high = rate
        if high <= low * PRECISION or high < 1:
            break
        if math.isinf(high):
            rate = low * growth
        else:
            rate = math.sqrt(low * high) if low else high / growth
    return low


def held(result: Figures, rate: float, sweep_ms: float) -> bool:
    latency = result["latency_us.p99"] if result["deliveries"] else math.inf
    # What came after the last sweep is not seen, and neither is the last one that was due.
    seconds = result["seconds"]
    least = LEAST_SHARE_OF_RATE * rate * (seconds - sweep_ms / 1e3) - 1
    return (
        not result["lost"]
        and not result["closed"]
        and result["events_per_second"] * seconds >= least
        and latency < MOST_LATENCY_US
    )


def highest_rate(stage: Stage, options: Options) -> Figures:
    """Begins near what was found before, and can leave that in both directions."""
    key = stage.command.name, options.get("threads", 1), options.get("share", 1)
    before = stage.rates.last.get(key)
    at: dict[float, Figures] = {}

    def holds(rate: float) -> bool:
        asked = chosen(options, "start", "most_steps", rate=rate)
        try:
            at[rate] = stage.run(asked, OVERLOAD)
        except LoadFailure:
            return False
        return held(at[rate], rate, options["sweep"])

    start = before / 1.1 if before else options["start"]
    rate = search(holds, start, 1.2 if before else 2.0, options["most_steps"])
    if not at:
        raise Failure(f"{stage.command.name} holds no rate at all")
    figures: Figures = {"rate": rate, "steps": len(at)}
    if rate:
        stage.rates.last[key] = rate
        for name in "client_cpu_share", "cpu_us_per_delivery", "deliveries_per_second":
            figures[name] = at[rate][name]
        seconds = at[rate]["seconds"]
        figures["server_cpu_share"] = at[rate]["server_cpu_seconds"] / seconds
    return figures


def scaling(stage: Stage, options: Options) -> Figures:
    figures: Figures = {}
    for threads in 1, 2:
        found = highest_rate(stage, chosen(options, threads=threads))
        figures |= {f"{name}.{threads}": value for name, value in found.items()}
    if figures["rate.1"] and figures["rate.2"]:
        figures["ratio"] = figures["rate.2"] / figures["rate.1"]
        shares = figures["server_cpu_share.2"] / figures["server_cpu_share.1"]
        figures["work"] = figures["ratio"] / shares
    return figures


def memory(stage: Stage, options: Options) -> Figures:
    """The growth from the first number of streams on, as a server has its own size too."""
    stage.run(options)
    first, *later = stage.runs[-1]["result"]["resident"]
    figures: Figures = {"resident": first["bytes"]}
    for name, point in zip(("at_some", "at_all"), later, strict=True):
        grown = point["bytes"] - first["bytes"]
        figures[name] = grown / (point["streams"] - first["streams"])
    return figures


def reconnecting(stage: Stage, options: Options) -> Figures:
    """All streams are opened; the server is replaced by a new one; all streams come back."""
    first = chosen(options, "rate_after", "may_lose", port=free_port())
    with stage.serve(first) as server:
        before = stage.load(server, first)
    stage.check_published(before, server)
    again = chosen(
        first,
        port=server.port,
        rate=options["rate_after"],
        seconds=RECONNECT_SECONDS,
        last_event_id=before["last_event_id"],
        until_event=True,
    )
    figures = {"connects_per_second": before["connects_per_second"]}
    try:
        with stage.serve(again) as server:
            after = stage.load(server, again, OVERLOAD)
    except LoadFailure as failure:
        stage.problems.append(f"the streams did not all come back: {failure}")
        return figures
    stage.check_published(after, server)
    if after["until_event_seconds"] is None:
        stage.problems.append(f"only {after['streams_with_event']} streams came back")
    return figures | {key: after[key] for key in ("until_event_seconds", "gaps", "closed")}


def publishing(stage: Stage, options: Options) -> Figures:
    """How long a publish takes by the number of streams; nothing where the server cannot tell."""
    figures: Figures = {}
    counts = options["streams"]
    for rate, burst in options["rates"]:
        for streams in counts:
            asked = chosen(options, "rates", streams=streams, rate=rate, burst=burst)
            try:
                result = stage.run(asked, OVERLOAD) if streams else stage.idle(asked)
            except LoadFailure as failure:
                stage.problems.append(str(failure))
                continue
            if "publish_ns.p50" not in result:
                return {}
            for part in "p50", "p99":
                figures[f"{rate}.{streams}.{part}"] = result[f"publish_ns.{part}"]
        few, many = (figures.get(f"{rate}.{streams}.p50") for streams in (1, counts[-1]))
        if few and many:
            figures[f"{rate}.ratio"] = many / few
    return figures

"""What is drawn of TLS and HTTP/2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .goal_bars import Bar, Plot
from .plots import COLOURS

SERVERS = ("floor", "crier", "go", "node", "nchan")


def _bars(key: str, words: str = "") -> list[Bar]:
    """Of each server that has the figure."""
    under = f"\n{words}" if words else ""
    return [Bar(f"{name}{under}", f"{key}.{name}", COLOURS[name]) for name in SERVERS]


PLOTS: Mapping[str, Sequence[Plot]] = {
    "L": [
        Plot(
            "tls-cpu",
            "With TLS: CPU time of the server per delivery",
            "µs",
            [*_bars("few.cpu", "few"), *_bars("many.cpu", "many")],
        ),
        Plot("tls-memory", "Memory of an idle stream with TLS", "KiB", _bars("memory.stream"), 16),
        Plot(
            "tls-reconnect",
            "CPU time of a new server until all clients are back, by tickets",
            "s",
            _bars("back.cpu"),
            3,
        ),
    ],
    "N": [
        Plot(
            "http2-cpu",
            "CPU time of the server per delivery, without TLS",
            "µs",
            [Bar("HTTP/1.1,\ncrier", "http1.cpu"), *_bars("plain.cpu", "HTTP/2")],
        ),
        Plot(
            "http2-tls-cpu",
            "HTTP/2 with TLS: CPU time of the server per delivery",
            "µs",
            _bars("tls.cpu"),
        ),
        Plot(
            "http2-stream-memory",
            "Memory of an idle stream of HTTP/2",
            "KiB",
            [*_bars("plain.stream", "plain"), *_bars("tls.stream", "TLS")],
            1.6,
        ),
        Plot(
            "http2-connection-memory",
            "Memory of a connection of HTTP/2, besides its streams",
            "KiB",
            [*_bars("plain.connection", "plain"), *_bars("tls.connection", "TLS")],
            28,
        ),
    ],
    "O": [
        Plot("million-event", "Until one event has reached all", "s", _bars("all.seconds"), 3),
        Plot("million-memory", "Memory of the server", "GiB", _bars("all.resident")),
    ],
}

"""What the benchmark runs on, and how much of it there is."""

from __future__ import annotations

import os
import platform
import random
import re
import resource
import socket
from pathlib import Path

# With fewer there is nothing to compare.
LEAST_STREAMS = 100
# For what a process opens besides its streams.
SPARE_DESCRIPTORS = 100
SPARE_PORTS = 1000


def _find(path: Path, pattern: str) -> str:
    try:
        found = re.search(pattern, path.read_text(errors="replace"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else "unknown"


def describe(build: Path) -> dict[str, object]:
    return {
        "kernel": f"{platform.system()} {platform.release()}",
        "cpu": _find(Path("/proc/cpuinfo"), r"^model name\s*:\s*(.*)$"),
        "cores": len(os.sched_getaffinity(0)),
        "compiler": _find(
            build / "meson-logs/meson-log.txt",
            r"C\+\+ compiler for the host machine:[^(]*\((\S+ \S+)",
        ),
        "python": platform.python_version(),
    }


def _ephemeral_ports() -> tuple[int, int]:
    first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return int(first), int(last)


def raise_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_streams() -> tuple[int, str]:
    """How many streams fit, and what limits them."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    first, last = _ephemeral_ports()
    ports = last - first + 1
    limits = [(ports - SPARE_PORTS, f"there are {ports:,} ephemeral ports")]
    if descriptors != resource.RLIM_INFINITY:
        reason = f"a process may open {descriptors:,} descriptors"
        limits.append((descriptors - SPARE_DESCRIPTORS, reason))
    return min(limits)


def free_port() -> int:
    """A port that no connection takes by chance while nobody listens on it."""
    first, last = _ephemeral_ports()
    ports = [port for port in range(10_000, 65_536) if not first <= port <= last]
    for port in random.sample(ports, min(100, len(ports))):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return 0

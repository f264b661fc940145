"""Which versions are compared."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

from .servers import ROOT, Command

UNKNOWN = "of unknown version"


def _output(*command: str | Path) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _commit(_: Path) -> str:
    commit = _output("git", "-C", ROOT, "describe", "--always", "--dirty", "--exclude=*")
    return f"commit {commit}" if commit else UNKNOWN


def _crier(build: Path) -> str:
    project = _json(build / "meson-info/intro-projectinfo.json")
    libraries = _json(build / "meson-info/intro-dependencies.json")
    parts = [project["version"]] if isinstance(project, dict) and "version" in project else []
    parts.append(_commit(build))
    if isinstance(libraries, list):
        parts += [f"Boost {each['version']}" for each in libraries if each["name"] == "boost"]
    return ", ".join(dict.fromkeys(parts))


def _go(build: Path) -> str:
    return _output("go", "version", build / "peer-go").rpartition(": ")[2] or UNKNOWN


def _node(_: Path) -> str:
    modules = ROOT / "bench/peers/node/node_modules"
    installed = [str(node) for node in modules.glob("node-linux-*/bin/node")]
    node = _output(*(installed or ["node"])[:1], "--version") or UNKNOWN
    package = _json(modules / "better-sse/package.json")
    return f"{node}, better-sse {package.get('version', '?') if isinstance(package, dict) else '?'}"


def _nchan(build: Path) -> str:
    """The names of Debian's packages tell: NAME_VERSION_ARCHITECTURE.deb."""
    found = []
    for name in "nginx", "libnginx-mod-nchan":
        for package in (build / "nchan").glob(f"{name}_*.deb"):
            found.append(f"{name} {unquote(package.name.split('_')[1])}")
    return ", ".join(found) or UNKNOWN


OF: dict[str, Callable[[Path], str]] = {
    "floor": _commit,
    "crier": _crier,
    "crier-loop": _crier,
    "go": _go,
    "node": _node,
    "nchan": _nchan,
}


def versions(build: Path, commands: Sequence[Command]) -> dict[str, str]:
    """Of a server that was named on the command line, there is only its command."""
    return {
        command.name: " ".join(command.words) if command.given else OF[command.name](build)
        for command in commands
    }

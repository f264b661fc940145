"""A certificate for one run, and what servers share to take each other's session tickets."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .processes import Failure

TICKET_KEY_BYTES = 80


@dataclass(frozen=True)
class Certificate:
    directory: Path

    @property
    def options(self) -> dict[str, Any]:
        """What a server is told, so that it encrypts."""
        return {
            "certificate": self.directory / "chain.pem",
            "key": self.directory / "key.pem",
            "ticket_keys": self.directory / "ticket-keys",
        }


def make_certificate(directory: Path) -> Certificate:
    made = Certificate(directory)
    files = made.options
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7"
    subject = ["-subj", "/CN=localhost", "-keyout", files["key"], "-out", files["certificate"]]
    try:
        subprocess.run(
            [*command.split(), *subject], check=True, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Failure(f"no certificate: {getattr(error, 'stderr', None) or error}") from None
    files["ticket_keys"].write_bytes(os.urandom(TICKET_KEY_BYTES))
    return made

"""Programs that end no later than the driver does, whatever ends it."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

SHUTDOWN_TIMEOUT = 10.0
SKIPPED = 77

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """A program did not do what it was started for."""


class Skipped(Failure):
    """A program cannot run on this machine, and says so."""


def _end_with_the_driver() -> None:
    # For the one end that the driver cannot do anything at: its own SIGKILL.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """A running program in a process group of its own."""

    def __init__(self, command: Sequence[str]) -> None:
        self.name = Path(command[0]).name
        self._errors = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,
                preexec_fn=_end_with_the_driver,
            )
        except OSError as error:
            self._errors.close()
            raise Failure(f"{command[0]}: {error.strerror}") from error
        self.pid = self._process.pid

    def read_line(self, timeout: float) -> str:
        deadline = time.monotonic() + timeout
        output = self._process.stdout.fileno()
        line = b""
        while not line.endswith(b"\n"):
            left = max(0.0, deadline - time.monotonic())
            if not select.select([output], [], [], left)[0]:
                raise self._failure(f"said nothing in {timeout:.0f} s")
            byte = os.read(output, 1)
            if not byte:
                self.finish(SHUTDOWN_TIMEOUT)
                raise self._failure("ended early")
            line += byte
        return line.decode()

    def terminate(self) -> None:
        self._process.terminate()

    def finish(self, timeout: float) -> str:
        """Waits for its end, and returns what is left of its output, which has to be short."""
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self._failure(f"had not ended after {timeout:.0f} s") from None
        # A process that it has left behind would keep the pipe open.
        self._kill_group()
        output = self._process.stdout.read().decode()
        if status == SKIPPED:
            raise Skipped(output.strip())
        if status != 0:
            raise self._failure(f"exit status {status}")
        return output

    def close(self) -> None:
        self._kill_group()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def _failure(self, what: str) -> Failure:
        self._errors.seek(0)
        errors = self._errors.read().decode(errors="replace").strip()[-2000:]
        return Failure(f"{self.name}: {what}" + (f": {errors}" if errors else ""))


class Processes:
    """All that run; after the `with` none does."""

    def __init__(self) -> None:
        self._running: list[Process] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_all()

    def start(self, command: Sequence[str]) -> Process:
        process = Process(command)
        self._running.append(process)
        return process

    def has(self, process: Process) -> bool:
        return process in self._running

    def close(self, process: Process) -> None:
        process.close()
        self._running.remove(process)

    def end_all(self) -> None:
        """Gracefully at first: a launcher has something of its own to end."""
        impatient = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
        before = signal.pthread_sigmask(signal.SIG_BLOCK, impatient)
        try:
            for process in self._running:
                process.terminate()
            for process in list(self._running):
                try:
                    process.finish(SHUTDOWN_TIMEOUT)
                except Failure:
                    pass
                self.close(process)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

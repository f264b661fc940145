"""How the checks of a program are run: one after the other, each told in a line."""

import functools
import http.client
import subprocess
import time
from queue import Empty

# What a check fails by. Anything else is a fault of the checks themselves, and ends them.
FAILURES = (
    AssertionError,
    Empty,
    OSError,
    ValueError,
    http.client.HTTPException,
    subprocess.SubprocessError,
)


def named(function, *arguments):
    """A check by its sentence: the function's name."""
    return function.__name__.replace("_", " "), functools.partial(function, *arguments)


def registering(checks):
    """A decorator that adds a function to the checks, once for each name that it is given."""

    def check(*names):
        def register(function):
            checks.extend((name, function) for name in names)
            return function

        return register

    return check


def run_checks(checks):
    """Returns the program's status: 1 where one has failed."""
    status = 0
    for sentence, check in checks:
        began = time.monotonic()
        try:
            check()
            print(f"ok     {sentence} ({time.monotonic() - began:.1f} s)", flush=True)
        except FAILURES as error:
            status = 1
            print(f"FAILED {sentence}: {type(error).__name__}: {error}", flush=True)
    return status

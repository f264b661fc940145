"""Lets the programs of a process group run for a part of the time, until told to end.

So each of their threads gets that share of a core and no more, on any machine and for any user.
"""

from __future__ import annotations

import os
import signal
import sys
import time

# Short enough for what is published meanwhile to wait in all queues.
PERIOD = 0.01


def end(*_: object) -> None:
    raise SystemExit


def run(group: int, share: float) -> None:
    signal.signal(signal.SIGTERM, end)
    try:
        while True:
            os.killpg(group, signal.SIGSTOP)
            time.sleep(PERIOD * (1 - share))
            os.killpg(group, signal.SIGCONT)
            time.sleep(PERIOD * share)
    except ProcessLookupError:
        return
    finally:
        # Whatever they were told meanwhile, they can only do awake.
        try:
            os.killpg(group, signal.SIGCONT)
        except ProcessLookupError:
            pass


if __name__ == "__main__":
    run(int(sys.argv[1]), float(sys.argv[2]))

"""crier-cat as its users see it: crier_cat.py DIRECTORY, which holds the built examples."""

import subprocess
import sys
from pathlib import Path
from queue import Empty

sys.dont_write_bytecode = True  # the sources stay as they are

from cat_checks import output, process, running, streams  # noqa: E402, F401


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    running.programs.find(Path(sys.argv[1]))
    failed = False
    for function in running.CHECKS:
        sentence = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok     {sentence}", flush=True)
        except (AssertionError, Empty, OSError, ValueError, subprocess.SubprocessError) as error:
            failed = True
            print(f"FAILED {sentence}: {type(error).__name__}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""crier-cat as its users see it: crier_cat.py DIRECTORY, which holds the built examples."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the sources stay as they are

from cat_checks import output, process, running, streams  # noqa: E402, F401
from checks import named, run_checks  # noqa: E402


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    running.programs.find(Path(sys.argv[1]))
    return run_checks(named(check) for check in running.CHECKS)


if __name__ == "__main__":
    sys.exit(main())

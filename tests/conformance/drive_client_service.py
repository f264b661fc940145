"""Drives the client service as a harness does: drive_client_service.py BINARY [WORD...]

Of the checks, those run whose names hold a word; all of them without words. BINARY is the service.
"""

import subprocess
import sys
import time

# The sources' directory stays as it is.
sys.dont_write_bytecode = True

from client_service_connections import HTTP_BEHAVIOR, RECONNECTION
from client_service_parsing import GROUPS
from client_service_protocol import SERVICE
from client_service_reporting import REPORTING
from client_service_stage import Service, Stage

# What the list of the harness has.
COUNTS = {
    "basic parsing": 23,
    "BOM handling": 11,
    "comments": 4,
    "linefeeds": 55,
    "HTTP behavior": 12,
    "reconnection": 8,
}
# Each may last as long as its timeout.
MOST_FAILURES = 5


def all_checks():
    for checks in [*GROUPS, HTTP_BEHAVIOR, RECONNECTION, REPORTING, SERVICE]:
        count = len(checks.functions)
        if count != COUNTS.get(checks.group, count):
            sys.exit(f"{count} checks of {checks.group} instead of {COUNTS[checks.group]}")
        for name, function in checks.functions.items():
            yield f"{checks.group}: {name}", function


def failure_of(function, stage):
    if stage.service.has_ended():
        return "the service has ended"
    try:
        function(stage)
    except (AssertionError, LookupError, OSError, ValueError, subprocess.SubprocessError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    binary, *words = sys.argv[1:]
    failed = passed = 0
    began = time.monotonic()
    with Service(binary) as service:
        stage = Stage(service)
        for sentence, function in all_checks():
            if words and not any(word in sentence for word in words):
                continue
            failure = failure_of(function, stage)
            passed += failure is None
            failed += failure is not None
            print(f"FAILED {sentence}: {failure}" if failure else f"ok     {sentence}", flush=True)
            if failed == MOST_FAILURES:
                print("too many have failed: the others are not run")
                break
        service.terminate()
        try:
            service.expect_end()
        except (AssertionError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"FAILED the end: {error}")
    print(f"{passed} passed, {failed} failed in {time.monotonic() - began:.1f} s")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())

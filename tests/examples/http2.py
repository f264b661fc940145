"""The hub under many requests of HTTP/2, plain and over TLS: http2.py DIRECTORY OPENSSL

DIRECTORY holds the built examples. OPENSSL is the command, which makes the certificate.
"""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # the sources stay as they are

from checks import named, run_checks  # noqa: E402
from smoke import Example, Program, expect  # noqa: E402
from tls import Encrypted, Identity  # noqa: E402

REQUESTS, CONNECTIONS, AT_ONCE = 10_000, 20, 100
LONGEST = 100.0  # seconds, on a machine that does much else


def expect_answers(program):
    url = f"{program.scheme}://127.0.0.1:{program.port}/healthz"
    command = ["h2load", "-n", REQUESTS, "-c", CONNECTIONS, "-m", AT_ONCE, url]
    done = subprocess.run(
        [str(each) for each in command], capture_output=True, text=True, timeout=LONGEST
    )
    report = done.stdout + done.stderr
    expect("Application protocol: h2" in report, report)
    counts = dict((what, int(count)) for count, what in re.findall(r"(\d+) (\w+)", report))
    expect(counts["succeeded"] == counts["2xx"] == REQUESTS, report)
    program.end(signal.SIGTERM)


def all_are_answered_on_plain_connections(example):
    with Program(example.binary) as program:
        expect_answers(program)


def all_are_answered_over_tls(example, openssl):
    with tempfile.TemporaryDirectory() as directory:
        identity = Identity(openssl, Path(directory) / "made")
        with Encrypted(example, identity) as program:
            expect_answers(program)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if not shutil.which("h2load"):
        print("there is no h2load")
        return 77
    directory, openssl = sys.argv[1:]
    hub = Example("hub", directory)
    return run_checks(
        [
            named(all_are_answered_on_plain_connections, hub),
            named(all_are_answered_over_tls, hub, openssl),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

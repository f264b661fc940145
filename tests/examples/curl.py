"""Streams of curl by every version of HTTP at once: curl.py DIRECTORY OPENSSL

DIRECTORY holds the built examples. OPENSSL is the command, which makes the certificate.
"""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

sys.dont_write_bytecode = True  # the sources stay as they are

from checks import named, run_checks  # noqa: E402
from smoke import TIMEOUT, Program, expect  # noqa: E402
from tls import Encrypted, Example, Identity  # noqa: E402

# Each with what is spoken then. Without TLS, --http2 asks for an upgrade, which RFC 9113 has
# abolished.
PLAIN = {"--http1.1": "1.1", "--http2": "1.1", "--http2-prior-knowledge": "2"}
OVER_TLS = {"--http1.1": "1.1", "--http2": "2", "--http2-prior-knowledge": "2"}


class Curl:
    """A stream, which has ended after the `with`, whatever happens."""

    def __init__(self, url, *options):
        command = ["curl", "--silent", "--no-buffer", "--include", "--noproxy", "*", *options, url]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # Reading a line has no timeout of its own.
        self.guard = threading.Timer(TIMEOUT, self.process.kill)
        self.guard.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.guard.cancel()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def read(self, pattern):
        for line in self.process.stdout:
            found = re.match(pattern, line)
            if found:
                return found
        raise AssertionError(f"{self.process.args} has ended without {pattern}")


def read_at_once(program, spoken, *trust):
    url = f"{program.scheme}://localhost:{program.port}/time"
    with ExitStack() as running:
        streams = {each: running.enter_context(Curl(url, each, *trust)) for each in spoken}
        for option, stream in streams.items():
            version = stream.read(r"HTTP/(\S+) 200")[1]
            expect(version == spoken[option], f"{option}: HTTP/{version}")
            stream.read(r"(?i)content-type: text/event-stream\s*$")
        for _ in range(3):
            for stream in streams.values():
                stream.read(r"data: \d+$")
        program.end(signal.SIGTERM)
        for option, stream in streams.items():
            status = stream.process.wait(TIMEOUT)
            expect(status == 0, f"{option}: exit status {status} at the end of the stream")


def every_version_is_spoken_on_one_port(example):
    with Program(example.binary) as program:
        read_at_once(program, PLAIN)


def every_version_is_spoken_on_one_port_over_tls(example, identity):
    with Encrypted(example, identity) as program:
        read_at_once(program, OVER_TLS, "--cacert", str(identity.chain))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if not shutil.which("curl"):
        print("skipped: no curl on PATH")
        return 77
    directory, openssl = sys.argv[1:]
    hello = Example("hello", directory)
    with tempfile.TemporaryDirectory() as made:
        identity = Identity(openssl, Path(made) / "identity")
        return run_checks(
            [
                named(every_version_is_spoken_on_one_port, hello),
                named(every_version_is_spoken_on_one_port_over_tls, hello, identity),
            ]
        )


if __name__ == "__main__":
    sys.exit(main())

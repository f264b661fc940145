"""The example servers over https: tls.py DIRECTORY OPENSSL

DIRECTORY holds the built examples. OPENSSL is the command, which makes the certificates.
"""

import functools
import http.client
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the sources stay as they are

from checks import named, registering, run_checks  # noqa: E402
from smoke import EXAMPLES, SPEAKING, TIMEOUT  # noqa: E402
from smoke import Example, Program, Stream, expect, expect_refusal  # noqa: E402

# What the others answer, as they have no stream that speaks on its own.
ANSWERS = {"approvals": ("/", 404), "completions": ("/stats", 200), "hub": ("/healthz", 200)}
# With a listener of its own, which takes one certificate and does not reload it.
OWN_LISTENER = "beast_handler"


class Identity:
    """A certificate for a host and for 127.0.0.1, with its key, in files."""

    def __init__(self, openssl, directory, host="localhost"):
        self.chain, self.key = directory / "chain.pem", directory / "key.pem"
        directory.mkdir()
        names = f"subjectAltName=DNS:{host},IP:127.0.0.1,IP:127.0.0.2"
        command = [openssl, "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]
        command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", f"/CN={host}"]
        command += ["-addext", names, "-keyout", self.key, "-out", self.chain]
        subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT)
        self.options = ("--certificate", self.chain, "--key", self.key)

    def trust(self):
        return ssl.create_default_context(cafile=self.chain)


class Encrypted(Program):
    scheme = "https"

    def __init__(self, example, identity, *options):
        self.trust = identity.trust()
        self.host = "localhost"
        super().__init__(example.binary, *identity.options, *options)

    def wrap(self, connected):
        return self.trust.wrap_socket(connected, server_hostname=self.host)

    def connect(self):
        return http.client.HTTPSConnection(
            self.address, self.port, timeout=TIMEOUT, context=self.trust
        )


CHECKS = []
check = registering(CHECKS)


def make(made, name, host="localhost"):
    return Identity(made.openssl, made.directory / name, host)


@check(*SPEAKING)
def streams_come_over_https_and_end_properly(example, made):
    for number in signal.SIGINT, signal.SIGTERM:
        with Encrypted(example, made.identity) as program:
            path = EXAMPLES[example.name]
            with Stream(program, path) as first, Stream(program, path) as second:
                expect(first.status == "HTTP/1.1 200 OK", first.status)
                for _ in range(2):
                    event = first.read_event()
                    expect(any(line.startswith("data: ") for line in event), f"{event}")
                program.end(number)
                first.read_to_end()
                second.read_to_end()


@check(*ANSWERS)
def answers_come_over_https(example, made):
    path, expected = ANSWERS[example.name]
    with Encrypted(example, made.identity) as program:
        status = program.ask("GET", path)[0]
        expect(status == expected, f"{path}: {status}")
        program.end(signal.SIGTERM)


@check("hub")
def an_event_is_published_and_read_over_https(example, made):
    with Encrypted(example, made.identity) as program:
        with Stream(program, "/events?topic=news") as stream:
            status = program.ask("POST", "/events?topic=news", "the market opens")[0]
            expect(200 <= status < 300, f"POST: {status}")
            expect("data: the market opens" in stream.read_event(), "another event")


@check("game_loop")
def the_slow_viewer_watches_over_https(example, made):
    with Encrypted(example, made.identity) as program:
        with Stream(program, "/events?topic=slow") as stream:
            expect("event: slow" in stream.read_event(), "another event")


@check("game_loop")
def its_plain_viewers_do_not_measure_over_https(example, made):
    expect_refusal(example, 2, "--measure", "10", *made.identity.options)


@check(*EXAMPLES)
def plain_requests_get_no_answer(example, made):
    with Encrypted(example, made.identity) as program:
        plain = http.client.HTTPConnection(program.address, program.port, timeout=TIMEOUT)
        plain.request("GET", EXAMPLES[example.name] or "/")
        try:
            expect(False, f"answered with {plain.getresponse().status}")
        except (http.client.HTTPException, ConnectionError):
            pass
        plain.close()


@check(*EXAMPLES)
def files_of_no_use_are_named_in_one_line_and_with_2(example, made):
    good, other, none = made.identity, make(made, "other"), made.directory / "none.pem"
    for chain, key in (none, good.key), (good.chain, none), (good.key, good.key):
        line = expect_refusal(example, 2, "--port", "0", "--certificate", chain, "--key", key)
        expect(str(none if none in (chain, key) else chain) in line, line)
    line = expect_refusal(
        example, 2, "--port", "0", "--certificate", good.chain, "--key", other.key
    )
    expect(str(other.key) in line, line)


@check(*EXAMPLES)
def certificates_and_keys_come_in_pairs(example, made):
    chain, key = str(made.identity.chain), str(made.identity.key)
    for options in (
        ("--certificate", chain),
        ("--key", key),
        ("--certificate", chain, chain, "--key", key),
        ("--key", key, "--key", key, "--certificate", chain),
        ("--certificate", "--key", key),
    ):
        line = expect_refusal(example, 2, "--port", "0", *options)
        expect("--certificate" in line and "--help" in line, line)


@check("hello")
def the_certificate_is_that_of_the_host(example, made):
    first, second = made.identity, make(made, "second", "example.test")
    with Encrypted(example, first, *second.options) as program:
        for program.host, identity in ("localhost", first), ("example.test", second):
            program.trust = identity.trust()
            with Stream(program, "/time") as stream:
                expect(stream.read_event(), program.host)


@check(OWN_LISTENER)
def several_certificates_are_refused(example, made):
    options = made.identity.options
    expect_refusal(example, 1, "--port", "0", *options, *options)


def await_renewal(program, renewed):
    program.trust = renewed.trust()
    give_up = time.monotonic() + TIMEOUT
    while True:
        try:
            with socket.create_connection((program.address, program.port), TIMEOUT) as plain:
                return program.wrap(plain).close()
        except ssl.SSLCertVerificationError:
            expect(time.monotonic() < give_up, "the certificate is the old one")
            time.sleep(0.02)


@check(*(name for name in EXAMPLES if name != OWN_LISTENER))
def a_renewed_certificate_is_taken_on_sighup_and_streams_go_on(example, made):
    used, renewed = make(made, "used"), make(made, "renewed")
    path = EXAMPLES[example.name]
    with Encrypted(example, used) as program:
        stream = Stream(program, path) if path else None
        # After the answer, the signals are surely those of the server.
        expect(stream.read_event() if path else program.ask("GET", "/none"), "no answer")
        shutil.copy(renewed.chain, used.chain)
        shutil.copy(renewed.key, used.key)
        program.process.send_signal(signal.SIGHUP)
        await_renewal(program, renewed)
        if stream:
            expect(stream.read_event(), "the stream has ended")
        program.end(signal.SIGTERM)
        if stream:
            stream.read_to_end()
            stream.__exit__()


class Made:
    def __init__(self, openssl, directory):
        self.openssl, self.directory = openssl, directory
        self.identity = Identity(openssl, directory / "first")


def in_a_new_directory(function, example, openssl):
    with tempfile.TemporaryDirectory() as directory:
        function(example, Made(openssl, Path(directory)))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    directory, openssl = sys.argv[1:]
    checks = []
    for name, function in CHECKS:
        sentence, _ = named(function)
        example = Example(name, directory)
        check = functools.partial(in_a_new_directory, function, example, openssl)
        checks.append((f"{name}: {sentence}", check))
    return run_checks(checks)


if __name__ == "__main__":
    sys.exit(main())

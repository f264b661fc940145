"""crier-cat itself, run to its end or watched as it runs."""

import os
import queue
import re
import subprocess
import threading

from .servers import TIMEOUT, Server, expect

TIME = re.compile(r"^\d\d:\d\d:\d\d\.\d\d\d", re.MULTILINE)

EVENTS = (
    b": a comment\n"
    b"data: one\n\n"
    b"id: 7\nevent: price\ndata: {\"symbol\":\"Z\xc3\xbcrich \xe2\x82\xac\"}\n\n"
    b"event: log\ndata: first\ndata:\ndata:   third\n\n"
    b"retry: 20\n\n"
    b"id: 10\ndata\n\n"
)


CHECKS = []


class programs:
    """Where the programs are."""

    cat = hello = None

    @classmethod
    def find(cls, directory):
        cls.cat = directory / "crier-cat" / "crier-cat"
        cls.hello = directory / "hello"


def check(function):
    CHECKS.append(function)
    return function


def run(*arguments, **variables):
    """Runs crier-cat to its end, with more variables in its environment."""
    command = [programs.cat, *arguments]
    no_input = subprocess.DEVNULL
    # Whoever started this test may be behind a proxy.
    own = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment = {**own, **variables}
    return subprocess.run(
        command, stdin=no_input, capture_output=True, timeout=TIMEOUT, env=environment
    )


def expect_equal(got, wanted):
    expect(got == wanted, f"{got!r} instead of {wanted!r}")


def expect_end(ended, status, notice=""):
    errors = ended.stderr.decode()
    expect(ended.returncode == status, f"exit status {ended.returncode}, not {status}: {errors}")
    expect(notice in errors, f"no {notice!r} in {errors!r}")


def serving(data):
    """A server of one stream, which ends for good when it is asked for again."""

    def answer(request):
        if request.number == 1:
            request.stream(data)
        else:
            request.respond("204 No Content")

    return Server(answer)


def read_once(data, *arguments):
    with serving(data) as server:
        ended = run("--no-reconnect", *arguments, server.url())
        expect_end(ended, 0)
        return ended.stdout


class Lines:
    """The lines of a pipe, as they come; None after the last."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.queue = queue.Queue()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.pipe:
            self.queue.put(line.decode())
        self.queue.put(None)

    def next(self):
        line = self.queue.get(timeout=TIMEOUT)
        expect(line is not None, "the program has ended")
        return line

    def find(self, text):
        while text not in (line := self.next()):
            pass
        return line


class Cat:
    """A running crier-cat, which has ended after the `with`, whatever happens."""

    def __init__(self, *arguments, stdout=subprocess.PIPE, **more):
        self.process = subprocess.Popen(
            [programs.cat, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            **more,
        )
        self.notices = Lines(self.process.stderr)
        self.readers = [self.notices]

    def read_events(self):
        self.readers.append(Lines(self.process.stdout))
        return self.readers[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.thread.join(TIMEOUT)
        for pipe in self.process.stdout, self.process.stderr:
            if pipe:
                pipe.close()

    def status(self):
        return self.process.wait(TIMEOUT)

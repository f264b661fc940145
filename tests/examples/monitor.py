"""The monitor as its users see it: monitor.py DIRECTORY, which holds the built examples."""

import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the sources stay as they are

from cat_checks.running import Lines, expect_equal  # noqa: E402
from cat_checks.servers import TIMEOUT, Server, expect  # noqa: E402
from checks import named, run_checks  # noqa: E402
from smoke import Program  # noqa: E402

SILENCE = 4  # seconds; the ticker speaks every two


class Monitor:
    """A running monitor, which has ended after the `with`, whatever happens."""

    def __init__(self, directory, *arguments):
        # Whoever started this test may ignore the signal.
        default = lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.process = subprocess.Popen(
            [directory / "monitor", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            preexec_fn=default,
        )
        self.lines = Lines(self.process.stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.lines.thread.join(TIMEOUT)
        self.process.stdout.close()

    def find(self, of, *texts):
        """The next line about the stream that holds all the texts."""
        return self.await_line(f"  {of.address}:{of.port} ", *texts)

    def await_line(self, *texts):
        give_up = time.monotonic() + TIMEOUT
        while True:
            line = self.lines.next()
            if all(text in line for text in texts):
                return line
            expect(time.monotonic() < give_up, f"no line with {texts}, but {line!r}")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)


def url_of(program, path):
    return f"http://{program.address}:{program.port}{path}"


def it_shows_three_streams_through_all_that_happens_to_their_servers(directory):
    with (
        Program(directory / "dashboard" / "dashboard") as dashboard,
        Program(directory / "ticker") as ticker,
        Program(directory / "hello") as hello,
        Monitor(
            directory,
            "--silence",
            str(SILENCE),
            url_of(dashboard, "/events?topic=cpu"),
            url_of(ticker, "/events"),
            url_of(hello, "/time"),
        ) as monitor,
    ):
        first = monitor.lines.next()
        expect(first.startswith("Of each stream: state, last event, silence, gaps"), first)
        monitor.find(dashboard, "open | last event: none | silence: none | gaps: none")
        monitor.find(dashboard, "last event: cpu {")

        # Killed, and another one in its place, which numbers anew.
        dashboard.close()
        monitor.find(dashboard, "connecting in ", "last event: cpu {")
        with Program(directory / "dashboard" / "dashboard", port=dashboard.port):
            monitor.find(dashboard, "open | ", "gaps: 1, the last by epoch")

            # Stalled, and then not any more.
            monitor.find(ticker, "tick ")
            ticker.process.send_signal(signal.SIGSTOP)
            monitor.find(ticker, "open | ", "tick ", f"silence: {SILENCE} s")
            ticker.process.send_signal(signal.SIGCONT)
            monitor.find(ticker, "open | ", "tick ", "silence: none")

            # Ended, and started again.
            hello.end(signal.SIGTERM)
            monitor.find(hello, "connecting in ", "the stream has ended")
            with Program(directory / "hello", port=hello.port):
                monitor.find(hello, "open | ")
                expect_equal(monitor.end(), 0)


def it_ends_by_sigterm_while_it_waits_for_a_server(directory):
    with Program(directory / "hello") as gone:
        url = url_of(gone, "/time")
    with Monitor(directory, url) as monitor:
        monitor.await_line("connecting in ")
        expect_equal(monitor.end(), 0)


def streams_that_are_over_for_good_end_it_with_1(directory):
    def refuse(request):
        request.respond("404 Not Found", Content_Length=0)

    with Server(refuse) as server, Monitor(directory, server.url()) as monitor:
        monitor.await_line("gone: 404 Not Found | last event: none")
        expect_equal(monitor.process.wait(TIMEOUT), 1)


def what_a_server_sends_cannot_control_the_terminal(directory):
    def attack(request):
        request.stream(b"event: a\x1b[2J\ndata: b\x07\ndata: c" + b"x" * 200 + b"\n\n")
        request.hold()

    with Server(attack) as server, Monitor(directory, server.url()) as monitor:
        line = monitor.await_line("last event: a")
        expect(r"a\u001b[2J b\u0007\u000acx" in line, line)
        expect(len(line) < 250, line)


def bad_usage_is_refused_in_one_line(directory):
    for arguments, status, word in (
        ([], 2, "url"),
        (["--silence", "0", "http://h"], 2, "--silence"),
        (["ftp://h"], 1, "ftp://h"),
    ):
        ended = subprocess.run(
            [directory / "monitor", *arguments], capture_output=True, text=True, timeout=TIMEOUT
        )
        expect_equal((ended.returncode, ended.stdout), (status, ""))
        lines = ended.stderr.splitlines()
        expect(len(lines) == 1 and lines[0].startswith("monitor: "), ended.stderr)
        expect(word in lines[0], ended.stderr)


CHECKS = (
    it_shows_three_streams_through_all_that_happens_to_their_servers,
    it_ends_by_sigterm_while_it_waits_for_a_server,
    streams_that_are_over_for_good_end_it_with_1,
    what_a_server_sends_cannot_control_the_terminal,
    bad_usage_is_refused_in_one_line,
)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    return run_checks(named(check, Path(sys.argv[1])) for check in CHECKS)


if __name__ == "__main__":
    sys.exit(main())

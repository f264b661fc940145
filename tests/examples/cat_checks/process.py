"""When and how crier-cat ends, and how it gets on with what reads its output."""

import json
import os
import signal
import tempfile
import threading
import time
from queue import Queue

from smoke import Program

from .running import EVENTS, Cat, check, expect_end, expect_equal, programs, run, serving
from .servers import TIMEOUT, Server, expect


@check
def an_event_is_shown_before_the_next_one_comes():
    to_send = Queue()

    def answer(request):
        request.stream()
        for _ in range(3):
            request.send(to_send.get(timeout=TIMEOUT))
        request.hold()

    for arguments, shown in (["--json"], '"data":"{}"'), ([], "  {}\n"), (["--raw"], "data: {}\n"):
        with Server(answer) as server, Cat(*arguments, server.url()) as cat:
            events = cat.read_events()
            for i in range(3):
                to_send.put(f"data: {i}\n\n".encode())
                events.find(shown.format(i))


@check
def a_count_ends_with_0():
    with Program(programs.hello) as hello:
        ended = run("--json", "--count", "3", f"http://127.0.0.1:{hello.port}/time")
    expect_end(ended, 0)
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    expect_equal([list(event) for event in events], [["type", "data", "id"]] * 3)
    expect(all(int(event["data"]) > 1_600_000_000 for event in events), f"{events}")


@check
def a_count_that_is_not_reached_ends_with_1():
    with serving(EVENTS) as server:
        ended = run("--no-reconnect", "--count", "5", server.url())
    expect_end(ended, 1, "the stream has ended")


@check
def a_timeout_ends_with_3():
    def answer(request):
        request.stream(b"data: one\n\n")
        request.hold()

    with Server(answer) as server:
        began = time.monotonic()
        ended = run("--timeout", "1.5", server.url())
        expect(time.monotonic() - began >= 1.5, "too early")
    expect_end(ended, 3, "the time is up")
    expect(ended.stdout.endswith(b"  one\n"), f"{ended.stdout!r}")


@check
def a_reader_that_leaves_ends_it_quietly_also_in_silence():
    def silent(request):
        request.stream(b"data: one\n\n")
        request.hold()

    def busy(request):
        request.stream()
        while True:
            request.send(b"data: one\n\n" * 1000)

    for answer in silent, busy:
        for arguments in [], ["--json"], ["--raw"]:
            with Server(answer) as server, Cat("--quiet", *arguments, server.url()) as cat:
                cat.process.stdout.readline()
                cat.process.stdout.close()
                expect_equal(cat.status(), 0)
                expect_equal(cat.notices.queue.get(timeout=TIMEOUT), None)


@check
def an_output_that_cannot_be_written_ends_with_1():
    for arguments in [], ["--count", "1"]:
        with serving(EVENTS) as server, open("/dev/full", "wb") as full:
            with Cat(*arguments, server.url(), stdout=full) as cat:
                cat.notices.find("crier-cat: standard output: No space left on device")
                expect_equal(cat.status(), 1)
    with serving(EVENTS) as server:
        # Whatever is opened next gets the number of a file that is closed.
        with Cat(server.url(), stdout=None, preexec_fn=lambda: os.close(1)) as cat:
            cat.notices.find("crier-cat: standard output: Bad file descriptor")
            expect_equal(cat.status(), 1)


def expect_the_server_waits(blocking):
    block = b"data: " + b"x" * 65536 + b"\n\n"
    most = 64 * 1024 * 1024
    sent = []
    stalled = threading.Event()

    def answer(request):
        request.stream()
        request.connection.settimeout(1)
        try:
            while len(sent) * len(block) < most:
                request.send(block)
                sent.append(block)
        except TimeoutError:
            stalled.set()

    ours, theirs = os.pipe()
    os.set_blocking(theirs, blocking)
    with Server(answer) as server, open(ours, "rb") as output:
        with Cat("--no-reconnect", "--raw", server.url(), stdout=theirs):
            os.close(theirs)
            expect(stalled.wait(TIMEOUT), f"took {len(sent) * len(block)} bytes")
            expect(output.read().startswith(b"".join(sent)), "something is lost")


@check
def a_reader_that_is_slow_slows_the_server():
    expect_the_server_waits(blocking=True)
    expect_the_server_waits(blocking=False)


@check
def signals_end_it_as_they_do_other_programs():
    def answer(request):
        request.stream(b"data: one\n\n")
        request.hold()

    for number in signal.SIGINT, signal.SIGTERM:
        # Whoever started this test may ignore them.
        default = lambda: signal.signal(number, signal.SIG_DFL)
        with Server(answer) as server, Cat(server.url(), preexec_fn=default) as cat:
            expect(cat.read_events().next().endswith("one\n"), "no event")
            cat.process.send_signal(number)
            expect_equal(cat.status(), -number)


@check
def what_makes_no_sense_is_refused_in_one_line():
    for arguments, named in [
        ([], "URL"),
        (["ftp://x"], "ftp://x"),
        (["http://user:secret@x"], "user"),
        (["--nonsense", "x"], "--nonsense"),
        (["--json", "--raw", "x"], "--raw"),
        (["--raw", "x", "y"], "--raw"),
        (["--raw", "--only", "a", "x"], "--only"),
        (["--json", "--comments", "x"], "--comments"),
        (["--count", "0", "x"], "--count"),
        (["--count", "-1", "x"], "--count"),
        (["--count", "1.5", "x"], "--count"),
        (["--timeout", "0", "x"], "--timeout"),
        (["--timeout", "nan", "x"], "--timeout"),
        (["--idle-timeout", "soon", "x"], "--idle-timeout"),
        (["--header", "no colon", "x"], "--header"),
        (["--header", "A b: c", "x"], "A b"),
        (["--header", "Host: y", "x"], "Host"),
        (["--header", "@/does/not/exist", "x"], "/does/not/exist"),
        (["--event-limit", "0", "x"], "--event-limit"),
        (["--event-limit", "1 MB", "x"], "--event-limit"),
        (["--proxy", "socks5://h", "x"], "proxy"),
        (["--unix-socket", "/" + "x" * 200, "x"], "unix_socket"),
        (["--method", "HEAD", "x"], "HEAD"),
        (["--body", "@/does/not/exist", "x"], "/does/not/exist"),
        (["--ca-file", "/does/not/exist", "https://x"], "/does/not/exist"),
        (["--color", "pink", "x"], "pink"),
        (["--last-event-id", "a\nb", "x"], "last_event_id"),
    ]:
        ended = run(*arguments)
        expect_end(ended, 2, named)
        expect_equal((ended.stdout, ended.stderr.count(b"\n")), (b"", 1))
        expect(ended.stderr.startswith(b"crier-cat: "), f"{ended.stderr!r}")


@check
def the_help_is_one_screen_and_tells_the_statuses():
    ended = run("--help")
    expect_end(ended, 0)
    lines = ended.stdout.decode().splitlines()
    expect(len(lines) <= 24, f"{len(lines)} lines")
    expect(max(map(len, lines)) <= 80, f"{max(lines, key=len)!r}")
    for text in b"0 done, 1 ended", b"3 --timeout", b"--follow-gaps", b"--unix-socket PATH ":
        expect(text in ended.stdout, f"no {text!r}")


@check
def an_error_in_a_file_of_headers_does_not_show_what_it_holds():
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"X-One: 1\n\nBearer secret\n")
        file.flush()
        ended = run("--header", f"@{file.name}", "x")
    expect_end(ended, 2, f"{file.name}, line 3, is not 'Name: value'")
    expect(b"secret" not in ended.stderr, f"{ended.stderr!r}")


@check
def a_proxy_of_the_environment_that_makes_no_sense_is_named_without_its_password():
    variables = {"https_proxy": "socks5://user:secret@h"}
    ended = run("https://example.invalid/", **variables)
    expect_end(ended, 2, "https_proxy must be http://host:port")
    expect(b"secret" not in ended.stderr, f"{ended.stderr!r}")
    with serving(EVENTS) as server:
        expect_end(run("--no-reconnect", server.url(), **variables), 0)

"""The examples as their users see them: smoke.py DIRECTORY [--pings]

DIRECTORY holds the built examples. --pings waits for the ticker's pings too, for 20 s.
"""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from email.utils import parsedate_to_datetime
from pathlib import Path

sys.dont_write_bytecode = True  # the sources stay as they are

from checks import named, registering, run_checks  # noqa: E402

TIMEOUT = 10.0
SHUTDOWN_LIMIT = 1.0

# Each with the path of a stream that begins to speak on its own.
EXAMPLES = {
    "hello": "/time",
    "approvals": None,
    "ticker": "/events",
    "beast_handler": "/events",
    "dashboard": "/events?topic=cpu",
    "game_loop": "/events?topic=timing",
    "completions": None,
    "gateway": "/events?topic=sensor/1",
    "hub": None,
}
# In a directory of their own.
LARGE = {"dashboard", "game_loop", "completions", "hub"}
# Those with --threads.
THREADED = [name for name in EXAMPLES if name != "gateway"]


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


class Program:
    """A running example, which has ended after the `with`, whatever happens."""

    scheme = "http"

    def __init__(self, binary, *options, port=0, stderr=subprocess.DEVNULL):
        self.process = subprocess.Popen(
            [binary, "--port", str(port), *options],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        # Reading a line has no timeout of its own.
        guard = threading.Timer(TIMEOUT, self.process.kill)
        guard.start()
        line = self.process.stdout.readline()
        guard.cancel()
        address = re.search(rf"\b{self.scheme}://(127\.0\.0\.\d):(\d+)/", line)
        if not address:
            self.close()
            raise AssertionError(f"the first line is no address: {line!r}")
        self.address, self.port = address[1], int(address[2])

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def end(self, by):
        began = time.monotonic()
        self.process.send_signal(by)
        status = self.process.wait(TIMEOUT)
        took = time.monotonic() - began
        expect(status == 0, f"exit status {status} after {by.name}")
        expect(took < SHUTDOWN_LIMIT, f"ended {took:.2f} s after {by.name}")

    def connect(self):
        return http.client.HTTPConnection(self.address, self.port, timeout=TIMEOUT)

    def wrap(self, connected):
        """The socket through which a stream is read."""
        return connected

    def ask(self, method, path, body=None):
        connection = self.connect()
        connection.request(method, path, body)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.headers, text


class Stream:
    """An event stream, read from a plain socket to see what http.client would hide."""

    def __init__(self, program, path, receive_buffer=None, last_event_id=None):
        self.socket = socket.socket()
        self.socket.settimeout(TIMEOUT)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect((program.address, program.port))
        self.socket = program.wrap(self.socket)
        fields = f"Last-Event-ID: {last_event_id}\r\n" if last_event_id else ""
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"
        self.socket.sendall(request.encode())
        self.bytes = self.socket.makefile("rb")
        self.status = self.bytes.readline().decode().rstrip()
        self.headers = http.client.parse_headers(self.bytes)
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bytes.close()
        self.socket.close()

    def read(self):
        """The lines of the next event or comment; None at the proper end of the stream."""
        while "\n\n" not in self.text:
            size = self.bytes.readline()
            expect(size.endswith(b"\r\n"), f"cut at the size of a chunk: {size!r}")
            chunk = self.bytes.read(int(size, 16) + 2)
            expect(chunk.endswith(b"\r\n"), f"cut within a chunk: {chunk!r}")
            if chunk == b"\r\n":
                expect(self.text == "", f"ended within an event: {self.text!r}")
                expect(self.bytes.read(1) == b"", "the connection is open after the last chunk")
                return None
            self.text += chunk[:-2].decode()
        block, self.text = self.text.split("\n\n", 1)
        return block.split("\n")

    def read_event(self):
        block = self.read()
        while block and all(line.startswith(":") for line in block):
            block = self.read()
        return block

    def read_to_end(self):
        blocks = []
        while (block := self.read()) is not None:
            blocks.append(block)
        return blocks


CHECKS = []
check = registering(CHECKS)


SPEAKING = [name for name, path in EXAMPLES.items() if path]


def run(example, *options):
    return subprocess.run(
        [example.binary, *options], capture_output=True, text=True, timeout=TIMEOUT
    )


def expect_refusal(example, status, *options):
    ended = run(example, *options)
    what = f"{options}: exit status {ended.returncode}: {ended.stderr!r}"
    expect(ended.returncode == status, what)
    expect(ended.stdout == "", f"{options}: wrote to stdout: {ended.stdout!r}")
    lines = ended.stderr.splitlines()
    expect(len(lines) == 1 and lines[0].startswith(f"{example.name}: "), f"not one line: {what}")
    words = lines[0]
    for option in options:  # a path may be long
        words = words.replace(str(option), "")
    expect(len(words) < 120, f"not clear: {what}")
    return lines[0]


@check(*EXAMPLES)
def a_taken_port_is_refused_in_one_line_and_with_1(example):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = expect_refusal(example, 1, "--port", str(taken.getsockname()[1]))
    expect("Address already in use" in line, line)


@check(*EXAMPLES)
def bad_usage_is_refused_in_one_line_and_with_2(example):
    bad = {
        "--port": ("", "http", "80x", "-1", "65536"),
        "--address": ("", "local host", "127.0.0.1:80", "http://localhost"),
    }
    if example.name in THREADED:
        bad["--threads"] = ("", "many", "0", "65")
    for option, values in bad.items():
        for value in values:
            line = expect_refusal(example, 2, option, value)
            expect(option in line and "--help" in line, line)
        expect_refusal(example, 2, option)
    for arguments in ("8080",), ("--none",), ("--port", "0", "more"):
        expect_refusal(example, 2, *arguments)


@check(*EXAMPLES)
def help_lists_the_options(example):
    ended = run(example, "--help")
    expect(ended.returncode == 0 and ended.stderr == "", f"{ended}")
    for option in "--address", "--port", "--certificate", "--key", "--help":
        expect(option in ended.stdout, f"no {option}: {ended.stdout}")
    expect(("--threads" in ended.stdout) == (example.name in THREADED), ended.stdout)


@check(*THREADED)
def it_listens_and_serves_as_it_is_told(example):
    with example.start("--address", "127.0.0.2", "--threads", "3") as program:
        expect(program.address == "127.0.0.2", program.address)
        with Stream(program, EXAMPLES[example.name] or "/none") as stream:
            expect(stream.status.startswith("HTTP/1.1 "), stream.status)
        tasks = Path(f"/proc/{program.process.pid}/task")
        give_up = time.monotonic() + 20
        # The first thread may serve before the others have begun.
        while len(list(tasks.iterdir())) < 3 and time.monotonic() < give_up:
            time.sleep(0.01)
        expect(len(list(tasks.iterdir())) >= 3, "fewer than 3 threads")
        program.end(signal.SIGTERM)


@check(*SPEAKING)
def a_stream_begins_with_the_right_headers_and_an_event(example):
    path = EXAMPLES[example.name]
    with example.start() as program, Stream(program, path) as stream:
        expect(stream.status == "HTTP/1.1 200 OK", stream.status)
        expected = {
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-cache, no-transform",
            "Incremental": "?1",
            "X-Accel-Buffering": "no",
            "X-Content-Type-Options": "nosniff",
            "Transfer-Encoding": "chunked",
            "Connection": "close",
        }
        headers = dict(stream.headers)
        sent = parsedate_to_datetime(headers.pop("Date")).timestamp()
        expect(abs(sent - time.time()) < 60, str(stream.headers))
        expect(headers == expected, str(stream.headers))
        event = stream.read_event()
        expect(any(line.startswith("data: ") for line in event), f"{event}")


@check(*SPEAKING)
def sigint_and_sigterm_end_open_streams_properly(example):
    path = EXAMPLES[example.name]
    for number in signal.SIGINT, signal.SIGTERM:
        with example.start() as program:
            idle = program.connect()
            idle.connect()
            with Stream(program, path) as first, Stream(program, path) as second:
                first.read_event()
                program.end(number)
                first.read_to_end()
                second.read_to_end()
            idle.close()


@check("ticker")
def each_client_gets_every_tick_in_order(example):
    with example.start() as program:
        with Stream(program, "/events") as first, Stream(program, "/events") as second:
            ticks = [first.read_event(), first.read_event()]
            number = int(ticks[0][-1].rsplit(" ", 1)[1])
            expected = [["event: message", f"data: tick {number + i}"] for i in range(2)]
            expect(ticks == expected, f"{ticks}")
            expect([second.read_event(), second.read_event()] == expected, "they differ")
        expect(program.ask("GET", "/")[0] == 404, "another path is found")


@check("ticker")
def pings_come_between_the_ticks(example):
    with example.start() as program, Stream(program, "/events") as stream:
        began = time.monotonic()
        while stream.read() != [": ping"]:
            expect(time.monotonic() - began < 25, "no ping within 25 s")
        expect(time.monotonic() - began > 19, "a ping before 20 s")


@check("beast_handler")
def the_servers_own_responses_and_the_gate_of_the_stream_work(example):
    with example.start() as program:
        expect(program.ask("GET", "/")[0] == 200, "/")
        expect(program.ask("GET", "/none")[0] == 404, "/none")
        expect(program.ask("POST", "/events")[0] == 405, "POST /events")
        connection = program.connect()
        for _ in range(2):
            connection.request("GET", "/")
            expect(connection.getresponse().read() != b"", "no second response")
        connection.close()


def create(program):
    status, headers, text = program.ask("POST", "/requests")
    expect(status == 201 and headers["Content-Type"] == "application/json", f"{status} {headers}")
    created = json.loads(text)
    number = str(uuid.UUID(created["request_id"]))
    expect(created == {"request_id": number, "status": "pending"}, text)
    expect(headers["Location"] == f"/requests/{number}", headers["Location"])
    return number


def change(program, number, status):
    return program.ask("POST", f"/requests/{number}", json.dumps({"status": status}))[0]


def updated(number):
    return ["event: updated", f'data: {{"request_id":"{number}"}}']


def final(number, status):
    return ["event: status", f'data: {{"request_id":"{number}","status":"{status}"}}']


@check("approvals")
def bad_ids_are_400_and_unknown_ones_404(example):
    with example.start() as program:
        for path in "/requests/1", "/requests/", f"/requests/{uuid.uuid4()}x":
            expect(program.ask("GET", path + "/events")[0] == 400, f"GET {path}/events")
            expect(program.ask("POST", path, '{"status":"approved"}')[0] == 400, f"POST {path}")
        unknown = uuid.uuid4()
        expect(program.ask("GET", f"/requests/{unknown}/events")[0] == 404, "GET events")
        expect(change(program, unknown, "approved") == 404, "POST")
        expect(program.ask("GET", "/")[0] == 404, "GET /")


@check("approvals")
def bad_changes_are_400_and_change_nothing(example):
    with example.start() as program:
        number = create(program)
        path = f"/requests/{number}"
        for body in "", "{", "[]", "{}", '{"status":1}', '{"status":"done"}', '"approved"':
            expect(program.ask("POST", path, body)[0] == 400, body)
        expect(json.loads(program.ask("GET", path)[2])["status"] == "pending", "changed")


@check("approvals")
def a_stream_tells_of_changes_and_ends_with_the_final_state(example):
    with example.start() as program:
        for last in "approved", "rejected":
            number, other = create(program), create(program)
            with Stream(program, f"/requests/{number}/events") as stream:
                for status in "in_review", "pending":
                    expect(change(program, number, status) == 200, status)
                    expect(stream.read_event() == updated(number), status)
                change(program, other, "approved")
                expect(change(program, number, last) == 200, last)
                expect(stream.read_to_end() == [updated(number), final(number, last)], last)
            expect(change(program, number, "pending") == 409, "final, and changed")
            with Stream(program, f"/requests/{number}/events") as stream:
                expect(stream.read_to_end() == [final(number, last)], "late stream")


@check("approvals")
def changes_that_a_slow_client_cannot_take_become_one(example):
    changes = 3000
    with example.start() as program:
        number = create(program)
        with Stream(program, f"/requests/{number}/events", receive_buffer=2048) as stream:
            connection = program.connect()
            body = '{"status":"in_review"}'
            for _ in range(changes):
                connection.request("POST", f"/requests/{number}", body)
                connection.getresponse().read()
            connection.close()
            expect(change(program, number, "approved") == 200, "approved")
            *updates, last = stream.read_to_end()
            expect(last == final(number, "approved"), f"{last}")
            expect(all(each == updated(number) for each in updates), "other events")
            expect(0 < len(updates) < changes, f"{len(updates)} of {changes}")


@check("approvals")
def sigint_and_sigterm_end_waiting_streams_properly(example):
    for number in signal.SIGINT, signal.SIGTERM:
        with example.start() as program:
            paths = [f"/requests/{create(program)}/events" for _ in range(4)]
            streams = [Stream(program, path) for path in paths]
            program.end(number)
            for stream in streams:
                expect(stream.read_to_end() == [], "something was sent at the end")
                stream.__exit__()


class Example:
    def __init__(self, name, directory):
        self.name = name
        self.binary = Path(directory) / name / name if name in LARGE else Path(directory) / name

    def start(self, *options):
        return Program(self.binary, *options)


def main():
    arguments = sys.argv[1:]
    pings = "--pings" in arguments
    directories = [argument for argument in arguments if argument != "--pings"]
    if len(directories) != 1:
        sys.exit(__doc__)
    checks = []
    for name, function in CHECKS:
        if function is pings_come_between_the_ticks and not pings:
            continue
        sentence, check = named(function, Example(name, directories[0]))
        checks.append((f"{name}: {sentence}", check))
    return run_checks(checks)


if __name__ == "__main__":
    sys.exit(main())

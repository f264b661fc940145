"""Hubs that share their topics by NATS, as their clients see them: hub_cluster.py HUB NATS_SERVER"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the sources stay as they are

from checks import named, run_checks  # noqa: E402
from hub import Hub, data_after, expect_unusable, fields_of  # noqa: E402
from smoke import TIMEOUT, Stream, expect  # noqa: E402

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Engine:
    """A NATS server with JetStream on a port of its own."""

    def __init__(self, program, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.command = [program, "-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", folder]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self.answers, "nats-server does not start")

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)
        self.kill()


def until(condition, otherwise):
    end = time.monotonic() + TIMEOUT
    while not condition():
        expect(time.monotonic() < end, otherwise)
        time.sleep(0.02)


@contextlib.contextmanager
def cluster(hub, engine_program, folder, hubs=3):
    """An engine, and hubs that share it."""
    store = tempfile.mkdtemp(dir=folder)
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(Engine(engine_program, store))
        journal = f"nats://127.0.0.1:{engine.port}/hub"
        options = ("--journal", journal, "--history", "10000", "--heartbeat", "1")
        yield engine, [stack.enter_context(Hub(hub, *options)) for _ in range(hubs)]


@contextlib.contextmanager
def followed_stream(hub, path):
    """A stream of topics that its hub follows by now: their events come from all hubs."""
    with Stream(hub, path) as stream:
        hub.publish("begin", path.split("?")[1])
        while fields_of(stream.read_event())["data"] != "begin":
            pass
        yield stream


def state_of(hub):
    status, _, text = hub.ask("GET", "/healthz")
    return status, json.loads(text)["journal"]["state"]


@check
def what_one_publishes_all_stream_and_any_resumes(hub, engine_program, folder):
    with cluster(hub, engine_program, folder) as (_, (a, b, c)):
        with followed_stream(b, "/events?topic=news") as stream:
            first = a.publish("one")
            expect(fields_of(stream.read_event())["id"] == first, "not streamed")
        with followed_stream(b, "/events?topic=news&topic=other") as stream:
            expect(fields_of(stream.read_event())["data"] == "begin", "of the other topic")
            first = a.publish("one")
            second = c.publish("two", "topic=other")
            got = [fields_of(stream.read_event()) for _ in range(2)]
            expect([each["data"] for each in got] == ["one", "two"], f"{got}")
            expect([each["id"] for each in got] == [first, second], f"{got}")
        b.publish("three")
        expect(data_after(c, first, 1) == ["three"], "not resumed")
        expect(data_after(a, second, 1) == ["three"], "not resumed")


@check
def a_hub_that_is_killed_takes_nothing_with_it(hub, engine_program, folder):
    with cluster(hub, engine_program, folder) as (_, (a, b, _c)):
        first = a.publish("0")
        for number in range(1, 101):
            a.publish(str(number))
        a.process.kill()
        expect(data_after(b, first, 100) == [str(each) for each in range(1, 101)], "lost")


@check
def streams_outlive_an_engine_that_is_killed(hub, engine_program, folder):
    with cluster(hub, engine_program, folder, hubs=2) as (engine, (a, b)):
        with followed_stream(b, "/events?topic=news") as stream:
            a.publish("before")
            expect(fields_of(stream.read_event())["data"] == "before", "not streamed")
            engine.kill()
            until(lambda: state_of(a) == (503, "unavailable"), "nobody notices")
            answers = []
            waits = threading.Thread(target=lambda: answers.append(a.publish("meanwhile")))
            waits.start()
            until(lambda: json.loads(a.ask("GET", "/stats")[2])["journal"]["waiting"] == 1, "?")
            expect(not answers, "acknowledged without an engine")
            engine.start()
            expect(fields_of(stream.read_event())["data"] == "meanwhile", "lost")
            waits.join()
            expect(len(answers) == 1, "not acknowledged")
            until(lambda: state_of(a) == (200, "connected"), "it stays away")
            until(lambda: state_of(b) == (200, "connected"), "it stays away")
            b.publish("after")
            expect(fields_of(stream.read_event())["data"] == "after", "lost")


@check
def an_engine_that_is_stopped_holds_nobody_up(hub, engine_program, folder):
    with cluster(hub, engine_program, folder, hubs=1) as (engine, (a,)):
        a.publish("before")
        engine.process.send_signal(signal.SIGSTOP)
        until(lambda: state_of(a) == (503, "unavailable"), "nobody notices")
        began = time.monotonic()
        a.ask("GET", "/stats")
        expect(time.monotonic() - began < 1, "the hub waits for its engine")
        engine.process.send_signal(signal.SIGCONT)
        until(lambda: state_of(a) == (200, "connected"), "it stays away")
        a.publish("after")


@check
def a_hub_ends_without_its_engine(hub, engine_program, folder):
    with cluster(hub, engine_program, folder, hubs=1) as (engine, (a,)):
        with Stream(a, "/events?topic=news"):
            engine.kill()
            a.process.send_signal(signal.SIGTERM)
            expect(a.process.wait(5) == 0, "it does not end in order")
        engine.start()


@check
def an_engine_that_cannot_be_used_is_one_line_and_status_2(hub, _engine_program, _folder):
    for journal, reason in (
        ("nats://127.0.0.1:1/hub", "no server is reached"),
        ("nats://127.0.0.1:1", "no stream is named"),
        ("nats://127.0.0.1:1/a.b", "stream"),
    ):
        expect_unusable(hub, journal, reason)


def main():
    hub, engine_program = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        return run_checks([named(each, hub, engine_program, Path(folder)) for each in CHECKS])


if __name__ == "__main__":
    sys.exit(main())

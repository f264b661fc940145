"""The gateway as its clients see it: gateway.py DIRECTORY, which holds the built examples."""

import json
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty

sys.dont_write_bytecode = True  # the sources stay as they are

from cat_checks.running import Lines, expect_equal  # noqa: E402
from checks import named, run_checks  # noqa: E402
from smoke import TIMEOUT, Program, Stream, expect  # noqa: E402

INTERVAL = 50  # milliseconds
LINGER = 3.0  # seconds, of the gateway
STALL = 5.0  # seconds, its heartbeat interval
SENSORS = "/events?" + "&".join(f"topic=sensor/{number}" for number in range(1, 51))
ALL = SENSORS + "&topic=alarms"


class Gateway(Program):
    """A running gateway, and what it logs."""

    def __init__(self, directory, *options, interval=INTERVAL):
        reading, writing = os.pipe()
        self.pipe = os.fdopen(reading, "rb")
        self.log = Lines(self.pipe)
        try:
            super().__init__(
                directory / "gateway", "--interval", str(interval), *options, stderr=writing
            )
        finally:
            os.close(writing)

    def close(self):
        super().close()
        self.log.thread.join(TIMEOUT)
        self.pipe.close()

    def await_log(self, line, reading):
        """Reads the stream until the line is logged.

        Returns what was logged before it, and the events.
        """
        before, events = [], []
        give_up = time.monotonic() + TIMEOUT + STALL + LINGER
        while True:
            try:
                logged = self.log.queue.get_nowait()
                expect(logged is not None, "the program has ended")
                if line in logged:
                    return before, events
                before.append(logged)
            except Empty:
                events.append(next_event(reading))
            expect(time.monotonic() < give_up, f"{line!r} is not logged, but {before}")


def path_of(*topics):
    return "/events?" + "&".join(f"topic={topic}" for topic in topics)


def next_event(stream, *types):
    """The fields of the next event, of one of the types if there are any."""
    give_up = time.monotonic() + TIMEOUT  # heartbeats alone do not do
    while time.monotonic() < give_up:
        lines = stream.read()
        expect(lines is not None, "the stream has ended")
        fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
        fields.pop("retry", None)  # of the stream, with its first event
        if "data" in fields and (not types or fields["event"] in types):
            return fields
    raise AssertionError(f"no event of {types}")


def ids_up_to(stream, last):
    ids = []
    while not ids or ids[-1] != last:
        ids.append(next_event(stream)["id"])
    return ids


def one_fetch_serves_all_clients_of_a_sensor_and_the_polling_ends_after_the_last(directory):
    path = path_of("sensor/1")
    with Gateway(directory) as program, Stream(program, path) as staying:
        expect_equal(program.log.next().strip(), 'polling of topic "sensor/1" started')
        ids = [next_event(staying)["id"]]
        with Stream(program, path) as leaving:
            shared = [next_event(leaving)["id"] for _ in range(5)]
            ids += ids_up_to(staying, shared[-1])
            expect_equal(ids[-len(shared) :], shared)
        began = time.monotonic()
        while time.monotonic() - began < LINGER + 0.5:
            next_event(staying)
        with Stream(program, path_of("sensor/2")) as other:
            staying.socket.shutdown(socket.SHUT_RDWR)
            before, _ = program.await_log('polling of topic "sensor/1" stopped', other)
            expect_equal([line.strip() for line in before], ['polling of topic "sensor/2" started'])


def a_newcomer_gets_the_newest_value_and_finds_the_sensor_polled(directory):
    path = path_of("sensor/1")
    with Gateway(directory, interval=3_600_000) as program:
        with Stream(program, path) as first:
            newest = next_event(first)
        with Stream(program, path) as second:
            expect_equal(next_event(second), newest)
            program.end(signal.SIGTERM)
        logged = iter(lambda: program.log.queue.get(timeout=TIMEOUT), None)
        expect_equal([line.split()[-1] for line in logged], ["started", "stopped"])


def a_client_that_resumes_has_missed_nothing(directory):
    path = path_of("sensor/1")
    with Gateway(directory) as program, Stream(program, path) as staying:
        with Stream(program, path) as leaving:
            received = [next_event(leaving)["id"] for _ in range(3)]
        missed_too = ids_up_to(staying, received[-1])
        missed_too += [next_event(staying)["id"] for _ in range(20)]
        with Stream(program, path, last_event_id=received[-1]) as back:
            received += ids_up_to(back, missed_too[-1])
        expect_equal(received, missed_too[missed_too.index(received[0]) :])


def unknown_sensors_are_404(directory):
    with Gateway(directory) as program:
        unknown = "sensor/0", "sensor/51", "sensor/01", "sensor/", "alarm", "sensor/1&topic=x"
        for path in [path_of(topic) for topic in unknown] + ["/", "/sensor/1", "/events"]:
            expect_equal((path, program.ask("GET", path)[0]), (path, 404))
        with Stream(program, path_of("sensor/50", "alarms")) as known:
            next_event(known)


def a_sensor_that_hangs_is_told_as_an_error_and_goes_on(directory):
    with Gateway(directory) as program, Stream(program, path_of("sensor/7")) as stream:
        for _ in range(2):
            told = json.loads(next_event(stream)["data"])
            while isinstance(told, int):
                told = json.loads(next_event(stream)["data"])
            expect_equal(told["statusCode"], 504)
            expect("500 ms" in told["message"], f"{told}")
        expect(isinstance(json.loads(next_event(stream)["data"]), int), "no value after an error")


def alarms_are_retained_and_a_client_that_resumes_gets_each(directory):
    with Gateway(directory) as program, Stream(program, ALL) as watching:
        first = next_event(watching, "alarms")
        alarms = [next_event(watching, "alarms") for _ in range(5)]
        with Stream(program, path_of("alarms"), last_event_id=first["id"]) as back:
            expect_equal([next_event(back) for _ in alarms], alarms)
        with Stream(program, path_of("alarms")) as newcomer:
            sensor = next_event(newcomer)["data"].split()[0]
            expect(any(alarm["data"].startswith(sensor) for alarm in [first, *alarms]), sensor)


def alarms_in(events):
    return [event for event in events if event["event"] == "alarms"]


def read_until_cut(stream):
    events = []
    try:
        while True:
            events.append(next_event(stream))
    except (AssertionError, OSError):
        return events


def a_client_that_stalls_is_cut_and_disturbs_no_other(directory):
    with Gateway(directory) as program, Stream(program, path_of("sensor/1")) as reading:
        next_event(reading)
        began = time.monotonic()
        with Stream(program, SENSORS, receive_buffer=4096):
            program.await_log("stopped", reading)
            expect(time.monotonic() - began > STALL, "it was cut too soon")
            next_event(reading)


def a_client_too_slow_for_the_alarms_is_cut_and_misses_none_when_it_resumes(directory):
    with (
        Gateway(directory) as program,
        Stream(program, path_of("sensor/1", "alarms")) as reading,
        Stream(program, ALL, receive_buffer=4096) as slow,
    ):
        _, events = program.await_log("stopped", reading)
        events.append(next_event(reading, "alarms"))
        received = read_until_cut(slow)
        with Stream(program, ALL, last_event_id=received[-1]["id"]) as back:
            give_up = time.monotonic() + TIMEOUT
            while received[-1]["id"] != events[-1]["id"]:
                received.append(next_event(back))
                expect(time.monotonic() < give_up, f"no {events[-1]}")
        expect_equal(alarms_in(received), alarms_in(events))


def sigterm_ends_open_streams_a_hanging_sensor_and_a_stalled_client_in_time(directory):
    with (
        Gateway(directory) as program,
        Stream(program, SENSORS, receive_buffer=4096),
        Stream(program, path_of("sensor/7")) as hanging,
        Stream(program, path_of("sensor/1")) as reading,
    ):
        began = time.monotonic()
        while time.monotonic() - began < STALL / 2:  # the kernel's buffers fill
            next_event(reading)
        next_event(hanging)
        program.end(signal.SIGTERM)
        hanging.read_to_end()
        reading.read_to_end()


def it_listens_on_a_unix_socket_too(directory):
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "socket")
        with Gateway(directory, "--unix-socket", path) as program:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(TIMEOUT)
                client.connect(path)
                client.sendall(b"GET /events?topic=none HTTP/1.1\r\nHost: a\r\n\r\n")
                expect(client.recv(4096).startswith(b"HTTP/1.1 404 "), "no answer")
            program.end(signal.SIGTERM)
        expect(not Path(path).exists(), "the socket's file is left")


CHECKS = (
    one_fetch_serves_all_clients_of_a_sensor_and_the_polling_ends_after_the_last,
    a_newcomer_gets_the_newest_value_and_finds_the_sensor_polled,
    a_client_that_resumes_has_missed_nothing,
    unknown_sensors_are_404,
    a_sensor_that_hangs_is_told_as_an_error_and_goes_on,
    alarms_are_retained_and_a_client_that_resumes_gets_each,
    a_client_that_stalls_is_cut_and_disturbs_no_other,
    a_client_too_slow_for_the_alarms_is_cut_and_misses_none_when_it_resumes,
    sigterm_ends_open_streams_a_hanging_sensor_and_a_stalled_client_in_time,
    it_listens_on_a_unix_socket_too,
)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    return run_checks(named(check, Path(sys.argv[1])) for check in CHECKS)


if __name__ == "__main__":
    sys.exit(main())

"""The hub as its clients see it, through crashes: hub.py BINARY"""

import http.client
import json
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the sources stay as they are

from checks import named, run_checks  # noqa: E402
from smoke import TIMEOUT, Program, Stream, expect  # noqa: E402

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Hub(Program):
    def publish(self, text, query="topic=news"):
        status, _, answer = self.ask("POST", f"/events?{query}", text)
        expect(status == 201, f"{status} {answer}")
        return json.loads(answer)["id"]


def fields_of(block):
    return dict(line.split(": ", 1) for line in block)


def data_after(hub, last_event_id, many, query="topic=news"):
    with Stream(hub, f"/events?{query}", last_event_id=last_event_id) as stream:
        return [fields_of(stream.read_event())["data"] for _ in range(many)]


def refused(hub, status, method, path, body=None, headers=None):
    connection = hub.connect()
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    expect(response.status == status, f"{method} {path}: {response.status} {text}")
    return text


def expect_unusable(binary, journal, reason):
    """The hub does not start on a journal, and says why in one line."""
    ended = subprocess.run(
        [binary, "--port", "0", "--journal", journal],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    lines = ended.stderr.splitlines()
    expect(ended.returncode == 2, f"{journal}: {ended.returncode} {lines}")
    expect(len(lines) == 1 and reason in lines[0], f"{journal}: {lines}")


@check
def what_is_published_is_streamed_and_resumed(binary, folder):
    with Hub(binary, "--history", "100") as hub:
        with Stream(hub, "/events?topic=news&topic=other") as stream:
            first = hub.publish("one")
            hub.publish("two", "topic=other&type=changed&key=k")
            got = [fields_of(stream.read_event()) for _ in range(2)]
        expect(got[0] == {"data": "one", "id": first}, f"{got}")
        expect(got[1]["event"] == "changed" and got[1]["data"] == "two", f"{got}")
        hub.publish("three")
        expect(data_after(hub, first, 1) == ["three"], "not resumed")


@check
def mistakes_are_told_in_json(binary, folder):
    with Hub(binary) as hub:
        for status, method, path, body, headers in (
            (400, "POST", "/events", "x", {}),
            (400, "POST", "/events?topic=a&colour=red", "x", {}),
            (400, "POST", "/events?topic=a", b"\xff", {}),
            (400, "POST", "/events?topic=a&type=crier.gap", "x", {}),
            (404, "GET", "/", None, {}),
            (413, "POST", "/events?topic=a", "x" * 70_000, {}),
            (415, "POST", "/events?topic=a", "x", {"Content-Type": "text/plain; charset=latin1"}),
            (415, "POST", "/events?topic=a", "x", {"Content-Encoding": "gzip"}),
        ):
            with Stream(hub, "/events?topic=a"):  # somebody is to get it
                told = json.loads(refused(hub, status, method, path, body, headers))
            expect(told["error"], f"{told}")
        refused(hub, 405, "DELETE", "/events")


@check
def a_program_that_is_killed_keeps_what_it_has_acknowledged(binary, folder):
    options = ("--journal", f"sqlite:{folder}/events.db", "--history", "100000")
    first, acknowledged = None, 0
    for life in range(4):
        with Hub(binary, *options) as hub:
            first = first or hub.publish("0")
            expect(
                data_after(hub, first, acknowledged)
                == [str(each) for each in range(1, acknowledged + 1)],
                f"lost in life {life}",
            )
            killer = threading.Timer(0.3, hub.process.kill)
            killer.start()
            try:
                while True:
                    hub.publish(str(acknowledged + 1))
                    acknowledged += 1
            except (OSError, http.client.HTTPException):
                pass  # it was killed
            killer.join()
        # One that was not acknowledged may be there.
        with Hub(binary, *options) as hub:
            with Stream(hub, "/events?topic=news", last_event_id=first) as stream:
                marker = hub.publish("end")
                got = []
                while (event := fields_of(stream.read_event()))["id"] != marker:
                    got.append(event["data"])
            wanted = [str(each) for each in range(1, acknowledged + 1)]
            expect(got[: len(wanted)] == wanted, f"lost in life {life}: {got[-3:]}")
            expect(len(got) <= len(wanted) + 1, f"too many in life {life}: {got[-3:]}")
            hub.end(signal.SIGTERM)
        first, acknowledged = marker, 0
    expect(first, "nothing was published")


@check
def a_full_disk_is_told_and_nothing_is_lost_by_it(binary, folder):
    small = folder / "on-a-small-disk"
    small.write_text(f'#!/bin/sh\ntrap "" XFSZ\nulimit -S -f 600\nexec {binary} "$@"\n')
    small.chmod(0o700)
    options = ("--journal", f"sqlite:{folder}/full.db", "--history", "100000")
    with Hub(small, *options) as hub, Stream(hub, "/events?topic=news") as stream:
        status, sent = 201, []
        while status == 201:
            text = f"{len(sent)}" + "x" * 4000
            status, _, answer = hub.ask("POST", "/events?topic=news", text)
            sent += [text] if status == 201 else []
            expect(len(sent) < 1000, "the disk was never full")
        expect(status == 507 and json.loads(answer)["error"], f"{status} {answer}")
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(hub.process.pid, resource.RLIMIT_FSIZE, unlimited)
        hub.publish("there is room again")
        got = [fields_of(stream.read_event())["data"] for _ in range(len(sent) + 1)]
        expect(got == [*sent, "there is room again"], f"{len(got)} events, {len(sent)} sent")
        hub.end(signal.SIGTERM)


@check
def a_journal_that_is_away_is_waited_for_and_told(binary, folder):
    path = folder / "away.db"
    with Hub(binary, "--journal", f"sqlite:{path}", "--history", "100") as hub:
        first = hub.publish("before")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # as a back-up that hangs
        answers = []
        publishing = threading.Thread(
            target=lambda: answers.append(hub.ask("POST", "/events?topic=news", "meanwhile")[0])
        )
        with Stream(hub, "/events?topic=news") as stream:
            publishing.start()
            health = wait_for_health(hub, 503)
            expect(health["journal"]["state"] == "unavailable", f"{health}")
            other.execute("ROLLBACK")
            other.close()
            expect(fields_of(stream.read_event())["data"] == "meanwhile", "another event")
        publishing.join()
        expect(answers == [201], f"{answers}")
        wait_for_health(hub, 200)
        expect(data_after(hub, first, 1) == ["meanwhile"], "not kept")


def wait_for_health(hub, wanted):
    until = time.monotonic() + TIMEOUT
    while time.monotonic() < until:
        status, _, text = hub.ask("GET", "/healthz")
        if status == wanted:
            return json.loads(text)
        time.sleep(0.02)
    raise AssertionError(f"its health never became {wanted}")


@check
def what_is_retained_is_there_after_a_restart(binary, folder):
    options = ("--journal", f"sqlite:{folder}/state.db", "--retain", "newest-per-key")
    with Hub(binary, *options) as hub:
        for text in ("a1", "b2", "a3"):
            hub.publish(text, f"topic=state&key={text[0]}")
        hub.end(signal.SIGTERM)
    with Hub(binary, *options) as hub:
        with Stream(hub, "/events?topic=state") as stream:
            got = [fields_of(stream.read_event())["data"] for _ in range(2)]
        expect(got == ["b2", "a3"], f"{got}")


@check
def a_journal_that_cannot_be_used_is_one_line_and_status_2(binary, folder):
    (folder / "text.db").write_text("no journal at all, but a text that is long enough to be read")
    with Hub(binary, "--journal", f"sqlite:{folder}/used.db") as hub:
        for journal, reason in (
            ("sqlite:" + str(folder / "used.db"), "another journal uses it"),
            ("sqlite:" + str(folder / "text.db"), "cannot use"),
            ("sqlite:" + str(folder), "folder"),
            ("redis:here", "is no journal that this program has"),
        ):
            expect_unusable(binary, journal, reason)
        hub.publish("well")


@check
def it_listens_beyond_this_machine_only_if_told_so(binary, folder):
    ended = subprocess.run(
        [binary, "--port", "0", "--address", "0.0.0.0"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    expect(ended.returncode == 2 and "--open" in ended.stderr, f"{ended}")


@check
def its_state_is_told(binary, folder):
    with Hub(binary, "--journal", f"sqlite:{folder}/told.db", "--history", "9") as hub:
        hub.publish("x")
        status, _, text = hub.ask("GET", "/healthz")
        expect(status == 200 and json.loads(text)["status"] == "ok", text)
        stats = json.loads(hub.ask("GET", "/stats")[2])
        expect(stats["published"] == 1 and stats["journal"]["state"] == "connected", f"{stats}")


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        checks = [named(each, binary, Path(folder)) for each in CHECKS]
        return run_checks(checks)


if __name__ == "__main__":
    sys.exit(main())

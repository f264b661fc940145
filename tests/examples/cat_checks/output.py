"""What crier-cat shows of the events."""

import json
import os
import pty
import re
import subprocess

from .running import (
    EVENTS, TIME, check, expect_end, expect_equal, programs, read_once, run, serving,
)
from .servers import TIMEOUT, Server, expect


@check
def json_is_a_line_for_each_event():
    expect_equal(
        read_once(EVENTS, "--json").decode(),
        '{"type":"message","data":"one","id":""}\n'
        '{"type":"price","data":"{\\"symbol\\":\\"Zürich €\\"}","id":"7"}\n'
        '{"type":"log","data":"first\\n\\n  third","id":"7"}\n'
        '{"type":"message","data":"","id":"10"}\n',
    )


@check
def lines_for_people_stand_below_each_other():
    expect_equal(
        TIME.sub("hh:mm:ss.mmm", read_once(EVENTS, "--comments").decode()),
        "hh:mm:ss.mmm  : a comment\n"
        "hh:mm:ss.mmm  one\n"
        'hh:mm:ss.mmm  7     price     {"symbol":"Zürich €"}\n'
        "hh:mm:ss.mmm        log       first\n"
        "                            │ \n"
        "                            │   third\n"
        "hh:mm:ss.mmm  10              (no data)\n",
    )
    expect(b"comment" not in read_once(EVENTS), "a comment that nobody has asked for")


@check
def control_sequences_are_shown_and_never_interpreted():
    evil = (
        b"event: \x1b[1m\ndata: \x1b[2J \x00\x07\x7f\t.\n"
        b"data: \xc2\x9b31m \xe2\x80\xae \xf0\x9f\x98\x80\nid: \x1b\n\n"
    )
    controls = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202e]")
    for arguments in [], ["--json"]:
        shown = read_once(evil, *arguments).decode()
        expect(not controls.search(shown), f"{shown!r}")
        for text in "\\u001b[2J", "\\u0000\\u0007\\u007f", "\\u009b31m \\u202e 😀", "\\u001b[1m":
            expect(text in shown, f"no {text!r} in {shown!r}")
    expect_equal(json.loads(shown)["data"], "\x1b[2J \0\x07\x7f\t.\n\x9b31m \u202e 😀")
    with Server(lambda request: request.respond("404 \x9b31m")) as server:
        ended = run(server.url())
    expect_end(ended, 1, "closed: 404 \\u009b31m\n")


@check
def raw_is_what_was_received():
    data = b"\xef\xbb\xbf:\xff\r\ndata: \xfe\x00\r\r\ndata\n\n\x1b[0m: unknown\nid: 5\nevent: cut"
    expect_equal(read_once(data, "--raw"), data)


@check
def raw_ends_with_the_last_event_to_count():
    with serving(EVENTS) as server:
        ended = run("--raw", "--count", "2", server.url())
    expect_end(ended, 0)
    expect_equal(ended.stdout, EVENTS[: EVENTS.index(b"event: log")])


@check
def raw_does_not_count_what_a_connection_has_cut():
    pieces = {1: b"retry: 20\ndata: one\n\ndata: cut\n", 2: b"\ndata: two\n\n"}
    with Server(lambda request: request.stream(pieces[request.number])) as server:
        ended = run("--raw", "--count", "2", server.url())
    expect_end(ended, 0)
    expect_equal(ended.stdout, pieces[1] + pieces[2])


@check
def only_events_of_a_type_are_shown_and_counted():
    with serving(EVENTS) as server:
        ended = run("--json", "--only", "log", "--count", "1", server.url())
    expect_end(ended, 0)
    expect_equal([json.loads(line)["type"] for line in ended.stdout.splitlines()], ["log"])


GAP = b'event: crier.gap\ndata: {"reason":"evicted","from":"41","to":"53","count":12}\n\n'


@check
def gaps_are_explained():
    told = "* 12 events were lost, from 41 to 53: the server no longer has them (evicted)\n"
    for arguments, on_output in (["--quiet"], 1), (["--quiet", "--json"], 2):
        with serving(GAP + b"data: next\n\n") as server:
            ended = run("--no-reconnect", "--follow-gaps", *arguments, server.url())
        expect_end(ended, 0)
        expect_equal(TIME.sub("", ended.stderr.decode()).strip(" "), told)
        expect_equal(ended.stdout.count(b"\n"), on_output)
    with serving(GAP) as server:
        ended = run("--no-reconnect", server.url())
    expect(b"evicted" in ended.stdout and b"lost" not in ended.stderr, f"{ended}")


@check
def gaps_of_any_shape_are_explained():
    for data, told in [
        (b'{"reason":"overflow","count":1}', "1 event was lost: they were not read as fast"),
        (b'{"reason":"new","from":5,"to":null}', "events were lost, from 5: new\n"),
        (b"{}", "events were lost\n"),
        (b"[\x1b", "events were lost: [\\u001b\n"),
    ]:
        with serving(b"event: crier.gap\ndata: " + data + b"\n\n") as server:
            expect_end(run("--no-reconnect", "--follow-gaps", server.url()), 0, told)


@check
def quiet_is_quiet():
    with serving(EVENTS) as server:
        ended = run("--quiet", "--no-reconnect", server.url())
    expect_end(ended, 0)
    expect_equal(ended.stderr, b"")
    with Server(lambda request: request.respond("404 Not Found")) as server:
        ended = run("--quiet", server.url())
    expect_end(ended, 1)
    expect_equal(ended.stderr, b"")


@check
def colours_are_for_terminals():
    def on_terminal(*arguments, **environment):
        ours, theirs = pty.openpty()
        variables = {"PATH": os.environ["PATH"], "TERM": "xterm", **environment}
        with serving(EVENTS) as server:
            command = [programs.cat, "--no-reconnect", "--quiet", *arguments, server.url()]
            subprocess.run(command, stdout=theirs, timeout=TIMEOUT, env=variables, check=True)
        shown = os.read(ours, 65536)
        os.close(theirs)
        os.close(ours)
        expect(b"price" in shown, f"{shown!r}")
        return b"\x1b[" in shown

    expect(on_terminal(), "no colours on a terminal")
    expect(not on_terminal(NO_COLOR="1"), "colours in spite of NO_COLOR")
    expect(not on_terminal(TERM="dumb"), "colours on a dumb terminal")
    expect(not on_terminal("--color=never"), "colours in spite of never")
    expect(on_terminal("--color=always", NO_COLOR="1"), "no colours in spite of always")
    expect(b"\x1b[" not in read_once(EVENTS), "colours in a pipe")
    expect(b"\x1b[" in read_once(EVENTS, "--color=always"), "no colours in a pipe")

"""Drives the parser adapter as a suite does: drive_parser_adapter.py BINARY"""

import base64
import json
import subprocess
import sys

MIB = 1024 * 1024


def event(data, type="message", last_id=""):
    return {"type": type, "data": data, "lastEventId": last_id}


def answer(*events, retry_ms=None, last_event_id=""):
    return {"events": list(events), "retry_ms": retry_ms, "last_event_id": last_event_id}


# What is fed, chunk by chunk, and what must be answered.
VECTORS = {
    "one event": ([b"data: 1\n\n"], answer(event("1"))),
    "no chunk": ([], answer()),
    "empty chunks": ([b"", b"data: 1\r", b"", b"\n\r", b""], answer(event("1"))),
    "no blank line": ([b"id: 7\ndata: 1\n"], answer()),
    "split everywhere": (
        [bytes([byte]) for byte in b"\xef\xbb\xbfid:1\rdata:a\r\ndata: b\n\n"],
        answer(event("a\nb", last_id="1"), last_event_id="1"),
    ),
    "type": ([b"event: t\nda", b"ta: 1\n\ndata: 2\n\n"], answer(event("1", "t"), event("2"))),
    "id": (
        [b"id: \xe2", b"\x80\xa6\ndata: 1\n\n", b"data: 2\n\nid\n\n"],
        answer(event("1", last_id="\u2026"), event("2", last_id="\u2026")),
    ),
    "last id without an event": ([b"id: 1\n\nid: 2\n"], answer(last_event_id="1")),
    "retry": ([b"retry: 0", b"3000\nretry: 1x\n"], answer(retry_ms=3000)),
    "retry of zero": ([b"retry: 0\n"], answer(retry_ms=0)),
    "retry that is too large": ([b"retry: 99999999999999999999\n"], answer(retry_ms=2**63 - 1)),
    "split UTF-8": ([b"data: \xf0\x9f", b"\x98", b"\x80\n\n"], answer(event("\U0001F600"))),
    "invalid UTF-8": ([b"data: \xf0\x9f", b"\n\n"], answer(event("\ufffd"))),
    "control characters": ([b'data: \0\x01\x1f\x7f"\\\n\n'], answer(event('\0\x01\x1f\x7f"\\'))),
    "a line of 14 MB": (
        [b"data: " + b"x" * 7 * MIB, b"y" * 7 * MIB + b"\n\n"],
        answer(event("x" * 7 * MIB + "y" * 7 * MIB)),
    ),
}

# Lines that are answered with an error, after which the program goes on.
BAD_LINES = {
    "no JSON": b"chunks",
    "an empty line": b"",
    "no object": b"[]",
    "no chunks": b"{}",
    "chunks that are no list": b'{"chunks": "ZGF0YQ=="}',
    "a chunk that is no text": b'{"chunks": [1]}',
    "another alphabet": b'{"chunks": ["ZGF0YQ_="]}',
    "no padding": b'{"chunks": ["ZGF0YQ"]}',
    "padding within": b'{"chunks": ["ZGF0YQ==ZGF0YQ=="]}',
    "too much padding": b'{"chunks": ["ZGF0Y==="]}',
    "bits that are lost": b'{"chunks": ["ZGF0YR=="]}',
    "one letter": b'{"chunks": ["Z==="]}',
    "no UTF-8": b'{"chunks": ["\xff"]}',
    "a line over the limit": json.dumps(
        {"chunks": [base64.b64encode(b":" * (32 * MIB + 1)).decode()]}
    ).encode(),
}


class Adapter:
    def __init__(self, binary):
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line):
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def parse(self, chunks):
        encoded = [base64.b64encode(chunk).decode() for chunk in chunks]
        return self.ask(json.dumps({"chunks": encoded}).encode())

    def end(self):
        rest, _ = self.process.communicate(timeout=60)
        return self.process.returncode, rest


def main():
    adapter = Adapter(sys.argv[1])
    failures = []

    def check(holds, name, got):
        if not holds:
            failures.append(name)
            print(f"failed: {name}: {str(got)[:200]}")

    for name, (chunks, expected) in VECTORS.items():
        got = adapter.parse(chunks)
        check(got == expected, name, got)
    for name, line in BAD_LINES.items():
        got = adapter.ask(line)
        check(list(got) == ["error"] and got["error"], name, got)
        got = adapter.parse([b"data: 1\n\n"])
        check(got == answer(event("1")), f"after {name}", got)
    ended = adapter.end()
    check(ended == (0, b""), "the end of input ends it", ended)
    print(f"{len(VECTORS) + len(BAD_LINES)} vectors, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()

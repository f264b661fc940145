"""How a client reads streams. A script holds bytes, each a chunk to send, and expected reports."""

import base64
import random

from client_service_stage import Checks, comment, event

BOM = b"\xef\xbb\xbf"
UNICODE = "€豆腐"


def pieces(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


def large(seed):
    """About 7 MB on one line."""
    return base64.b64encode(random.Random(seed).randbytes(5 * 1024 * 1024))


def large_in_one_chunk():
    data = large(1)
    return [b"data: " + data + b"\n\n", event(data.decode())]


def large_in_two_chunks():
    first, second = large(2), large(3)
    return [b"data: " + first, second + b"\n\n", event((first + second).decode())]


def rapid_succession():
    numbers = [f"number {i}" for i in range(100)]
    stream = "".join(f"data: {number}\n\n" for number in numbers)
    return [stream.encode(), *map(event, numbers)]


BASIC = {
    "a one-line message in one chunk": [b"data: one\n\n", event("one")],
    "two messages in 3 chunks, the second of which has to do with both": [
        b"data: fir",
        b"st\n\ndata:",
        b"second\n\n",
        event("first"),
        event("second"),
    ],
    "a large message in one chunk": large_in_one_chunk,
    "a large message in two chunks": large_in_two_chunks,
    "a one-line message in two chunks": [b"data: in two", b" parts\n\n", event("in two parts")],
    "two one-line messages in one chunk": [b"data: 1\n\ndata: 2\n\n", event("1"), event("2")],
    "a two-line message": [b"data: upper\ndata:lower\n\n", event("upper\nlower")],
    "empty data": [b"data:\n\n", event("")],
    "a type": [b"event: price\ndata: 7\n\n", event("7", "price")],
    "the default type": [b"data: 7\n\n", event("7", "message")],
    "an id": [b"id: 17\ndata: x\n\n", event("x", last_id="17")],
    "a type and an id": [b"event: price\nid: 17\ndata: x\n\n", event("x", "price", "17")],
    "an id with NUL is ignored": [b"id: 1\x007\ndata: x\n\n", event("x")],
    "the last id persists": [
        b"id: 17\ndata: x\n\n",
        b"data: y\n\n",
        event("x", last_id="17"),
        event("y", last_id="17"),
    ],
    "the last id is overridden by an empty one": [
        b"id: 17\ndata: x\n\n",
        b"id: \ndata: y\n\n",
        event("x", last_id="17"),
        event("y"),
    ],
    "fields in reverse order": [b"data: x\nid: 17\nevent: price\n\n", event("x", "price", "17")],
    "an unknown field is ignored": [b"event: price\nsize: 3\ndata: x\n\n", event("x", "price")],
    "no leading space": [b"event:price\ndata:x\n\n", event("x", "price")],
    "an extra leading space is kept": [b"event:  price\ndata:  x\n\n", event(" x", " price")],
    "a field without a colon": [b"data\n\ndata\ndata\n\n", event(""), event("\n")],
    "characters of several bytes": [f"data: {UNICODE}\n\n".encode(), event(UNICODE)],
    "100 messages in rapid succession": rapid_succession,
    "characters of several bytes in single bytes": [
        *pieces(f"data: {UNICODE}\n\n".encode(), 1),
        event(UNICODE),
    ],
}

MARKS = {
    "a mark is stripped": [BOM + b"data: x\n\n", event("x")],
    "a mark before a type and an id": [
        BOM + b"event: price\nid: 17\ndata: x\n\n",
        event("x", "price", "17"),
    ],
    "a mark before several messages": [BOM + b"data: x\n\ndata: y\n\n", event("x"), event("y")],
    "a later mark is kept": [
        b"data: x\n\n",
        b"data: " + BOM + b"y\n\n",
        event("x"),
        event("\ufeffy"),
    ],
    "a mark split after two bytes": [BOM[:2], BOM[2:] + b"data: x\n\n", event("x")],
    "a mark in single bytes": [*pieces(BOM, 1), b"data: x\n\n", event("x")],
    "only the first mark is stripped": [
        BOM + b"data: " + BOM + b"x\n" + BOM + b"data: y\n\n",
        event("\ufeffx"),
    ],
    "no mark": [b"data: x\n\n", event("x")],
    "a mark before several lines": [BOM + b"data: x\ndata: y\n\n", event("x\ny")],
    "a mark before a comment": [BOM + b":note\n", comment("note"), b"data: x\n\n", event("x")],
    "a mark before empty data": [BOM + b"data:\n\n", event("")],
}

COMMENTS = {
    "a comment is due when its line ends": [b":note\n", comment("note")],
    "two comments in a row": [b":note\n", comment("note"), b": more\n", comment(" more")],
    "a comment before an event": [b":note\n", comment("note"), b"data: x\n\n", event("x")],
    "a comment after an event": [b"data: x\n\n", event("x"), b":note\n", comment("note")],
}

# Of lines, each with its end put after it.
LINES = {
    "one line": (["data: x", ""], ["x"]),
    "one line, then two": (["data: x", "", "data: y", "data: z", ""], ["x", "y\nz"]),
    "an empty line first": (["data:", "data: y", "data: z", ""], ["\ny\nz"]),
    "an empty line in the middle": (["data: x", "data:", "data: z", ""], ["x\n\nz"]),
    "1 extra empty line": (["data: x", "", "", "data: y", ""], ["x", "y"]),
    "2 extra empty lines": (["data: x", "", "", "", "data: y", ""], ["x", "y"]),
}
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n", "CR": "\r"}
CHUNKS = {"one chunk": 1000, "chunks of 1 byte": 1, "chunks of 2 bytes": 2}


def line_scripts():
    scripts = {
        f"{end_name}, {name}, {size_name}": [
            *pieces("".join(line + end for line in lines).encode(), size),
            *map(event, expected),
        ]
        for end_name, end in LINE_ENDS.items()
        for name, (lines, expected) in LINES.items()
        for size_name, size in CHUNKS.items()
    }
    scripts["CRLF with chunks that end between the two"] = [
        b"data: x\r",
        b"\ndata: y\r",
        b"\n\r\ndata: z\r",
        b"\n",
        b"\r",
        b"\n",
        event("x\ny"),
        event("z"),
    ]
    return scripts


def play(stage, script):
    """What is left of the stream is read as well: nothing else is reported."""
    script = script() if callable(script) else script
    with stage.client() as client:
        for each in script:
            if isinstance(each, dict) and each["kind"] == "event":
                if each["event"]["type"] != "message":
                    client.listen(each["event"]["type"])
        stream = client.stream()
        for each in script:
            if isinstance(each, bytes):
                stream.send(each)
            else:
                client.expect(each)
        client.expect_no_more(stream)


def group(name, scripts):
    checks = Checks(name)
    for script_name, script in scripts.items():
        checks(script_name, script)(play)
    return checks


GROUPS = [
    group("basic parsing", BASIC),
    group("BOM handling", MARKS),
    group("comments", COMMENTS),
    group("linefeeds", line_scripts()),
]

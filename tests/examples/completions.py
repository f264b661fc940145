"""The server of chat completions as its clients see it, and its client: completions.py DIRECTORY

DIRECTORY holds the two programs.
"""

import json
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the sources stay as they are

from checks import named, run_checks  # noqa: E402
from smoke import TIMEOUT, Program, expect  # noqa: E402

PATH = "/v1/chat/completions"
TOKEN_TIME = 20  # milliseconds, of the server by default
LATEST = 100  # milliseconds until a job stops that nobody wants any more
LONG = "word " * 5000  # takes the model 100 s
LAST_CHUNK = b"0\r\n\r\n"

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def body_of(text, **more):
    message = {"role": "user", "content": text}
    return json.dumps({"model": "pretend", "messages": [message], **more})


class Server(Program):
    def complete(self, body):
        status, headers, text = self.ask("POST", PATH, body)
        return status, headers, json.loads(text)

    def stats(self):
        return json.loads(self.ask("GET", "/stats")[2])

    def wait(self, what, condition):
        give_up = time.monotonic() + TIMEOUT
        while not condition(stats := self.stats()):
            expect(time.monotonic() < give_up, f"{what}: {stats}")
        return stats


class Client:
    """A request on a plain socket, to leave as rudely as one likes."""

    def __init__(self, server, body, receive_buffer=None):
        self.socket = socket.socket()
        self.socket.settimeout(TIMEOUT)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect((server.address, server.port))
        self.send(body)

    def send(self, body):
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
        self.socket.sendall((head + body).encode())

    def read_until(self, end):
        received = b""
        while not received.endswith(end):
            more = self.socket.recv(65536)
            expect(more, f"the connection ends with {received[-200:]}")
            received += more
        return received

    def leave(self):
        self.socket.close()

    def leave_by_reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def events_of(text):
    blocks = text.split("\n\n")
    expect(blocks.pop() == "", f"not whole: {text!r}")
    return [block[len("data: ") :] for block in blocks if block.startswith("data: ")]


def text_of(chunks):
    return "".join(each["choices"][0]["delta"].get("content", "") for each in chunks)


@check
def a_stream_gives_the_answer_token_by_token(server):
    with server() as program:
        status, headers, text = program.ask("POST", PATH, body_of("one two three", stream=True))
        expect(status == 200 and headers["Content-Type"] == "text/event-stream", f"{headers}")
        *events, done = events_of(text)
        expect(done == "[DONE]", done)
        chunks = [json.loads(event) for event in events]
        expect(len(chunks) == 5 and text_of(chunks) == "one two three", text)
        expect(len({(chunk["id"], chunk["created"]) for chunk in chunks}) == 1, text)
        expect(chunks[0]["choices"][0]["delta"]["role"] == "assistant", text)
        reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
        expect(reasons == [None] * 4 + ["stop"], f"{reasons}")
        expect(all(chunk["object"] == "chat.completion.chunk" for chunk in chunks), text)


@check
def without_a_stream_the_answer_comes_as_a_whole(server):
    with server() as program:
        for more, text, reason in ({}, "a b c", "stop"), ({"max_tokens": 2}, "a b", "length"):
            status, headers, answer = program.complete(body_of("a b c", **more))
            expect(status == 200 and headers["Content-Type"] == "application/json", f"{headers}")
            expect(answer["object"] == "chat.completion", f"{answer}")
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": reason}
            expect(answer["choices"] == [choice], f"{answer}")
        expect(program.stats() == {"open": 0, "finished": 2, "stopped": 0, "tokens": 5}, "stats")


@check
def requests_on_one_connection_are_answered_in_their_order(server):
    with server() as program:
        client = Client(program, body_of("the first one"))
        client.send(body_of("the second one"))
        first = client.read_until(b"}]}")
        if b"second" not in first:
            first += client.read_until(b"}]}")
        expect(first.index(b"the first one") < first.index(b"the second one"), f"{first}")
        client.leave()


@check
def errors_are_told_in_the_usual_json(server):
    bad = {
        "{": None,
        "[]": None,
        "{}": "messages",
        '{"model":"a","messages":[]}': "messages",
        '{"model":"a","messages":[1]}': "messages",
        '{"model":"a","messages":[{"role":"user"}]}': "messages.content",
        '{"messages":[{"role":"user","content":"a"}]}': "model",
        body_of("a", stream="yes"): "stream",
        body_of("a", max_tokens=0): "max_tokens",
        body_of("a", max_completion_tokens="1"): "max_completion_tokens",
    }
    with server() as program:
        for body, parameter in bad.items():
            status, headers, answer = program.complete(body)
            expect(status == 400 and headers["Content-Type"] == "application/json", body)
            error = answer["error"]
            expect(set(error) == {"message", "type", "param", "code"}, f"{answer}")
            expect(error["type"] == "invalid_request_error", f"{answer}")
            expect(error["param"] == parameter, f"{body}: {answer}")
        status, _, text = program.ask("POST", "/v1/none", body_of("a"))
        expect(status == 404 and json.loads(text)["error"]["code"] == "unknown_url", text)
        for method in "GET", "PUT", "DELETE":
            status, headers, text = program.ask(method, PATH)
            expect(status == 405 and headers["Allow"] == "POST", f"{status} {headers}")
            expect(json.loads(text)["error"]["type"] == "invalid_request_error", text)
        status, headers, _ = program.ask("OPTIONS", PATH)
        expect(status == 204 and headers["Allow"] == "POST", f"{status} {headers}")


@check
def pages_of_all_origins_may_ask(server):
    with server() as program:
        connection = program.connect()
        origin = {"Origin": "https://app.example"}
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os",
        }
        connection.request("OPTIONS", PATH, headers=origin | asked)
        response = connection.getresponse()
        response.read()
        allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
        expect(response.status == 204 and {"*", "Authorization"} <= set(allowed), f"{allowed}")
        for body in body_of("a"), "{", body_of("a", stream=True):
            connection.request("POST", PATH, body, headers=origin)
            response = connection.getresponse()
            response.read()
            expect(response.headers["Access-Control-Allow-Origin"] == "*", body)
        connection.close()


@check
def the_model_stops_at_once_when_the_client_leaves(server):
    for stream in True, False:
        for leave in Client.leave, Client.leave_by_reset:
            with server() as program:
                client = Client(program, body_of(LONG, stream=stream))
                before = program.wait("begun", lambda stats: stats["tokens"] > 2)["tokens"]
                leave(client)
                after = program.wait("stopped", lambda stats: stats["stopped"] == 1)
                more = after["tokens"] - before
                expect(more <= LATEST / TOKEN_TIME, f"{more} tokens for nobody")
                expect(after["open"] == 0 and after["finished"] == 0, f"{after}")


@check
def a_client_that_takes_nothing_holds_the_model_up_and_is_given_up(server):
    with server("--token-time", "0", "--heartbeat", "500") as program:
        words = 100_000  # 20 MB of events
        client = Client(program, body_of("w " * words, stream=True, max_tokens=words), 4096)
        after = program.wait("stopped", lambda stats: stats["stopped"] == 1)
        expect(100 < after["tokens"] < words / 2, f"{after}")
        client.leave()


@check
def a_body_that_is_too_large_is_told_so_as_every_error(server):
    with server() as program:
        status, headers, answer = program.complete(body_of("w " * 600_000))
        expect(status == 413, f"{status}")
        expect(headers["Content-Type"] == "application/json", f"{headers}")
        expect(headers["Access-Control-Allow-Origin"] == "*", f"{headers}")
        expect(answer["error"]["message"] == "request body is too large", f"{answer}")


@check
def too_many_requests_are_told_to_come_later(server):
    with server("--model-threads", "1") as program:
        clients = [Client(program, body_of(LONG)) for _ in range(64)]
        program.wait("full", lambda stats: stats["open"] == 64)
        status, _, answer = program.complete(body_of("a"))
        expect(status == 429 and answer["error"]["code"] == "busy", f"{status} {answer}")
        for client in clients:
            client.leave()
        program.wait("stopped", lambda stats: stats["stopped"] == 64)
        expect(program.complete(body_of("a"))[0] == 200, "not served afterwards")


@check
def sigterm_ends_answers_in_order(server):
    with server() as program:
        streaming = Client(program, body_of(LONG, stream=True))
        waiting = Client(program, body_of(LONG))
        program.wait("begun", lambda stats: stats["open"] == 2 and stats["tokens"] > 4)
        program.end(signal.SIGTERM)
        stream = streaming.read_until(LAST_CHUNK).decode()
        told = json.dumps({"message": "the server is shutting down"})[1:-1].replace(": ", ":")
        expect(told in stream and "data: [DONE]\n\n" in stream, stream[-500:])
        answer = waiting.read_until(b"}}")
        expect(answer.startswith(b"HTTP/1.1 503 ") and told.encode() in answer, f"{answer}")


def the_client_prints_the_tokens_as_they_come(server, client):
    with server() as program:
        url = f"http://{program.address}:{program.port}{PATH}"
        ended = subprocess.run(
            [client, "--url", url, "one two three"], capture_output=True, text=True, timeout=TIMEOUT
        )
        expect(ended.returncode == 0 and ended.stdout == "one two three\n", f"{ended}")
        bad = subprocess.run(
            [client, "--url", url + "x", "one"], capture_output=True, text=True, timeout=TIMEOUT
        )
        expect(bad.returncode == 1 and "no such URL" in bad.stderr, f"{bad}")
        running = subprocess.Popen([client, "--url", url, LONG], stdout=subprocess.PIPE)
        expect(running.stdout.read(9) == b"word word", "no tokens")
        running.send_signal(signal.SIGINT)
        program.wait("stopped", lambda stats: stats["stopped"] == 1)
        running.communicate(timeout=TIMEOUT)


def main():
    directory = Path(sys.argv[1])

    def server(*options):
        return Server(directory / "completions", *options)

    client = directory / "completions_client"
    checks = [named(check, server) for check in CHECKS]
    if client.exists():
        checks.append(named(the_client_prints_the_tokens_as_they_come, server, client))
    return run_checks(checks)


if __name__ == "__main__":
    sys.exit(main())

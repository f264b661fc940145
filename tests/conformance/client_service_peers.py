"""The servers that the clients of the service talk to."""

import http.client
import json
import queue
import socket
import threading

# Long, as a sanitizer is slow; only what fails takes so much.
TIMEOUT = 20.0

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Cache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def take(waiting, what):
    try:
        return waiting.get(timeout=TIMEOUT)
    except queue.Empty:
        raise AssertionError(f"no {what} within {TIMEOUT:.0f} s") from None


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


class Connection:
    """A request that has come, and the answer as a check writes it."""

    def __init__(self, peer):
        self.socket = peer
        with peer.makefile("rb") as reader:
            self.method, self.path, _ = reader.readline().decode().split(" ")
            self.headers = http.client.parse_headers(reader)
            self.body = reader.read(int(self.headers.get("Content-Length", 0)))

    def values(self, name):
        return self.headers.get_all(name, [])

    def answer(self, status, *fields):
        lines = [f"HTTP/1.1 {status}", *fields, "Connection: close"]
        if not status.startswith("204"):
            lines.append("Content-Length: 0")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.socket.close()

    def begin(self, first_chunk=b""):
        self.socket.sendall(STREAM_HEAD + (chunk(first_chunk) if first_chunk else b""))
        return self

    def send(self, data):
        """Sends a chunk of a stream by a write of its own."""
        self.socket.sendall(chunk(data))

    def end(self):
        self.socket.sendall(b"0\r\n\r\n")
        self.socket.close()

    def cut(self):
        self.socket.close()

    def expect_close(self):
        try:
            rest = self.socket.recv(1)
        except ConnectionError:
            rest = b""
        except TimeoutError:
            raise AssertionError("the client has kept its connection") from None
        expect(rest == b"", f"the client sent {rest!r} after its request")


class Listener:
    """Takes connections, and hands each to the endpoint of its path's first two parts."""

    def __init__(self):
        self.endpoints = {}
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def add(self, endpoint):
        path = f"/endpoints/{len(self.endpoints) + 1}"
        self.endpoints[path] = endpoint
        return self.address + path

    def accept(self):
        while True:
            peer, _ = self.socket.accept()
            peer.settimeout(TIMEOUT)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=[peer], daemon=True).start()

    def serve(self, peer):
        try:
            connection = Connection(peer)
        except (OSError, ValueError):
            peer.close()  # its client was stopped before it had asked for anything
            return
        endpoint = self.endpoints.get("/".join(connection.path.split("/")[:3]))
        if endpoint:
            endpoint(connection)
        else:
            connection.answer("404 Not Found")


class Streams:
    """Where a client finds streams; each connection waits for a check to answer it."""

    def __init__(self, listener):
        self.waiting = queue.Queue()
        self.url = listener.add(self.waiting.put)

    def connection(self):
        return take(self.waiting, "connection")

    def expect_no_connection(self, seconds):
        try:
            self.waiting.get(timeout=seconds)
        except queue.Empty:
            return
        raise AssertionError("the client has connected again")


class Reports:
    """Where a client reports to: numbered from 1, in order, one at a time."""

    def __init__(self, listener):
        self.waiting = queue.Queue()
        self.number = 0
        self.busy = threading.Lock()
        self.url = listener.add(self.receive)

    def receive(self, connection):
        alone = self.busy.acquire(blocking=False)
        self.number += 1
        due = f"{self.url}/{self.number}"
        if alone and connection.method == "POST" and due.endswith(connection.path):
            self.waiting.put(json.loads(connection.body))
        else:
            wrong = f"{connection.method} {connection.path}, alone: {alone}; due is {due}"
            self.waiting.put({"kind": "wrong callback", "what": wrong})
        if alone:
            self.busy.release()
        connection.answer("202 Accepted")

    def next(self):
        return take(self.waiting, "report")

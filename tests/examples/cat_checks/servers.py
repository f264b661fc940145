"""Servers of event streams that do as a check tells them."""

import http.client
import queue
import socket
import ssl
import threading

# Generous: the program may be built with a sanitizer, on a machine that does other things as well.
TIMEOUT = 60.0


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


class Request:
    """A connection to a server, and what was asked on it."""

    def __init__(self, connection, number):
        self.connection = connection
        self.number = number
        with connection.makefile("rb") as received:
            line = received.readline().decode("latin-1").split(" ")
            self.method, self.path = line[0], line[1]
            self.headers = http.client.parse_headers(received)
            self.body = received.read(int(self.headers.get("Content-Length", "0")))

    def send(self, data):
        self.connection.sendall(data)

    def respond(self, status, **headers):
        lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
        self.send(f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode())

    def stream(self, data=b""):
        self.respond("200 OK", Content_Type="text/event-stream")
        self.send(data)

    def hold(self):
        """Keeps the stream open until the other side leaves."""
        while self.connection.recv(4096):
            pass


class Server:
    """Listens on the loopback address, or at a path, and answers each request in a thread of its
    own."""

    def __init__(self, answer, tls=None, path=None):
        self.answer = answer
        self.tls = tls
        self.requests = queue.Queue()
        self.count = 0
        self.failures = []
        if path:
            self.listener = socket.create_server(path, family=socket.AF_UNIX)
        else:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.port = self.listener.getsockname()[1]
            self.origin = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, path="/"):
        return self.origin + path

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        # Wakes the accept, which closing alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if not failed and self.failures:
            raise AssertionError(f"in a server: {self.failures[0]!r}")

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.serve, args=(connection, self.count), daemon=True).start()

    def serve(self, connection, number):
        connection.settimeout(TIMEOUT)
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                request = Request(connection, number)
                self.requests.put(request)
                self.answer(request)
        except (ConnectionError, ssl.SSLError):
            pass  # a client that has seen enough leaves
        except Exception as error:
            self.failures.append(error)

    def asked(self):
        """The next request that has come."""
        return self.requests.get(timeout=TIMEOUT)

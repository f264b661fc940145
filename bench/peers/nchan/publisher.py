"""Publishes over one connection to nginx, by POSTs that do not wait for each other's answers."""
import re
import socket
import threading
import time

# As many POSTs may be without an answer.
MOST_PENDING = 256
STATUS = re.compile(rb"HTTP/1\.1 (\d\d\d)")
LONGEST_STATUS = len(b"HTTP/1.1 200")


class Publisher(threading.Thread):
    def __init__(self, connected, options):
        super().__init__(daemon=True)
        self.options = options
        self.published = 0
        self.refused = 0
        self._stopping = threading.Event()
        self._pending = 0
        self._unread = b""
        self._socket = connected

    def stop(self):
        self._stopping.set()
        if self.is_alive():
            self.join()

    def run(self):
        interval = self.options.burst / self.options.rate
        due = time.monotonic()
        while not self._stopping.wait(max(0, due - time.monotonic())):
            for _ in range(self.options.burst):
                self._publish()
            due += interval
            if time.monotonic() - due > 1:
                due = time.monotonic()

    def _publish(self):
        self._read_answers(socket.MSG_DONTWAIT)
        while self._pending >= MOST_PENDING:
            self._read_answers(0)
        topics = self.options.topics
        text = f"n={self.published // topics} t={time.monotonic_ns()}"
        if len(text) < self.options.size:
            text = f"{text} ".ljust(self.options.size, "x")
        self._socket.sendall(
            f"POST /{self._topic()} HTTP/1.1\r\nHost: nchan\r\n"
            f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
        )
        self._pending += 1
        self.published += 1

    def _topic(self):
        options = self.options
        return options.first_topic + self.published % options.topics * options.topic_step

    def _read_answers(self, flags):
        try:
            received = self._socket.recv(1 << 16, flags)
        except BlockingIOError:
            return
        if not received:
            raise ConnectionError("nginx has closed the publisher's connection")
        self._unread += received
        codes = list(STATUS.finditer(self._unread))
        self._pending -= len(codes)
        self.refused += sum(not code[1].startswith(b"2") for code in codes)
        seen = codes[-1].end() if codes else 0
        self._unread = self._unread[max(seen, len(self._unread) - LONGEST_STATUS + 1) :]

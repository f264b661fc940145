"""The service that is driven, and the clients that it runs."""

import http.client
import json
import re
import signal
import subprocess
import threading

from client_service_peers import TIMEOUT, Listener, Reports, Streams, expect


def event(data, event_type="message", last_id=""):
    return {"kind": "event", "event": {"type": event_type, "data": data, "id": last_id}}


def comment(text):
    return {"kind": "comment", "comment": text}


class Checks:
    """The checks of a group by their names; also the decorator that adds one, with arguments."""

    def __init__(self, group):
        self.group = group
        self.functions = {}

    def __call__(self, name, *arguments):
        def add(function):
            self.functions[name] = lambda stage: function(stage, *arguments)
            return function

        return add


def shortened(value):
    text = repr(value)
    return text if len(text) < 300 else f"{text[:140]}... ({len(text)} characters)"


class Service:
    """A running service, which has ended after the `with`, whatever happens."""

    def __init__(self, binary):
        self.binary = binary
        self.process = subprocess.Popen([binary, "--port", "0"], stdout=subprocess.PIPE, text=True)
        # Reading a line has no timeout of its own.
        guard = threading.Timer(TIMEOUT, self.process.kill)
        guard.start()
        line = self.process.stdout.readline()
        guard.cancel()
        address = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\n", line)
        if not address:
            self.__exit__()
            raise AssertionError(f"the first line is no address: {line!r}")
        self.port = int(address[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, method, path, body=None):
        """Status, headers and text of the answer; a body that is no text is sent as JSON."""
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        connection.request(method, path, body)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.headers, text

    def has_ended(self):
        return self.process.poll() is not None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def expect_end(self):
        status = self.process.wait(TIMEOUT)
        expect(status == 0, f"the service ended with the exit status {status}")


class Client:
    """A client that the service runs until the end of the `with`."""

    def __init__(self, service, streams, reports, resource):
        self.service = service
        self.streams = streams
        self.reports = reports
        self.resource = resource

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        if not failure:
            self.stop()

    def stop(self):
        status, _, text = self.service.ask("DELETE", self.resource)
        expect(status in (200, 204), f"DELETE {self.resource}: {status} {text}")

    def stream(self):
        return self.streams.connection().begin()

    def command(self, **command):
        status, _, text = self.service.ask("POST", self.resource, command)
        expect(200 <= status < 300, f"{command}: {status} {text}")

    def listen(self, event_type):
        self.command(command="listen", listen={"type": event_type})

    def expect(self, *expected):
        for each in expected:
            got = self.reports.next()
            expect(got == each, f"{shortened(got)} instead of {shortened(each)}")

    def expect_error(self):
        got = self.reports.next()
        right = got.keys() == {"kind", "error"} and got["kind"] == "error" and got["error"]
        expect(right, f"no error: {shortened(got)}")

    def expect_no_more(self, stream):
        """Nothing was reported before an event that comes after all."""
        stream.send(b"data: the last one\n\n")
        got = self.reports.next()
        expect(got.get("event", {}).get("data") == "the last one", f"reported: {shortened(got)}")


class Stage:
    def __init__(self, service):
        self.service = service
        self.listener = Listener()

    def streams(self):
        return Streams(self.listener)

    def client(self, callback_suffix="", **parameters):
        streams, reports = self.streams(), Reports(self.listener)
        asked = {
            "tag": "a check",
            "streamUrl": streams.url,
            "callbackUrl": reports.url + callback_suffix,
            **parameters,
        }
        status, headers, text = self.service.ask("POST", "/", asked)
        expect(200 <= status < 300, f"POST /: {status} {text}")
        return Client(self.service, streams, reports, headers["Location"])

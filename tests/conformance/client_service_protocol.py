"""What the service itself does for a harness."""

import json
import subprocess

from client_service_peers import TIMEOUT, expect
from client_service_stage import Checks, Service, Stage

CAPABILITIES = [
    "bom",
    "comments",
    "event-type-listeners",
    "headers",
    "last-event-id",
    "post",
    "read-timeout",
    "report",
    "restart",
    "server-directed-shutdown-request",
]
SERVICE = Checks("the service")


@SERVICE("it tells its name and capabilities")
def name_and_capabilities(stage):
    status, headers, text = stage.service.ask("GET", "/")
    expect(status == 200 and headers["Content-Type"] == "application/json", f"{status} {headers}")
    told = json.loads(text)
    expect(told["name"] == "crier" and sorted(told["capabilities"]) == CAPABILITIES, text)


@SERVICE("what is unknown is 404")
def unknown_is_404(stage):
    for method in "GET", "POST", "DELETE":
        for path in "/clients/0", "/clients/", "/none":
            body = None if method == "GET" else {"command": "restart"}
            status, *_ = stage.service.ask(method, path, body)
            expect(status == 404, f"{method} {path}: {status}")


@SERVICE("another method is 405")
def another_method_is_405(stage):
    with stage.client() as client:
        for path in "/", client.resource:
            status, *_ = stage.service.ask("PUT", path, "{}")
            expect(status == 405, f"PUT {path}: {status}")


@SERVICE("a bad command is 400, and changes nothing")
def bad_command_is_400(stage):
    bad = [
        "",
        "{",
        "[]",
        "{}",
        '"restart"',
        {"command": None},
        {"command": 1},
        {"command": "stop"},
        {"command": "listen"},
        {"command": "listen", "listen": "price"},
        {"command": "listen", "listen": {}},
        {"command": "listen", "listen": {"type": 1}},
    ]
    with stage.client() as client:
        stream = client.stream()
        for body in bad:
            status, *_ = stage.service.ask("POST", client.resource, body)
            expect(status == 400, f"{body}: {status}")
        client.expect_no_more(stream)


@SERVICE("bad parameters are 400")
def bad_parameters_are_400(stage):
    right = {"streamUrl": "http://127.0.0.1:1/", "callbackUrl": "http://127.0.0.1:1/"}
    bad = [
        {"streamUrl": None},
        {"streamUrl": "/stream"},
        {"streamUrl": 1},
        {"callbackUrl": ""},
        {"callbackUrl": "https://127.0.0.1:1/"},
        {"initialDelayMs": "soon"},
        {"initialDelayMs": -1},
        {"readTimeoutMs": 1.5},
        {"headers": ["x"]},
        {"headers": {"x": 1}},
        {"headers": {"last-event-id": "17"}},
        {"method": "GET /"},
        {"lastEventId": "1\n7"},
        {"body": {}},
    ]
    for each in bad:
        status, *_ = stage.service.ask("POST", "/", {**right, **each})
        expect(status == 400, f"{each}: {status}")
    for body in "", "{", "[]", "null":
        status, *_ = stage.service.ask("POST", "/", body)
        expect(status == 400, f"{body}: {status}")


@SERVICE("parameters that are not used may be null or empty")
def unused_parameters_may_be_null_or_empty(stage):
    names = ["lastEventId", "headers", "method", "body", "initialDelayMs", "readTimeoutMs"]
    empty = {"lastEventId": "", "headers": {}, "method": "", "body": ""}
    for unused in dict.fromkeys(names), empty:
        with stage.client(**unused) as client:
            stream = client.stream()
            expect(stream.method == "GET" and stream.values("Last-Event-ID") == [], "other values")
            client.expect_no_more(stream)


@SERVICE("a client is stopped by DELETE")
def a_client_is_stopped_by_delete(stage):
    with stage.client(initialDelayMs=0) as client:
        stream = client.stream()
    stream.expect_close()
    status, *_ = stage.service.ask("DELETE", client.resource)
    expect(status == 404, f"deleted again: {status}")
    client.streams.expect_no_connection(0.2)


def end_with_clients(stage, end):
    with Service(stage.service.binary) as service:
        other = Stage(service)
        reading, waiting = other.client(), other.client(initialDelayMs=600_000)
        stream, asked = reading.stream(), other.client().streams.connection()
        waiting.stream().cut()
        waiting.expect_error()
        end(service)
        service.expect_end()
        stream.expect_close()
        asked.expect_close()


@SERVICE("it ends after SIGTERM with status 0, whatever its clients do")
def it_ends_after_sigterm(stage):
    end_with_clients(stage, Service.terminate)


@SERVICE("it ends after DELETE / with status 0, whatever its clients do")
def it_ends_after_delete(stage):
    end_with_clients(stage, lambda service: service.ask("DELETE", "/"))


@SERVICE("what is no port, and a taken one, is refused in one line")
def bad_ports_are_refused(stage):
    for arguments in ["--port"], ["--port", "x"], ["8000"], ["--port", str(stage.service.port)]:
        ended = subprocess.run(
            [stage.service.binary, *arguments], capture_output=True, text=True, timeout=TIMEOUT
        )
        refused = ended.returncode == 2 and not ended.stdout and ended.stderr.count("\n") == 1
        expect(refused, f"{arguments}: {ended.returncode} {ended.stdout!r} {ended.stderr!r}")

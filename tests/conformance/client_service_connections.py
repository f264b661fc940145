"""How a client asks for streams, and how it comes back."""

import time

from client_service_peers import expect
from client_service_stage import Checks, event

JSON_BODY = '{"say": "hello"}'
JSON_TYPE = "application/json; charset=utf-8"
HTTP_BEHAVIOR = Checks("HTTP behavior")
RECONNECTION = Checks("reconnection")


def expect_values(connection, name, *expected):
    got = connection.values(name)
    expect(got == list(expected), f"{name}: {got} instead of {list(expected)}")


@HTTP_BEHAVIOR("the default method and headers")
def default_method_and_headers(stage):
    with stage.client() as client:
        asked = client.stream()
        expect(asked.method == "GET", asked.method)
        expect_values(asked, "Accept", "text/event-stream")
        expect_values(asked, "Cache-Control", "no-cache")
        expect_values(asked, "Last-Event-ID")
        expect_values(asked, "Content-Length")
        expect_values(asked, "Transfer-Encoding")


@HTTP_BEHAVIOR("204 halts")
def no_content_halts(stage):
    with stage.client(initialDelayMs=0) as client:
        client.streams.connection().answer("204 No Content")
        client.expect_error()
        client.streams.expect_no_connection(1)


@HTTP_BEHAVIOR("a redirect with 301 is followed", "301 Moved Permanently")
@HTTP_BEHAVIOR("a redirect with 307 is followed", "307 Temporary Redirect")
def redirect_is_followed(stage, status):
    target = stage.streams()
    with stage.client() as client:
        client.streams.connection().answer(status, f"Location: {target.url}")
        stream = target.connection().begin()
        stream.send(b"data: x\n\n")
        client.expect(event("x"))
        client.expect_no_more(stream)


@HTTP_BEHAVIOR("an empty Location with 301 is an error", "301 Moved", "Location: ")
@HTTP_BEHAVIOR("no Location with 301 is an error", "301 Moved")
@HTTP_BEHAVIOR("an empty Location with 307 is an error", "307 Moved", "Location: ")
@HTTP_BEHAVIOR("no Location with 307 is an error", "307 Moved")
def redirect_to_nowhere_is_an_error(stage, status, *fields):
    with stage.client(initialDelayMs=0) as client:
        client.streams.connection().answer(status, *fields)
        client.expect_error()
        client.streams.expect_no_connection(0.2)


@HTTP_BEHAVIOR("custom headers")
def custom_headers(stage):
    with stage.client(headers={"x-first": "1", "x-second": "two words"}) as client:
        asked = client.stream()
        expect_values(asked, "X-First", "1")
        expect_values(asked, "X-Second", "two words")


@HTTP_BEHAVIOR("POST with a body", "POST")
@HTTP_BEHAVIOR("REPORT with a body", "REPORT")
def method_with_a_body(stage, method):
    headers = {"content-type": JSON_TYPE}
    with stage.client(method=method, body=JSON_BODY, headers=headers) as client:
        stream = client.stream()
        expect(stream.method == method, stream.method)
        expect(stream.body == JSON_BODY.encode(), f"{stream.body}")
        expect_values(stream, "Content-Type", JSON_TYPE)
        client.expect_no_more(stream)


@HTTP_BEHAVIOR("an initial last event id")
def initial_last_event_id(stage):
    with stage.client(lastEventId="17") as client:
        stream = client.stream()
        expect_values(stream, "Last-Event-ID", "17")
        stream.send(b"data: x\n\n")
        client.expect(event("x", last_id="17"))


@RECONNECTION("a restart")
def restart(stage):
    # So long a wait shows that the restart does not wait.
    with stage.client(initialDelayMs=600_000) as client:
        first = client.stream()
        first.send(b"data: before\n\n")
        client.expect(event("before"))
        client.command(command="restart")
        first.expect_close()
        second = client.stream()
        second.send(b"data: after\n\n")
        client.expect(event("after"))
        client.expect_no_more(second)


@RECONNECTION("the last id is sent")
def last_id_is_sent(stage):
    with stage.client(initialDelayMs=0) as client:
        first = client.stream()
        expect_values(first, "Last-Event-ID")
        first.send(b"id: 17\ndata: x\n\n")
        client.expect(event("x", last_id="17"))
        first.end()
        second = client.stream()
        expect_values(second, "Last-Event-ID", "17")
        client.expect_no_more(second)


@RECONNECTION("the last id is sent if later events had none")
def last_id_is_sent_though_later_events_had_none(stage):
    with stage.client(initialDelayMs=0) as client:
        first = client.stream()
        first.send(b"id: 17\ndata: x\n\n")
        first.send(b"data: y\n\n")
        client.expect(event("x", last_id="17"), event("y", last_id="17"))
        first.end()
        expect_values(client.stream(), "Last-Event-ID", "17")


@RECONNECTION("no last id is sent after an empty one")
def no_last_id_is_sent_after_an_empty_one(stage):
    with stage.client(initialDelayMs=0) as client:
        first = client.stream()
        first.send(b"id: 17\ndata: x\n\n")
        first.send(b"id: \ndata: y\n\n")
        client.expect(event("x", last_id="17"), event("y"))
        first.end()
        expect_values(client.stream(), "Last-Event-ID")


@RECONNECTION("the body is sent again")
def body_is_sent_again(stage):
    headers = {"content-type": JSON_TYPE}
    asked = {"method": "POST", "body": JSON_BODY, "headers": headers, "initialDelayMs": 0}
    with stage.client(**asked) as client:
        client.stream().end()
        second = client.stream()
        expect(second.method == "POST", second.method)
        expect(second.body == JSON_BODY.encode(), f"{second.body}")
        expect_values(second, "Content-Type", JSON_TYPE)


@RECONNECTION("a read timeout is an error, and the client comes back")
def read_timeout(stage):
    with stage.client(initialDelayMs=0, readTimeoutMs=500) as client:
        asked = client.streams.connection()
        began = time.monotonic()
        # At once: however slow this is, it is no silence of the stream.
        first = asked.begin(b"data: x\n\n")
        client.expect(event("x"))
        client.expect_error()
        client.stream()
        took = time.monotonic() - began
        expect(took >= 0.5, f"given up after {took:.2f} s")
        first.expect_close()


@RECONNECTION("a partial message is discarded")
def partial_message_is_discarded(stage):
    with stage.client(initialDelayMs=0) as client:
        first = client.stream()
        first.send(b"id: 17\ndata: whole\n\nid: 18\ndata: part")
        client.expect(event("whole", last_id="17"))
        first.end()
        second = client.stream()
        expect_values(second, "Last-Event-ID", "17")
        second.send(b"data: another\n\n")
        client.expect(event("another", last_id="17"))
        client.expect_no_more(second)


@RECONNECTION("a new connection works")
def new_connection_works(stage):
    with stage.client(initialDelayMs=0) as client:
        for number in "17", "18", "19":
            stream = client.stream()
            stream.send(f"id: {number}\ndata: x\n\n".encode())
            client.expect(event("x", last_id=number))
            stream.end()

"""What a client reports, and what not."""

import time

from client_service_peers import expect
from client_service_stage import Checks, comment, event

REPORTING = Checks("reporting")


@REPORTING("a type is reported once it is listened for")
def a_type_is_reported_once_it_is_listened_for(stage):
    with stage.client() as client:
        stream = client.stream()
        stream.send(b"event: price\ndata: 1\n\ndata: 2\n\n")
        client.expect(event("2"))
        client.listen("price")
        stream.send(b"event: price\ndata: 3\n\nevent: prices\ndata: 4\n\n")
        client.expect(event("3", "price"))
        client.expect_no_more(stream)


@REPORTING("events and comments of one chunk are reported in order")
def events_and_comments_are_reported_in_order(stage):
    with stage.client() as client:
        stream = client.stream()
        stream.send(b"data: 1\n\n:2\ndata: 3\n\n:4\n:5\ndata: 6\n\n")
        client.expect(event("1"), comment("2"), event("3"), comment("4"), comment("5"), event("6"))
        client.expect_no_more(stream)


@REPORTING("the clients do not mix")
def clients_do_not_mix(stage):
    with stage.client() as first, stage.client(callback_suffix="/") as second:
        streams = [first.stream(), second.stream()]
        for number in "1", "2":
            for name, stream in zip("ab", streams):
                stream.send(f"id: {name}\ndata: {number}\n\n".encode())
            first.expect(event(number, last_id="a"))
            second.expect(event(number, last_id="b"))


@REPORTING("a refused status is an error", "404 Not Found")
@REPORTING("a server's failure is an error", "500 Internal Server Error")
@REPORTING("another content is an error", "200 OK", "Content-Type: text/html")
def refused_answer_is_an_error(stage, status, *fields):
    with stage.client(initialDelayMs=0) as client:
        client.streams.connection().answer(status, *fields)
        client.expect_error()
        client.streams.expect_no_connection(0.2)


@REPORTING("a stream that is cut is an error, and the client comes back")
def cut_stream_is_an_error(stage):
    with stage.client(initialDelayMs=0) as client:
        client.stream().cut()
        client.expect_error()
        client.expect_no_more(client.stream())


@REPORTING("the initial delay is kept")
def initial_delay_is_kept(stage):
    with stage.client(initialDelayMs=400) as client:
        first = client.stream()
        began = time.monotonic()
        first.end()
        client.stream()
        took = time.monotonic() - began
        expect(took >= 0.4, f"back after {took:.2f} s")

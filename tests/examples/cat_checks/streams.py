"""How crier-cat gets at streams, and what it tells of them."""

import json
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

from .running import EVENTS, TIME, Cat, check, expect_end, expect_equal, run, serving
from .servers import TIMEOUT, Server, expect


@check
def what_is_no_stream_ends_with_1():
    for status, content_type, notice in [
        ("404 Not Found", "text/event-stream", "closed: 404 Not Found"),
        ("200 OK", "text/html", 'closed: the content type is "text/html"'),
        ("204 No Content", "text/event-stream", "closed: 204 No Content"),
    ]:
        answer = lambda request: request.respond(status, Content_Type=content_type)
        with Server(answer) as server:
            expect_end(run(server.url()), 1, notice)
            expect_equal(server.count, 1)


@check
def a_server_error_is_tried_again_but_not_by_the_letter_of_the_standard():
    def answer(request):
        if request.number == 1:
            request.respond("503 Busy", Retry_After=0)
            request.send(b"restarting\nsoon")
        else:
            request.stream(b"data: one\n\n")

    with Server(answer) as server:
        ended = run("--count", "1", server.url())
    expect_end(ended, 0, "503 Busy: restarting; connecting again in ")
    with Server(answer) as server:
        expect_end(run("--standard-errors", server.url()), 1, "closed: 503 Busy: restarting\n")
        expect_equal(server.count, 1)


@check
def a_post_is_sent_once_unless_more_is_asked_for():
    for arguments, count in ([], 1), (["--no-reconnect"], 1), (["--reconnect", "--count", "2"], 2):
        with Server(lambda request: request.stream(b"retry: 20\ndata: one\n\n")) as server:
            expect_end(run("--body", "x", *arguments, server.url()), 0)
            expect_equal(server.count, count)


@check
def an_id_that_no_server_takes_is_told():
    with Server(lambda request: request.stream(b"retry: 20\nid: \x01\ndata: one\n\n")) as server:
        ended = run("--count", "3", server.url())
        expect_equal([server.asked().headers["Last-Event-ID"] for _ in range(3)], [None] * 3)
    expect_end(ended, 0, "* connected\n")
    told = b"* the last event id is not sent: it holds a control character\n"
    expect_equal(ended.stderr.count(told), 1)
    expect_equal(ended.stderr.count(b"with Last-Event-ID"), 0)


@check
def a_stream_that_ends_goes_on_after_its_last_event():
    def answer(request):
        if request.number == 1:
            request.stream(b"retry: 20\nid: 41\ndata: one\n\n")
        else:
            request.stream(b"data: two\n\n")
            request.hold()

    with Server(answer) as server:
        ended = run("--json", "--count", "2", server.url("/x"))
        expect_equal(server.asked().headers["Last-Event-ID"], None)
        expect_equal(server.asked().headers["Last-Event-ID"], "41")
    expect_equal([json.loads(line)["data"] for line in ended.stdout.splitlines()], ["one", "two"])
    notices = TIME.sub("T", ended.stderr.decode()).splitlines()
    lost = notices.pop(2)
    expect(re.fullmatch(r"T  \* the stream has ended; connecting again in 2\d ms", lost), lost)
    expect_equal(
        notices,
        [
            f"T  * connecting to {server.url('/x')}",
            "T  * connected",
            "T  * connected, with Last-Event-ID 41",
        ],
    )


@check
def a_silent_connection_is_given_up():
    def answer(request):
        request.stream(b"retry: 20\ndata: one\n\n")
        request.hold()

    with Server(answer) as server:
        ended = run("--idle-timeout", "0.5", "--count", "2", server.url())
    expect_end(ended, 0, "stream was silent for too long; connecting again")


@check
def the_request_is_what_was_asked_for():
    with tempfile.NamedTemporaryFile() as file:
        file.write(b'{"model":\n"x"}')
        file.flush()
        for arguments, method, body in [
            ([], "GET", b""),
            (["--body", "[1,2]"], "POST", b"[1,2]"),
            (["--body", f"@{file.name}"], "POST", b'{"model":\n"x"}'),
            (["--method", "PUT", "--body", "x"], "PUT", b"x"),
        ]:
            fields = ["--header", "Authorization: Bearer a:b ", "--header", "X-Two:2"]
            with serving(EVENTS) as server:
                # Without a scheme, and after an option that may be given many times.
                url = server.url("/path?query=1").removeprefix("http://")
                run("--no-reconnect", "--last-event-id", "40", *arguments, *fields, url)
                asked = server.asked()
            expect_equal((asked.method, asked.body), (method, body))
            expect_equal(asked.path, "/path?query=1")
            expect_equal(asked.headers["Last-Event-ID"], "40")
            expect_equal(asked.headers["Authorization"], "Bearer a:b")
            expect_equal(asked.headers["X-Two"], "2")


@check
def headers_come_from_a_file_too():
    with tempfile.NamedTemporaryFile() as file, serving(EVENTS) as server:
        file.write(b"Authorization: Bearer a:b\r\n\n  X-Two: 2  \nX-Three:3")
        file.flush()
        run("--no-reconnect", "--header", f"@{file.name}", "--header", "X-Four: 4", server.url())
        headers = server.asked().headers
    sent = [headers[name] for name in ("Authorization", "X-Two", "X-Three", "X-Four")]
    expect_equal(sent, ["Bearer a:b", "2", "3", "4"])


@check
def a_large_event_needs_a_larger_limit():
    large = b"data: " + b"x" * 2_000_000 + b"\n\n"
    with serving(large) as server:
        ended = run("--no-reconnect", server.url())
    expect_end(ended, 1, "over the limit of 1048576 bytes")
    expect_end(ended, 1, "* --event-limit takes larger events\n")
    for arguments in [], ["--raw"]:
        with serving(large) as server:
            ended = run("--event-limit", "2100000", "--count", "1", *arguments, server.url())
        expect_end(ended, 0)
        expect(len(ended.stdout) > 2_000_000, "the event is not whole")


@check
def a_proxy_is_asked_in_place_of_the_server():
    url = "http://example.invalid/path"
    by_option = ["--proxy", "http://user:pass@{}"]
    by_variable = {"http_proxy": "user:pass@{}", "no_proxy": "a.invalid,b.invalid"}
    for arguments, variables in (by_option, {}), ([], by_variable):
        with serving(EVENTS) as proxy:
            at = f"127.0.0.1:{proxy.port}"
            arguments = [argument.format(at) for argument in arguments]
            variables = {name: value.format(at) for name, value in variables.items()}
            expect_end(run("--no-reconnect", *arguments, url, **variables), 0)
            asked = proxy.asked()
        expect_equal((asked.method, asked.path), ("GET", url))
        expect_equal(asked.headers["Proxy-Authorization"], "Basic dXNlcjpwYXNz")


@check
def a_proxy_that_refuses_is_quoted():
    def answer(request):
        expect_equal((request.method, request.path), ("CONNECT", "example.invalid:443"))
        request.respond("403 Not for you")

    with Server(answer) as proxy:
        ended = run("--proxy", proxy.origin, "https://example.invalid/")
    expect_end(ended, 1, f"closed: proxy 127.0.0.1:{proxy.port}: 403 Not for you")


@check
def what_needs_no_proxy_is_asked_directly():
    with serving(EVENTS) as server:
        for arguments, variables in [
            (["--proxy", "127.0.0.1:1", "--noproxy", "a,127.0.0.0/8"], {}),
            (["--proxy", "127.0.0.1:1"], {"no_proxy": "127.0.0.1"}),
            ([], {"HTTP_PROXY": "127.0.0.1:1", "http_proxy": ""}),
        ]:
            run("--no-reconnect", *arguments, server.url("/path"), **variables)
            expect_equal(server.asked().path, "/path")


@check
def a_unix_socket_is_connected_to():
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/socket"
        with Server(lambda request: request.stream(b"data: one\n\n"), path=path) as server:
            ended = run("--count", "1", "--unix-socket", path, "example.invalid/path")
            asked = server.asked()
        expect_end(ended, 0)
        expect(ended.stdout.endswith(b"  one\n"), f"{ended.stdout!r}")
        expect_equal((asked.path, asked.headers["Host"]), ("/path", "example.invalid"))
        ended = run("--no-reconnect", "--unix-socket", f"{directory}/none", "x")
        expect_end(ended, 1, f"{directory}/none: No such file or directory")


@check
def a_redirect_is_followed_and_told():
    def answer(request):
        if request.path == "/old":
            request.respond("302 Found", Location="/new", Content_Length=0)
        else:
            request.stream(b"data: new\n\n")

    with Server(answer) as server:
        ended = run("--count", "1", server.url("/old"))
    expect_end(ended, 0, f"* connected to {server.url('/new')}\n")
    expect(ended.stdout.endswith(b"  new\n"), f"{ended.stdout!r}")


@check
def redirects_without_end_are_named():
    with Server(lambda request: request.respond("302 Found", Location="/")) as server:
        expect_end(run(server.url()), 1, "more than 20 redirects")


@check
def several_streams_are_told_apart():
    def answer(request):
        request.stream(b"data: from\ndata: " + request.path.encode() + b"\n\n")

    with Server(answer) as server:
        urls = [server.url("/a"), server.url("/long")]
        people = run("--no-reconnect", *urls)
        lines = run("--no-reconnect", "--json", *urls)
    expect_end(people, 0, "/a     * connected\n")
    shown = TIME.sub("hh:mm:ss.mmm", people.stdout.decode())
    for path in "/a   ", "/long":
        event = f"hh:mm:ss.mmm  {path}  from\n                   │ {path.strip()}\n"
        expect(event in shown, f"no {event!r} in {shown!r}")
    shown = [json.loads(line) for line in lines.stdout.splitlines()]
    expect_equal([list(event) for event in shown], [["type", "data", "id", "url"]] * 2)
    told = {event["url"]: event["data"] for event in shown}
    expect_equal(told, {urls[0]: "from\n/a", urls[1]: "from\n/long"})


@check
def several_hosts_are_told_apart():
    with serving(b"data: 1\n\n") as first, serving(b"data: 2\n\n") as second:
        ended = run("--no-reconnect", "--header", "X-One: 1", first.url(), second.url())
    expect_end(ended, 0)
    for server, data in (first, 1), (second, 2):
        line = rf"  127\.0\.0\.1:{server.port} +{data}\n"
        expect(re.search(line, ended.stdout.decode()), f"no {line!r} in {ended.stdout!r}")


@check
def one_stream_that_is_refused_does_not_end_the_others():
    refused = threading.Event()

    def answer(request):
        if request.path == "/none":
            request.respond("404 Not Found")
        else:
            expect(refused.wait(TIMEOUT), "not told of the first one")
            request.stream(b"data: one\n\n")
            request.hold()

    with Server(answer) as server:
        with Cat("--count", "1", server.url("/none"), server.url("/one")) as cat:
            cat.notices.find("closed: 404")
            refused.set()
            expect_equal(cat.status(), 0)
    with Server(lambda request: request.respond("404 Not Found")) as server:
        expect_equal(run(server.url("/none"), server.url("/one")).stderr.count(b"closed: 404"), 2)


@check
def the_first_end_is_the_end_without_reconnecting():
    with serving(EVENTS) as server:
        expect_end(run("--no-reconnect", server.url()), 0, "* the stream has ended\n")
        expect_equal(server.count, 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    refused = f"127.0.0.1:{port}: Connection refused"
    expect_end(run("--no-reconnect", f"127.0.0.1:{port}"), 1, refused)
    ended = run("--no-reconnect", "http://does-not-exist.invalid/")
    expect_end(ended, 1, "does-not-exist.invalid: ")


@check
def a_certificate_has_to_be_trusted():
    if not shutil.which("openssl"):
        print("       without openssl there are no certificates to try")
        return
    with tempfile.TemporaryDirectory() as directory:
        key, certificate = f"{directory}/key.pem", f"{directory}/certificate.pem"
        made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        made += ["-nodes", "-days", "2", "-subj", "/CN=crier", "-keyout", key, "-out", certificate]
        made += ["-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run(made, check=True, stderr=subprocess.DEVNULL)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        with Server(lambda request: request.stream(EVENTS), tls) as server:
            url = f"https://127.0.0.1:{server.port}/"
            ended = run("--no-reconnect", url)
            expect_end(ended, 1, "certificate of 127.0.0.1: ")
            expect_end(ended, 1, "--ca-file")
            expect_equal(ended.stdout, b"")
            for option in ["--insecure"], ["--ca-file", certificate]:
                ended = run("--json", "--count", "1", *option, url)
                expect_end(ended, 0)
                expect_equal(ended.stdout, b'{"type":"message","data":"one","id":""}\n')

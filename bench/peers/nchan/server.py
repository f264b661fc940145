#!/usr/bin/env -S python3 -B
"""nginx with nchan. It publishes by itself, from this process, so that nginx' processes only serve."""
import argparse
import contextlib
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

from publisher import Publisher

UNPACKED = pathlib.Path(__file__).resolve().parents[3] / "build-bench" / "nchan"
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}

CONFIGURATION = """
daemon off;
worker_processes {threads};
pid {directory}/nginx.pid;
error_log stderr warn;
load_module {module};
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  {redis}
  client_body_temp_path {directory}/client_body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096 {protocols};
    {encryption}
    location / {{ return 404; }}
    location ~ ^/t/(\\d+)$ {{
      nchan_subscriber eventsource;
      nchan_channel_id $1;
      nchan_subscriber_first_message newest;
      nchan_eventsource_ping_interval {heartbeat};
      nchan_eventsource_ping_event "";
      nchan_eventsource_ping_comment "";
      {shared}
    }}
  }}
  server {{
    listen unix:{directory}/publish;
    keepalive_requests 1000000000;
    keepalive_timeout 1d;
    client_body_buffer_size 1m;
    location ~ ^/(\\d+)$ {{
      nchan_publisher;
      nchan_channel_id $1;
      {shared}
    }}
  }}
}}
"""


ENCRYPTION = """
    ssl_protocols TLSv1.3;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
"""


def number(kind, least, most=10**9):
    def parse(text):
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least} to {most}")
        return value

    return parse


def absolute(path):
    return pathlib.Path(path).resolve()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--port", type=number(int, 0, 65535), default=0, help="to listen on at 127.0.0.1; 0: any free one")
    add("--threads", type=number(int, 1), default=1, help="worker processes of nginx")
    add("--topics", type=number(int, 1), default=1, help="number of topics, /t/0 and so on")
    add("--silent", type=number(int, 0), default=0, help="further topics; here, all there are")
    add("--first-topic", type=number(int, 0), default=0, help="the first that is published to")
    add("--topic-step", type=number(int, 1), default=1, help="from each of those topics to the next")
    add("--redis", default="", help="the URL of the Redis that several servers share")
    add("--rate", type=number(float, 0), default=0, help="events a second, all topics together; 0: none")
    add("--size", type=number(int, 0, 1 << 20), default=128, help="bytes of an event's payload")
    add("--burst", type=number(int, 1), default=1, help="events published at once")
    add("--heartbeat", type=number(int, 1), default=15, help="seconds between heartbeats")
    add("--certificate", type=absolute, help="a file in PEM; with it, all is by TLS")
    add("--key", type=absolute, help="its key, a file in PEM")
    add("--ticket-keys", type=absolute, help="a file with 80 random bytes, the keys of tickets")
    add("--http2", action="store_true", help="streams come by HTTP/2")
    add("--nodelay", action="store_true", help="TCP_NODELAY, which nchan does not set")
    add("--root", type=absolute, default=UNPACKED, help="where nginx is unpacked; /: the installed one")
    options = parser.parse_args()
    if not (options.root / "usr/sbin/nginx").exists():
        parser.error(f"no nginx in {options.root}: ./run bench --peers unpacks it")
    if bool(options.certificate) != bool(options.key):
        parser.error("--certificate and --key need each other")
    return options


def listen(options):
    listener = socket.create_server(("127.0.0.1", options.port), backlog=4096)
    # What nginx accepts from it inherits this. nginx' own tcp_nodelay does nothing for nchan's streams.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, options.nodelay)
    listener.setblocking(False)
    return listener


def encryption(options):
    if not options.certificate:
        return ""
    lines = ENCRYPTION.format(certificate=options.certificate, key=options.key)
    return lines + (f"ssl_session_ticket_key {options.ticket_keys};" if options.ticket_keys else "")


def configure(options, port, directory):
    return CONFIGURATION.format(
        threads=options.threads,
        directory=directory,
        module=options.root / "usr/lib/nginx/modules/ngx_nchan_module.so",
        connections=min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        port=port,
        protocols=" ".join(["ssl"] * bool(options.certificate) + ["http2"] * options.http2),
        encryption=encryption(options),
        heartbeat=options.heartbeat,
        redis=f"upstream redis {{ nchan_redis_server {options.redis}; }}" if options.redis else "",
        shared="nchan_redis_pass redis;" if options.redis else "",
    )


def start_nginx(options, listener, directory):
    configuration = directory / "nginx.conf"
    configuration.write_text(configure(options, listener.getsockname()[1], directory), encoding="utf-8")
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": ":".join(map(str, options.root.glob("usr/lib/*-linux-gnu*"))),
        # How nginx hands its listening sockets to the nginx that comes after it.
        "NGINX": f"{listener.fileno()};",
    }
    command = [options.root / "usr/sbin/nginx", "-p", directory, "-c", configuration, "-e", "stderr"]
    return subprocess.Popen(command, env=environment, pass_fds=[listener.fileno()])


def connect(nginx, path):
    """Waits until nginx listens there."""
    while nginx.poll() is None:
        publishing = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):
            publishing.connect(path)
            return publishing
        publishing.close()
        time.sleep(0.01)
    sys.exit("nginx has not started")


def wait_for_end(nginx):
    while signal.sigwait(SIGNALS) == signal.SIGCHLD:
        if nginx.poll() is not None:
            sys.exit("nginx has ended")


def serve(options, directory):
    with listen(options) as listener:
        port = listener.getsockname()[1]
        nginx = start_nginx(options, listener, directory)
    try:
        publisher = Publisher(connect(nginx, str(directory / "publish")), options)
        print(f"listening on {port} pid {nginx.pid}", flush=True)
        if options.rate:
            publisher.start()
        wait_for_end(nginx)
        publisher.stop()
    finally:
        nginx.terminate()
        nginx.wait()
    print(json.dumps({"published": publisher.published, "refused": publisher.refused}), flush=True)


def main():
    options = parse_options()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # Blocked from the start, in every thread: a signal ends it only where it is waited for.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with tempfile.TemporaryDirectory(prefix="nchan-") as directory:
        serve(options, pathlib.Path(directory))


if __name__ == "__main__":
    main()

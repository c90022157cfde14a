"""kos-send's own options: how often, how fast, from where, through whom, how long each phase took; and the sink."""
import contextlib
import http.server
import json
import select
import socket
import subprocess
import threading
import time

import pytest

from custody import Accepted, kind, receipt
from kit import records, tool
from mesh import PythonNode, Relay


@pytest.fixture(scope="module")
def relay(tmp_path_factory):
    relay = Relay(tmp_path_factory.mktemp("send"), "relay", "--events", "none",
                  listen=["tcp://127.0.0.1:0", "ws://127.0.0.1:0", "udp://127.0.0.1:0"])
    yield relay
    assert relay.stop() == 0


@contextlib.contextmanager
def sink(home, *arguments):
    process = subprocess.Popen([tool("kos-send"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home)
    try:
        process.peer = json.loads(process.stdout.readline())
        address = process.peer["addresses"][0]
        slash = "/" if address["type"] in ("ws", "http") else ""
        process.uri = f"{address['type']}://{address['address']}:{address['port']}{slash}"
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_repeat_and_size_and_rate(relay, run):
    started = time.monotonic()
    result = run("kos-send", "-T", relay.uri(), "--repeat", "40", "--rate", "100", "again")
    assert len(records("kos-send", result.stdout)) == 40 and result.returncode == 0
    assert time.monotonic() - started > 0.35
    result = run("kos-send", "-T", relay.uri(), "--size", "5000", "--repeat", "2", "--interval", "10ms")
    assert [each["bytesSent"] > 5000 for each in records("kos-send", result.stdout)] == [True, True]


def test_verbose_tells_the_phases(relay, run):
    result = run("kos-send", "-v", "-T", relay.uri("ws").replace("127.0.0.1", "localhost"), "--summary", "hi")
    assert result.returncode == 0
    last = result.stderr.decode().splitlines()[-1]
    for phase in ["dns ", "connect ", "tls -", "firstByte ", "ack ", "total "]:
        assert phase in last, last
    *_, metrics, summary = records("kos-send", result.stdout)
    times = summary["timingsMs"]
    assert 0 < times["dns"] <= times["connect"] <= times["firstByte"] <= times["ack"] <= times["total"]
    assert metrics["type"] == "metrics" and metrics["packetsSent"] > 1 and metrics["bytesReceived"] > 100
    assert metrics["transport"] == "ws" and metrics["peer"] == relay.id


@pytest.mark.parametrize("scheme", ["tcp", "ws", "udp", "http"])
def test_a_sink_on_every_transport(home, run, scheme):
    with sink(home, "--listen", f"{scheme}://127.0.0.1:0", "-c", "2") as there:
        uri = there.uri.replace("ws://", f"{scheme}://") if scheme == "http" else there.uri
        assert run("kos-send", "--probe", "-c", "2", "--interval", "10ms", "-T", uri).returncode == 0
        for text in ["one", "two"]:
            assert run("kos-send", "-T", uri, text).returncode == 0
        assert [json.loads(there.stdout.readline())["payload"] for _ in range(2)] == ["one", "two"]
        assert there.wait(10) == 0


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_echo_sends_back_octet_for_octet(home, scheme):
    with sink(home, "--listen", f"{scheme}://127.0.0.1:0", "--echo") as there:
        address = there.peer["addresses"][0]
        kind = socket.SOCK_STREAM if scheme == "tcp" else socket.SOCK_DGRAM
        with socket.socket(socket.AF_INET, kind) as connection:
            connection.connect((address["address"], address["port"]))
            connection.settimeout(5)
            connection.sendall(b"\x00\xff no packet")
            assert connection.recv(100) == b"\x00\xff no packet"


def test_address_families(relay, run):
    named = relay.uri().replace("127.0.0.1", "localhost")
    assert run("kos-send", "-4", "-T", named, "hi").returncode == 0
    result = run("kos-send", "-6", "-T", relay.uri(), "hi")
    assert result.returncode == 3 and b"address family" in result.stderr
    assert run("kos-send", "-4", "-6", "-T", named, "hi").returncode == 2


class Listener:
    """Takes connections and remembers from where they came."""

    def __enter__(self):
        self.callers = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                self.callers.append(self.listener.accept()[1])

    def __exit__(self, *_):
        self.listener.close()


def test_the_address_to_connect_from(relay, run):
    with Listener() as there:
        run("kos-send", "--local-addr", "127.0.0.7", "-T", f"tcp://127.0.0.1:{there.port}", "hi", "-t", "1s")
        assert there.callers[0][0] == "127.0.0.7"
    result = run("kos-send", "--local-addr", "203.0.113.9", "-T", relay.uri(), "hi", "-t", "3s")
    assert result.returncode == 3


def test_headers_are_sent(run):
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(dict(self.headers))
            self.send_error(403)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for scheme in ["ws", "http"]:
        result = run("kos-send", "--header", "X-Token: a b", "-T", f"{scheme}://127.0.0.1:{server.server_port}/", "hi",
                     "-t", "3s")
        assert result.returncode == 3 and b"403" in result.stderr, result.stderr
    server.shutdown()
    assert len(seen) == 2 and all(each["X-Token"] == "a b" for each in seen)
    assert run("kos-send", "--header", "no colon", "-T", "ws://127.0.0.1:1/", "hi").returncode == 2


class Carrier:
    """A proxy in Python: HTTP CONNECT, or SOCKS5 with or without a login."""

    def __init__(self, kind, login=None):
        self.kind, self.login, self.asked = kind, login, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.carry, args=(self.listener.accept()[0],), daemon=True).start()

    def carry(self, client):
        with contextlib.suppress(OSError, AssertionError), client:
            host, port = self.connect(client) if self.kind == "connect" else self.socks(client)
            self.asked.append((host, port))
            try:
                server = socket.create_connection((host, port))
            except OSError:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n" if self.kind == "connect" else
                               b"\x05\x05\x00\x01" + bytes(6))
                return
            client.sendall(b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n" if self.kind == "connect" else
                           b"\x05\x00\x00\x01" + bytes(6))
            with server:
                while ready := select.select([client, server], [], [])[0]:
                    for end in ready:
                        octets = end.recv(65536)
                        if not octets:
                            return
                        (server if end is client else client).sendall(octets)

    def connect(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        assert head.startswith(b"CONNECT ")
        host, port = head.split()[1].decode().rsplit(":", 1)
        return host.strip("[]"), int(port)

    def socks(self, client):
        methods = client.recv(100)
        if self.login:
            assert 2 in methods[2:]
            client.sendall(b"\x05\x02")
            name, secret = self.login
            wanted = b"\x01" + bytes([len(name)]) + name + bytes([len(secret)]) + secret
            client.sendall(b"\x01\x00" if client.recv(600) == wanted else b"\x01\x01")
        else:
            client.sendall(b"\x05\x00")
        request = client.recv(300)
        assert request[:3] == b"\x05\x01\x00"
        if request[3] == 1:
            return socket.inet_ntoa(request[4:8]), int.from_bytes(request[8:10], "big")
        return request[5:5 + request[4]].decode(), int.from_bytes(request[5 + request[4]:], "big")


@pytest.mark.parametrize("scheme", ["tcp", "ws", "http"])
@pytest.mark.parametrize("kind", ["connect", "socks5", "login"])
def test_proxies(relay, run, kind, scheme):
    carrier = Carrier("connect" if kind == "connect" else "socks5", (b"me", b"secret") if kind == "login" else None)
    uri = {"connect": "http://", "socks5": "socks5://", "login": "socks5://me:secret@"}[kind]
    target = relay.uri("tcp" if scheme == "tcp" else "ws").replace("ws://", f"{scheme}://")
    result = run("kos-send", "--proxy", f"{uri}127.0.0.1:{carrier.port}", "-T", target.replace("127.0.0.1", "localhost"),
                 "hi")
    assert result.returncode == 0, result.stderr
    assert carrier.asked and carrier.asked[0][0] == "localhost"
    carrier.listener.close()


def test_a_proxy_that_refuses_is_told(relay, run):
    carrier = Carrier("socks5", (b"me", b"secret"))
    result = run("kos-send", "--proxy", f"socks5://me:wrong@127.0.0.1:{carrier.port}", "-T", relay.uri(), "hi", "-t", "2s")
    assert result.returncode == 3
    carrier = Carrier("connect")
    result = run("kos-send", "--proxy", f"http://127.0.0.1:{carrier.port}", "-T", "tcp://127.0.0.1:1", "hi", "-t", "2s")
    assert result.returncode == 3


def test_packets_without_receipts_all_arrive(home, run, tmp_path):
    """Records from a pipe that go as they stand: each arrives, also those that wait when the input ends."""
    node = PythonNode()
    path = tmp_path / "sink"
    with open(path, "wb") as output:
        there = subprocess.Popen([tool("kos-send"), "--listen", "tcp://127.0.0.1:0", "-c", "3000", "-t", "60s"],
                                 stdout=output, env=home)
    until(lambda: path.read_bytes().endswith(b"\n"))
    first = json.loads(path.read_bytes())
    packets = [node.packet(first["nodeId"], number, flags=()) for number in range(3000)]
    result = run("kos-send", "--no-ack", "-T", f"tcp://127.0.0.1:{first['addresses'][0]['port']}",
                 stdin=b"".join(json.dumps({"type": "packet", "kos": 1, **packet}).encode() + b"\n"
                                for packet in packets))
    assert result.returncode == 0
    answers = records("kos-send", result.stdout)
    assert [each["packetId"] for each in answers] == [packet["id"] for packet in packets]
    assert all(each["status"] == "sent" for each in answers)
    assert there.wait(60) == 0
    found = [json.loads(line)["id"] for line in path.read_bytes().splitlines()[1:]]
    assert found == [packet["id"] for packet in packets]


def until(check, patience=10):
    end = time.monotonic() + patience
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_misuse(run):
    for arguments in [["--listen", "tcp://127.0.0.1:0", "text"], ["--echo"], ["--rate", "0", "-T", "tcp://h", "x"],
                      ["--repeat", "0", "-T", "tcp://h", "x"], ["--proxy", "ftp://x", "-T", "tcp://h", "x"],
                      ["-T", "tcp://a,pigeon://b", "x"], ["--local-addr", "here", "-T", "tcp://h", "x"]]:
        assert run("kos-send", *arguments).returncode == 2, arguments


def test_two_runs_cannot_share_a_spool(home, run, tmp_path, relay):
    holder = subprocess.Popen([tool("kos-send"), "--spool", tmp_path / "s", "-T", relay.uri(), "--lines"],
                              stdin=subprocess.PIPE, env=home)
    holder.stdin.write(b"x\n")
    holder.stdin.flush()
    time.sleep(0.5)
    assert run("kos-send", "--spool", tmp_path / "s", "-T", relay.uri(), "y").returncode == 6
    holder.stdin.close()
    assert holder.wait(10) == 0


@pytest.mark.parametrize("retry, copies", [("0", 1), ("4", 3)])
def test_a_packet_is_repeated_until_it_is_acknowledged(home, retry, copies):
    """A node that is deaf to the first two copies: the result tells how often it was said, or that nobody answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [tool("kos-send"), "--retry", retry, "-t", "30s", "-T", f"tcp://127.0.0.1:{listener.getsockname()[1]}", "hi"],
            stdout=subprocess.PIPE, env=home)
        there = Accepted(PythonNode(), listener.accept()[0])
        there.write(there.node.greeting(there.collect(lambda packet: kind(packet) == "nodeInfo")))
        said = [there.collect(lambda packet: packet["metadata"]["type"] == "data") for _ in range(copies)]
        if copies > 1:
            there.write(receipt(there.node, said[-1]))
        [result] = records("kos-send", process.communicate(timeout=40)[0])
        there.close()
    assert len({packet["id"] for packet in said}) == 1
    assert result["attempts"] == copies and result["success"] == (copies > 1)
    assert process.returncode == (0 if copies > 1 else 1)

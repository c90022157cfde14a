"""What strangers may do to a relay: so many connections, so much time, so many octets, and any rubbish at all."""
import json
import os
import pathlib
import random
import select
import socket
import struct
import subprocess
import sys
import time

import pytest

from custody import Client, kind
from kit import records, tool
from mesh import PythonNode, Relay

LONG = bool(os.environ.get("LONG"))
LISTEN = [f"{each}://127.0.0.1:0" for each in ["tcp", "tls", "ws", "udp"]]


@pytest.fixture
def relay(tmp_path):
    relay = Relay(tmp_path, "alpha", "--events", "none", listen=LISTEN)
    yield relay
    relay.kill()


def status(relay):
    out = subprocess.run([tool("kos-relay"), "status", "--socket", relay.socket], capture_output=True, check=True)
    return records("kos-relay", out.stdout)[0]


def is_closed(connection, patience=5):
    connection.settimeout(patience)
    try:
        while connection.recv(4096):
            pass
        return True
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_an_address_has_sixty_four_connections(relay):
    def connect(source):
        connection = socket.create_connection(("127.0.0.1", relay.ports["tcp"]), source_address=(source, 0))
        connection.settimeout(5)
        try:
            return connection if connection.recv(1) else None
        except ConnectionError:
            return None
    mine = [connect("127.0.0.2") for _ in range(64)]
    assert all(mine)
    assert [connect("127.0.0.2") for _ in range(3)] == [None] * 3
    assert connect("127.0.0.3"), "another address is not touched"
    mine[0].close()
    time.sleep(0.2)
    assert connect("127.0.0.2"), "one that leaves makes room"
    assert status(relay)["dropped"]["tooManyFromAddress"] == 3


def test_the_limit_of_an_address_can_be_set(tmp_path):
    relay = Relay(tmp_path, "alpha", "--max-per-address", "2", listen=["tcp://127.0.0.1:0"])
    try:
        connections = [socket.create_connection(("127.0.0.1", relay.ports["tcp"])) for _ in range(3)]
        assert is_closed(connections[2])
        assert not is_closed(connections[0], 0.3)
    finally:
        relay.kill()


def test_a_line_of_more_than_a_mebibyte_ends_the_connection(relay):
    connection = socket.create_connection(("127.0.0.1", relay.ports["tcp"]))
    try:
        connection.sendall(b"{" + b" " * ((1 << 20) + 65536))
    except ConnectionError:
        pass
    assert is_closed(connection)
    assert status(relay)["dropped"]["tooLong"] == 1


def test_a_request_head_of_more_than_sixteen_kibibytes_is_refused(relay):
    connection = socket.create_connection(("127.0.0.1", relay.ports["ws"]))
    try:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000)
    except ConnectionError:
        pass
    assert is_closed(connection)
    fine = socket.create_connection(("127.0.0.1", relay.ports["ws"]))
    fine.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 12_000 + b"\r\n\r\n")
    assert b"200 OK" in fine.recv(4096)


if LONG:
    @pytest.mark.parametrize("transport", ["tcp", "tls", "ws"])
    def test_a_slowloris_is_dropped_within_a_minute(relay, transport):
        connection = socket.create_connection(("127.0.0.1", relay.ports[transport]))
        word = {"tcp": b'{"id":"' + b"a" * 200, "tls": b"\x16\x03\x01" + b"\0" * 200, "ws": b"GET / HTTP/1.1\r\nX: " + b"a" * 200}
        started = time.monotonic()
        try:
            for octet in word[transport]:
                connection.sendall(bytes([octet]))
                connection.settimeout(0.5)
                try:
                    while connection.recv(4096):
                        pass
                    break
                except TimeoutError:
                    pass
        except ConnectionError:
            pass
        assert time.monotonic() - started < 62


# Rubbish.

PACKET = {"id": "a", "version": 1, "timestamp": 1, "source": "b", "destination": "c", "payload": "x", "options": {},
          "route": ["b"], "metadata": {"hops": 0, "ttl": 1, "priority": 3, "type": "data", "flags": []}, "signature": None}


def rubbish(dice):
    """Octets that are no packet, or only look like one."""
    text = bytearray(json.dumps(PACKET, separators=(",", ":")).encode())
    choice = dice.randrange(4)
    if choice == 0:
        return dice.randbytes(dice.randrange(1, 60)).replace(b"\n", b" ")
    if choice == 1:
        return bytes(text[:dice.randrange(len(text))])
    if choice == 2:
        for _ in range(dice.randrange(1, 5)):
            text[dice.randrange(len(text))] = dice.randrange(256)
        return bytes(text).replace(b"\n", b" ")
    return b'{"metadata":{"type":"discovery"},"payload":' + b"[" * dice.randrange(1, 80)


def frames(dice, transport, count):
    """`count` malformed frames, as chunks to be sent in one connection each."""
    while count > 0:
        size = min(count, 1 if transport in ["tls", "http"] else 200)
        count -= size
        pieces = [rubbish(dice) for _ in range(size)]
        if transport == "tcp":
            yield b"\n".join(pieces) + b"\n"
        elif transport == "ws":
            yield b"".join(
                bytes([0x81 if dice.random() < 0.9 else dice.randrange(256)])
                + (bytes([0x80 | len(each)]) if len(each) < 126 else struct.pack("!BH", 0xFE, len(each))) + bytes(4) + each
                for each in pieces)
        elif transport == "tls":
            yield b"\x16\x03\x01" + struct.pack("!H", len(pieces[0])) + pieces[0]
        elif transport == "http":
            yield dice.choice([b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(pieces[0]), b"GET ", b""]) + pieces[0]
        else:
            yield pieces


HANDSHAKE = (b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
# From as many addresses as a million connections need: each has its ports only once a minute.
SOURCES = 200


def throw(ports, dice, transport, count):
    if transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.connect(("127.0.0.1", ports["udp"]))
            for pieces in frames(dice, "udp", count):
                for each in pieces:
                    if dice.random() < 0.3:
                        each = b"\xe0" + dice.choice([b"\x21", b"\x23", b"\0"]) + each
                    out.send(each[:1400])
                # What the socket's buffer has no room for is not seen by anybody.
                time.sleep(0.001)
        return
    for chunk in frames(dice, transport, count):
        source = f"127.1.{dice.randrange(SOURCES)}.1"
        with socket.create_connection(
                ("127.0.0.1", ports[{"http": "ws"}.get(transport, transport)]), source_address=(source, 0)) as connection:
            connection.settimeout(5)
            try:
                if transport == "ws":
                    connection.sendall(HANDSHAKE)
                    connection.recv(4096)
                connection.sendall(chunk)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                pass


def memory(relay):
    with open(f"/proc/{relay.process.pid}/smaps_rollup") as table:
        return next(int(line.split()[1]) for line in table if line.startswith("Pss_Anon"))


def ping(port):
    """A node of its own in a process of its own: pings the relay until its input ends; prints how long each took, ms."""
    client = Client(PythonNode(), port)
    waits = []
    print("ready", flush=True)
    while not waits or not select.select([sys.stdin], [], [], 0.02)[0]:
        started = time.monotonic()
        stamp = str(len(waits))
        client.write(client.node.packet("*", {"kind": "ping", "stamp": stamp}, ttl=0, flags=(), kind="heartbeat", sign=False))
        client.collect(lambda packet: kind(packet) == "pong" and packet["payload"]["stamp"] == stamp, 20)
        waits.append((time.monotonic() - started) * 1000)
    print(json.dumps(sorted(waits)))


@pytest.mark.parametrize("transport", ["tcp", "ws", "http", "tls", "udp"])
def test_malformed_frames_do_no_harm(relay, transport):
    """Nothing ends, memory stays, and somebody else's pings are answered meanwhile. A million frames in the long run."""
    count = 1_000_000 if LONG else {"tls": 1500, "http": 1500}.get(transport, 8000)
    dice = random.Random(len(transport))
    throw(relay.ports, dice, transport, min(count // 4, 20_000))
    before = memory(relay)
    pinger = subprocess.Popen([sys.executable, pathlib.Path(__file__).resolve(), str(relay.ports["tcp"])],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert pinger.stdout.readline() == b"ready\n"
    started = time.monotonic()
    throw(relay.ports, dice, transport, count)
    took = time.monotonic() - started
    out, _ = pinger.communicate(timeout=40)
    waits = json.loads(out)
    grown = memory(relay) - before
    print(f"{transport}: {count} frames in {took:.0f} s, memory {grown:+} KB, {len(waits)} pings, p50 "
          f"{waits[len(waits) // 2]:.1f} ms, p99 {waits[int(len(waits) * 0.99)]:.1f} ms, longest {waits[-1]:.1f} ms")
    assert pinger.returncode == 0 and relay.process.poll() is None
    assert grown < 10_000
    assert sum(status(relay)["dropped"].values()) > 0


# Networks of IPv6.

def test_a_network_of_ipv6_has_sixty_four_connections(tmp_path):
    """In a namespace: a /64 counts as one address, another /64 as another."""
    script = ("ip link set lo up; for i in $(seq 1 4); do ip -6 addr add fd00:1::$i/64 dev lo nodad; done; "
              f"ip -6 addr add fd00:2::1/64 dev lo nodad; exec {sys.executable} {pathlib.Path(__file__).resolve()} ipv6 {tmp_path}")
    result = subprocess.run(["unshare", "--net", "bash", "-c", script], capture_output=True, timeout=60)
    assert result.returncode == 0, result.stderr.decode()
    assert json.loads(result.stdout) == {"taken": 64, "other network": True, "after one has left": True, "counted": 3}


def ipv6(folder):
    relay = Relay(pathlib.Path(folder), "alpha", "--events", "none", listen=["tcp://[::]:0"])

    def connect(source):
        connection = socket.create_connection(("fd00:2::1", relay.ports["tcp"]), source_address=(source, 0))
        connection.settimeout(5)
        try:
            return connection if connection.recv(1) else None
        except ConnectionError:
            return None
    mine = [connect(f"fd00:1::{number % 4 + 1}") for number in range(67)]
    found = {"taken": sum(each is not None for each in mine), "other network": connect("fd00:2::1") is not None}
    mine[0].close()
    time.sleep(0.2)
    found["after one has left"] = connect("fd00:1::2") is not None
    found["counted"] = status(relay)["dropped"]["tooManyFromAddress"]
    relay.kill()
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1] == "ipv6":
        ipv6(sys.argv[2])
    else:
        ping(int(sys.argv[1]))

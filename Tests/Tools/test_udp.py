"""UDP: what is lost is repeated, what is large is fragmented, and an address that is not proven gets no more than three
times what came from it."""
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import time

import pytest

from custody import kind
from kit import tool
from mesh import PythonNode, Relay, verify

LONG = bool(os.environ.get("LONG"))


@pytest.fixture(scope="module")
def relay(tmp_path_factory):
    relay = Relay(tmp_path_factory.mktemp("udp"), "alpha", listen=["udp://127.0.0.1:0", "tcp://127.0.0.1:0"])
    yield relay
    relay.kill()


def test_a_packet_of_a_mebibyte_crosses_datagrams(run, relay, tmp_path):
    text = "0123456789" * 50_000
    (tmp_path / "file").write_text(text)
    sent = run("kos-send", "-T", relay.uri("udp"), "--file", tmp_path / "file", "-t", "20s")
    packet = relay.wait(lambda record: record["type"] == "packet"
                        and record["id"] == json.loads(sent.stdout)["packetId"], patience=20)
    assert packet["payload"] == text


class Datagrams:
    """A node that speaks one JSON packet a datagram."""

    def __init__(self, port):
        self.node = PythonNode()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.sent = self.received = 0

    def write(self, octets):
        if isinstance(octets, dict):
            octets = json.dumps(octets, separators=(",", ":")).encode()
        self.sent += len(octets)
        self.socket.send(octets)

    def read(self, patience=1):
        if not select.select([self.socket], [], [], patience)[0]:
            return None
        octets = self.socket.recv(65536)
        self.received += len(octets)
        return json.loads(octets) if octets[:1] == b"{" else octets


def test_one_packet_a_datagram_and_a_login(relay):
    client = Datagrams(relay.ports["udp"])
    client.write(client.node.greeting())
    info = client.read()
    verify(info)
    assert kind(info) == "nodeInfo" and info["destination"] == client.node.id
    client.write(client.node.greeting(info))
    up = relay.wait(lambda record: record["type"] == "link" and record["destination"] == client.node.id)
    assert up["transport"] == "udp"
    packet = client.node.packet(relay.id, "hello")
    client.write(packet)
    answers = [client.read() for _ in range(8)]
    assert any(answer and kind(answer) == "receipt" and answer["payload"]["ref"] == packet["id"] for answer in answers)


@pytest.mark.parametrize("shape", ["brace", "packet", "node info", "heartbeat", "frame", "STUN"])
def test_an_address_that_proves_nothing_gets_three_times_its_octets_at_most(relay, shape):
    client = Datagrams(relay.ports["udp"])
    for number in range(40):
        client.write({
            "brace": b"{", "packet": client.node.packet(relay.id, "x"), "node info": client.node.greeting(),
            "heartbeat": client.node.packet("*", {"kind": "ping", "stamp": "1"}, ttl=0, flags=(), kind="heartbeat", sign=False),
            "frame": b"\xe0\x21\0\0\0\1\0\0\0\0{}",
            "STUN": b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12)}[shape])
    while client.read(3 if shape == "node info" else 0.7):
        assert client.received <= 3 * client.sent
    if shape in ["packet", "node info", "STUN"]:
        assert client.received > 0, "an honest one is answered"


LOSS = """
set -e
ip link set lo up
nft add table inet loss
nft 'add chain inet loss in { type filter hook input priority 0; }'
nft add rule inet loss in udp dport 47470-47479 numgen random mod 100 '<' 30 counter drop
nft add rule inet loss in udp sport 47470-47479 numgen random mod 100 '<' 30 counter drop
"""


def test_thirty_per_cent_loss_each_way_loses_nothing(tmp_path):
    """100 packets a second through a kernel that drops 30 % each way: all arrive, p99 below 5 s."""
    script = f"{LOSS}exec {sys.executable} {pathlib.Path(__file__).resolve()} {tmp_path} {3000 if LONG else 600}"
    result = subprocess.run(["unshare", "--net", "bash", "-c", script], capture_output=True, timeout=180)
    assert result.returncode == 0, result.stderr.decode()
    figures = json.loads(result.stdout)
    print(figures)
    assert figures["delivered"] == figures["sent"] == figures["distinct"]
    assert figures["p99"] < 5000


def within(folder, count):
    """In the namespace: a relay, and kos-send with lines at 100 a second."""
    relay = Relay(pathlib.Path(folder), "alpha", listen=["udp://127.0.0.1:47470"])
    process = subprocess.Popen(
        [tool("kos-send"), "-T", "udp://127.0.0.1:47470", "--lines", "-t", "90s"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env={"HOME": folder, "PATH": "/usr/bin"})
    for number in range(count):
        process.stdin.write(b"packet %d\n" % number)
        process.stdin.flush()
        time.sleep(0.01)
    out, _ = process.communicate(timeout=100)
    results = [json.loads(line) for line in out.splitlines()]
    times = sorted(result["rttMs"] for result in results if result["success"])
    while relay.read(1):
        pass
    payloads = [record["payload"] for record in relay.records if record["type"] == "packet"]
    relay.kill()
    print(json.dumps({
        "sent": count, "delivered": len(times), "distinct": len(set(payloads)), "twice": len(payloads) - len(set(payloads)),
        "p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "max": times[-1],
        "attempts": max(result["attempts"] for result in results)}))


if __name__ == "__main__":
    within(sys.argv[1], int(sys.argv[2]))

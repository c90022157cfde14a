"""kos-capture on the traffic of real peers, packet by packet beside tshark: Serf with sealed packets,
libtorrent's DHT, avahi's mDNS, and our own relays, whose signatures are judged."""
import base64
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from avahi_hosts import Wire
from kit import tool
from mesh import PythonNode, Relay
from test_capture import TOOL
from test_discover_gossip import Cluster, wait_for

HERE = pathlib.Path(__file__).parent
FIELDS = ["frame.time_epoch", "frame.len", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "udp.srcport",
          "tcp.srcport", "udp.dstport", "tcp.dstport", "frame.protocols"]
# tshark names what carries JSON and WebSocket otherwise, and knows no gossip.
OURS = {"kos", "memberlist", "raw", "bt-dht"}


class Sniffer:
    """`kos-capture live -w` on an interface, until `stop`."""

    def __init__(self, folder, interface, filter, run=()):
        self.path = folder / "live.pcapng"
        self.process = subprocess.Popen(
            [*run, TOOL, "live", "-i", interface, "-Z", "root", "-w", self.path, filter],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: self.path.exists() and self.path.stat().st_size > 0, 10)
        time.sleep(0.2)

    def stop(self):
        time.sleep(0.2)
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, errors
        return self.path


def read(path, *arguments):
    done = subprocess.run([TOOL, "read", *arguments, path], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def agree_with_tshark(path):
    """Count, time, length, addresses, ports, protocols; returns our frames."""
    ours = [record for record in read(path) if record["type"] == "frame"]
    command = ["tshark", "-n", "-r", path, "-T", "fields"]
    for field in FIELDS:
        command += ["-e", field]
    # A coloured picture of one packet each: of several values in a packet the last is the innermost.
    done = subprocess.run([*command, "-E", "occurrence=l"], capture_output=True, text=True, check=True)
    told = [dict(zip(FIELDS, line.split("\t"))) for line in done.stdout.splitlines()]
    assert len(ours) == len(told) > 0
    for record, line in zip(ours, told):
        seconds, fraction = line["frame.time_epoch"].split(".")
        assert record["timestamp"] == int(seconds) * 1000 + int(fraction[:3])
        assert record["timestampNanos"] == int(fraction[3:9])
        assert record["lengthBytes"] == int(line["frame.len"])
        for end, side in (("source", "src"), ("destination", "dst")):
            address = line[f"ip.{side}"] or line[f"ipv6.{side}"]
            if address:
                assert record[end] == address, (record, line)
        for end, side in (("sourcePort", "srcport"), ("destinationPort", "dstport")):
            port = line[f"udp.{side}"] or line[f"tcp.{side}"]
            if port:
                assert record[end] == int(port), (record, line)
        names = set(line["frame.protocols"].split(":"))
        assert set(record["protocols"]) - OURS <= names, (record["protocols"], names)
    return ours


def test_serf_with_sealed_packets(tmp_path):
    cluster = Cluster(tmp_path, key=base64.b64encode(os.urandom(32)).decode())
    network = ".".join(cluster.address("s1").split(".")[:3])
    sniffer = Sniffer(tmp_path, "lo", f"net {network}.0/24 and udp port 7946")
    try:
        cluster.serf("s1")
        cluster.serf("s2", join=["s1"])
        wait_for(lambda: cluster.status("s1", "s2") == "alive")
        # Some probes, each with its answer.
        time.sleep(2.5)
    finally:
        cluster.close()
        path = sniffer.stop()
    frames = agree_with_tshark(path)
    assert {frame["protocol"] for frame in frames} == {"memberlist"}
    assert not any(frame["memberlist"].get("sealed") for frame in frames)
    opened = [frame["memberlist"] for frame in read(path, "--gossip-keyring", tmp_path / "keyring")]
    assert all(each.get("sealed") for each in opened), opened
    told = {(part["kind"], part.get("node")) for each in opened for part in each.get("parts", [each])}
    assert ("ping", "s2") in told and ("ping", "s1") in told and ("alive", "s2") in told
    assert any(kind == "ack" for kind, _ in told)
    (tmp_path / "other").write_text(base64.b64encode(os.urandom(32)).decode())
    assert not any(f["memberlist"].get("sealed") for f in read(
        path, "--gossip-keyring", tmp_path / "other"))


def test_libtorrent(tmp_path):
    sniffer = Sniffer(tmp_path, "lo", "net 127.0.77.0/24 and udp")
    swarm = subprocess.Popen(["/usr/bin/python3", HERE / "libtorrent_swarm.py", "subnet"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert swarm.stdout.readline() == "ready\n"
        swarm.stdin.write("announce " + "ab" * 20 + "\n")
        swarm.stdin.flush()
        time.sleep(1)
    finally:
        swarm.kill()
        swarm.communicate()
        path = sniffer.stop()
    frames = [f for f in agree_with_tshark(path) if f["protocol"] == "bt-dht"]
    asked = {f["bt-dht"].get("query") for f in frames if f["bt-dht"]["kind"] == "query"}
    assert "get_peers" in asked
    # The same transactions as tshark's dissector sees, when it is told that this is the DHT's.
    done = subprocess.run(["tshark", "-n", "-d", "udp.port==6881,bt-dht", "-r", path, "-Y", "bt-dht",
                           "-T", "fields", "-e", "frame.number"], capture_output=True, text=True, check=True)
    assert {f["number"] for f in frames} == {int(line) for line in done.stdout.split()}


def test_avahi(tmp_path):
    with Wire() as wire:
        sniffer = Sniffer(tmp_path, "ve0", "udp port 5353",
                          ["ip", "netns", "exec", wire.b.namespace])
        try:
            shown = wire.a.popen(["avahi-publish", "-s", "capture", "_kos._tcp", "47470", "x=1"])
            wait_for(lambda: "capture" in wire.b.run(["avahi-browse", "-rtp", "_kos._tcp"]).stdout)
            shown.terminate()
            shown.wait(10)
        finally:
            path = sniffer.stop()
    frames = agree_with_tshark(path)
    assert {frame["protocol"] for frame in frames} == {"mdns"}
    told = [record for frame in frames for record in frame["mdns"].get("records", [])]
    assert any(r["type"] == "SRV" and r.get("port") == 47470 for r in told)
    assert any(r["type"] == "TXT" and "x=1" in r.get("text", []) for r in told)


@pytest.mark.parametrize("transport", ["tcp", "ws", "udp", "http"])
def test_relays_and_their_signatures(tmp_path, transport):
    relay = Relay(tmp_path, "alpha", listen=[f"{transport}://127.0.0.1:0"])
    sniffer = Sniffer(tmp_path, "lo", f"port {relay.ports[transport]}")
    try:
        if transport == "http":
            packet = json.dumps(PythonNode().packet(relay.id, "hello"), separators=(",", ":"))
            command = ["curl", "-s", "-H", "Content-Type: application/json", "-d", packet,
                       relay.uri(transport)]
        else:
            command = [tool("kos-send"), "--no-seal", "-T", relay.uri(transport), "hello"]
        done = subprocess.run(
            command, capture_output=True, timeout=30,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
        assert done.returncode == 0, done.stderr
    finally:
        path = sniffer.stop()
        relay.stop()
    agree_with_tshark(path)
    packets = [record for record in read(path, "--decode") if record["type"] == "packet"]
    assert any(packet["payload"] == "hello" for packet in packets), packets
    signed = [packet for packet in packets if packet["signature"]]
    assert signed and {packet["capture"]["signature"] for packet in signed} == {"ok"}
    assert transport in {packet["capture"]["transport"] for packet in packets}
    peers = subprocess.run([TOOL, "topology", "--verify", path], capture_output=True, text=True)
    assert relay.id in peers.stdout


def test_bad_and_unknown_signatures(tmp_path):
    from capture_frames import ethernet, ip, pcap, udp
    node = PythonNode()
    good = node.packet("b", {"n": 1})
    bad = dict(good, id="01a20272-b2dc-7c11-9d2e-5b7a90c3f001", payload={"n": 2})
    named = dict(node.packet("b", {"n": 3}), source="somebody")
    plain = node.packet("b", {"n": 4}, sign=False)
    forwarded = dict(good, route=[node.id, "x"], metadata=dict(good["metadata"], hops=2, ttl=6))
    frames = [(10**18 + n, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(
        1, 47470, json.dumps(packet).encode())))) for n, packet in enumerate(
            [good, bad, named, plain, forwarded])]
    path = tmp_path / "signed.pcap"
    path.write_bytes(pcap(frames))
    found = [r["capture"]["signature"] for r in read(path, "--decode") if r["type"] == "packet"]
    assert found == ["ok", "bad", "unknown", "missing", "ok"]
    done = subprocess.run([TOOL, "report", "--verify", path], capture_output=True, check=True)
    assert json.loads(done.stdout)["signatures"] == {"ok": 2, "bad": 1, "unknown": 1, "missing": 1}
    keys = tmp_path / "keys"
    keys.write_text("# nobody\nfoo\n")
    done = subprocess.run([TOOL, "report", "--keys", keys, path], capture_output=True, text=True)
    assert done.returncode == 4 and f"{keys}:2" in done.stderr

"""kos-capture on the traffic of real peers, packet by packet beside tshark: Serf with sealed packets,
libtorrent's DHT, avahi's mDNS, and our own relays, whose signatures are judged."""
import base64
import json
import os
import pathlib
import signal
import random
import struct
import subprocess
import sys
import time

import pytest

from avahi_hosts import Wire
from capture_frames import kos, pcap
from capture_oracle import compare
from kit import tool
from mesh import PythonNode, Relay
from test_capture import TOOL
from test_discover_gossip import Cluster, wait_for

HERE = pathlib.Path(__file__).parent
# tshark names what carries JSON and WebSocket otherwise, and knows no gossip.
OURS = {"kos", "memberlist", "raw", "bt-dht", "reticulum"}


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
    both = compare(TOOL, path)
    assert len(both.ours) == len(both.theirs) > 0
    assert not both.wrong, both.wrong[:3]
    for record, told in zip(both.ours, both.theirs):
        names = set(told.protocols)
        assert set(record["protocols"]) - OURS <= names, (record["protocols"], names)
    return both.ours


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
    opened = [frame["memberlist"] for frame in read(path, "--gossip-keyring", tmp_path / "keyring")
              if frame["type"] == "frame"]
    assert all(each.get("sealed") for each in opened), opened
    told = {(part["kind"], part.get("node")) for each in opened for part in each.get("parts", [each])}
    assert ("ping", "s2") in told and ("ping", "s1") in told and ("alive", "s2") in told
    assert any(kind == "ack" for kind, _ in told)
    (tmp_path / "other").write_text(base64.b64encode(os.urandom(32)).decode())
    assert not any(f["memberlist"].get("sealed") for f in read(
        path, "--gossip-keyring", tmp_path / "other") if f["type"] == "frame")


def test_serf_that_changes_its_key(tmp_path):
    """The cluster takes up a new key and drops the old one: each key alone opens its part, a ring of both opens all."""
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    cluster = Cluster(tmp_path, key=old)
    network = ".".join(cluster.address("s1").split(".")[:3])
    sniffer = Sniffer(tmp_path, "lo", f"net {network}.0/24 and udp port 7946")

    def keys(*arguments):
        done = cluster.ask("s1", "keys", *arguments)
        assert done.returncode == 0, done.stderr

    try:
        cluster.serf("s1")
        cluster.serf("s2", join=["s1"])
        wait_for(lambda: cluster.status("s1", "s2") == "alive")
        time.sleep(1)
        keys("-install", new)
        keys("-use", new)
        keys("-remove", old)
        time.sleep(1.5)
    finally:
        cluster.close()
        path = sniffer.stop()

    def opened(*ring):
        (tmp_path / "ring").write_text("\n".join(ring) + "\n")
        frames = [r for r in read(path, "--gossip-keyring", tmp_path / "ring") if r["type"] == "frame"]
        return {r["number"] for r in frames if r["memberlist"].get("sealed")}, len(frames)

    (first, count), (second, _), (both, _) = opened(old), opened(new), opened(new, old)
    assert first and second and not first & second
    assert both == first | second and len(both) == count


def test_babel(tmp_path):
    """Debian's babeld on two hosts: every packet beside tshark, hellos in their order."""
    with Wire() as wire:
        sniffer = Sniffer(tmp_path, "ve0", "udp port 6696", ["ip", "netns", "exec", wire.b.namespace])
        try:
            routers = [host.popen(["babeld", "-h", "1", "-H", "1", "-S", tmp_path / f"{name}.state", "-I",
                                   tmp_path / f"{name}.pid", "-L", tmp_path / f"{name}.log", "ve0"])
                       for name, host in (("a", wire.a), ("b", wire.b))]
            time.sleep(5)
            for router in routers:
                router.terminate()
                router.wait(10)
        finally:
            path = sniffer.stop()
    frames = agree_with_tshark(path)
    assert {frame["protocol"] for frame in frames} == {"babel"} and not any("malformed" in f for f in frames)
    hellos = {}
    for frame in frames:
        for tlv in frame["babel"]["tlvs"]:
            if tlv["kind"] == "hello":
                hellos.setdefault(frame["source"], []).append(tlv["sequence"])
    assert len(hellos) == 2 and all(
        each == list(range(each[0], each[0] + len(each))) and len(each) > 2 for each in hellos.values())
    links = {(r["source"], r["destination"]) for r in links_of(path)}
    assert len(links) == 2


def links_of(path):
    done = subprocess.run([TOOL, "topology", path], capture_output=True, check=True)
    return [record for record in map(json.loads, done.stdout.splitlines()) if record["type"] == "link"]


def test_our_routers(tmp_path):
    """kos-relay as a router of two hosts: tshark finds the same packets, and who hears whom."""
    with Wire() as wire:
        sniffer = Sniffer(tmp_path, "ve0", "udp port 698", ["ip", "netns", "exec", wire.b.namespace])
        try:
            routers = [host.popen([tool("kos-relay"), "manet", "--protocol", "olsr", "-i", "ve0"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                       for host in (wire.a, wire.b)]
            time.sleep(5)
            for router in routers:
                router.terminate()
                router.wait(10)
        finally:
            path = sniffer.stop()
    frames = agree_with_tshark(path)
    assert {frame["protocol"] for frame in frames} == {"olsr"} and not any("malformed" in f for f in frames)
    assert len({frame["source"] for frame in frames}) == 2 == len(links_of(path))


RNS_ON_UDP = """
import os, sys, time
os.makedirs(sys.argv[1], exist_ok=True)
with open(sys.argv[1] + "/config", "w") as file:
    file.write("[reticulum]\\n  enable_transport = No\\n  share_instance = No\\n[interfaces]\\n  [[UDP]]\\n"
               "    type = UDPInterface\\n    enabled = yes\\n    listen_ip = 127.0.0.1\\n    listen_port = 4243\\n"
               "    forward_ip = 127.0.0.1\\n    forward_port = 4242\\n")
import RNS
RNS.Reticulum(sys.argv[1])
announcer = RNS.Destination(RNS.Identity(), RNS.Destination.IN, RNS.Destination.SINGLE, "kos", "announce")
announcer.announce()
plain = RNS.Destination(None, RNS.Destination.OUT, RNS.Destination.PLAIN, "kos", "lora")
RNS.Packet(plain, b"from RNS").send()
print(announcer.hash.hex(), plain.hash.hex(), flush=True)
time.sleep(0.5)
os._exit(0)
"""


def test_reticulum_over_udp(tmp_path):
    sniffer = Sniffer(tmp_path, "lo", "udp dst port 4242")
    try:
        done = subprocess.run([sys.executable, "-c", RNS_ON_UDP, tmp_path / "rns"], capture_output=True, text=True,
                              timeout=40)
        announced, plain = done.stdout.split()[-2:]
    finally:
        path = sniffer.stop()
    frames = [frame["reticulum"] for frame in agree_with_tshark(path) if frame["protocol"] == "reticulum"]
    told = {(frame["kind"], frame["destination"]) for frame in frames}
    assert ("announce", announced) in told and ("data", plain) in told, told


def test_btsnoop_as_wiretap_writes_it(tmp_path):
    """HCI commands, events, and L2CAP in both directions, made a btsnoop file by editcap: count, time, length,
    direction and protocols as tshark has them. (What btmon itself writes is judged in the guest's tests.)"""
    rng = random.Random(5)
    bodies = [bytes.fromhex("01030c00"), bytes.fromhex("040e0401030c00"), bytes.fromhex("0201200b0007000400" "1b1200") + b"abcd",
              bytes.fromhex("0201200a0006000600" "0b0102030405"), bytes.fromhex("03010003aabbcc"),
              bytes.fromhex("0201100400aabbccdd")]
    frames = []
    for number in range(120):
        octets = rng.choice(bodies)
        frames.append((1795337400 * 10**9 + number * 1_234_000, struct.pack(">I", number % 2) + octets))
    source, path = tmp_path / "hci.pcap", tmp_path / "hci.btsnoop"
    source.write_bytes(pcap(frames, link=201))
    subprocess.run(["editcap", "-F", "btsnoop", source, path], check=True, capture_output=True)
    assert path.read_bytes()[:8] == b"btsnoop\0"
    ours = agree_with_tshark(path)
    assert len(ours) == 120
    told = [row.split("\t") for row in subprocess.run(
        ["tshark", "-n", "-r", path, "-T", "fields", "-e", "hci_h4.direction", "-e", "hci_h4.type"], capture_output=True,
        text=True, check=True).stdout.splitlines()]
    kinds = {"0x01": "bthci_cmd", "0x02": "bthci_acl", "0x03": "bthci_sco", "0x04": "bthci_evt"}
    for record, (way, kind) in zip(ours, told):
        assert record["direction"] == ("in" if int(way, 0) == 1 else "out")
        assert kinds[kind] in record["protocols"]


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

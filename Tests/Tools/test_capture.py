"""kos-capture beside tcpdump and tshark, on captures that the tests make."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time

import pytest

from capture_frames import *

TOOL = os.environ.get("KOS_CAPTURE") or str(
    pathlib.Path(__file__).parents[2] / ".build/release/kos-capture")


def run(*arguments, data=None, status=0):
    done = subprocess.run([TOOL, *map(str, arguments)], input=data, capture_output=True, timeout=60)
    assert done.returncode == status, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("captures")
    frames, lost = mesh(200, lose_every=10)
    one = kos(uuid7(1795337400000, 1), "a", "b", ["a"], 0)
    two = kos(uuid7(1795337400000, 2), "c", "b", ["c"], 0)
    start = 1795337400 * 10**9
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    streams = tcp_stream("10.0.0.1", "10.0.0.2", (40000, 47470), [
        one + b"\n" + one[:40], one[40:] + b"\n"], start)
    streams += tcp_stream("10.0.0.3", "10.0.0.2", (40001, 47470), [
        upgrade, websocket_frame(two, mask=b"abcd")], start + 10**9, back=[switch])
    files = {
        "mesh": pcap(frames), "streams": pcap(streams, magic=PCAP_NANOS, order=">"),
        "blocks": section() + interface(ETHERNET, 0, "eth0", 9)
        + interface(RAW, 96, "tun\x1b[31m") + b"".join(enhanced(0, t, o) for t, o in streams)
        + enhanced(1, start // 1000, streams[0][1][14:])
        + section(">") + interface(ETHERNET, name="eth1", order=">")
        + enhanced(0, start // 1000, streams[0][1], order=">"),
    }
    paths = {}
    for name, octets in files.items():
        paths[name] = folder / f"{name}.pcap"
        paths[name].write_bytes(octets)
    paths["lost"] = lost
    return paths


def tshark(path, *fields):
    command = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", ["mesh", "streams", "blocks"])
def test_frames_agree_with_tshark(captures, name):
    records, _ = run("read", captures[name])
    told = tshark(captures[name], "frame.time_epoch", "frame.len", "ip.src", "ip.dst",
                  "udp.srcport", "tcp.srcport", "udp.dstport", "tcp.dstport")
    assert len(records) == len(told)
    for record, (when, length, source, destination, *ports) in zip(records, told):
        seconds, fraction = when.split(".")
        assert record["timestamp"] == int(seconds) * 1000 + int(fraction[:3])
        assert record["timestampNanos"] == int(fraction[3:9])
        assert record["lengthBytes"] == int(length)
        assert (record["source"], record["destination"]) == (source, destination)
        assert record["sourcePort"] == int(ports[0] or ports[1])
        assert record["destinationPort"] == int(ports[2] or ports[3])


def test_names_and_sections(captures):
    records, _ = run("read", captures["blocks"])
    assert {record["interface"] for record in records} == {"eth0", "tun\x1b[31m", "eth1"}
    raw = subprocess.run([TOOL, "read", captures["blocks"]], capture_output=True).stdout
    assert b"\x1b" not in raw


def test_packets_out_of_streams(captures):
    records, _ = run("read", "--decode", captures["streams"])
    packets = [record for record in records if record["type"] == "packet"]
    assert [(packet["source"], packet["capture"]["transport"]) for packet in packets] == [
        ("a", "tcp"), ("a", "tcp"), ("c", "ws")]
    assert packets[2]["payload"] == {"n": 1}
    assert packets[2]["capture"]["sourcePort"] == 40001


def test_topology_from_capture_pipe_and_records(captures):
    direct, _ = run("topology", captures["mesh"])
    octets = captures["mesh"].read_bytes()
    assert run("topology", data=octets)[0] == direct
    lines = subprocess.run(
        [TOOL, "read", "--decode", captures["mesh"]], capture_output=True).stdout
    note = b'{"type":"note","x":1.10}\n'
    piped, _ = run("topology", data=note + lines)
    assert piped == [json.loads(note)] + direct
    peers = {record["nodeId"]: record for record in direct if record["type"] == "peer"}
    assert {name: peer["addresses"][0]["address"] for name, peer in peers.items()} == NODES
    links = {(link["source"], link["destination"]): link
             for link in direct if link["type"] == "link"}
    assert links["alpha", "bravo"]["latency"] == pytest.approx(4, rel=0.01)
    assert links["alpha", "bravo"]["reliability"] == 0.9
    assert set(links) == {("alpha", "bravo"), ("bravo", "charlie"), ("charlie", "bravo")}


def test_report_against_the_truth_and_tshark(captures):
    records, _ = run("report", "--by", "total,node,flow,interval", "--interval", "1s",
                     captures["mesh"])
    total = records[0]
    count = len(tshark(captures["mesh"], "frame.number"))
    assert total["packets"] == count
    assert total["lost"] == captures["lost"] == 20
    assert total["lossRatio"] == pytest.approx(20 / 400)
    assert total["latencyMs"]["p50"] == pytest.approx(4, rel=0.01)
    scopes = {scope: [r for r in records if r["scope"] == scope] for scope in
              ("node", "flow", "interval")}
    assert {r["nodeId"] for r in scopes["node"]} == set(NODES)
    assert sum(r["packets"] for r in scopes["flow"]) == count
    assert sum(r["packets"] for r in scopes["interval"]) == count
    assert len(scopes["interval"]) == 10


def test_handshakes_agree_with_tshark(captures):
    records, _ = run("report", captures["streams"])
    tcp = records[0]["tcp"]
    told = [float(row[0]) for row in tshark(captures["streams"], "tcp.analysis.initial_rtt") if row[0]]
    assert tcp["connections"] == 2
    # tshark's runs to the third segment, ours to the second.
    assert tcp["handshakeMs"]["p50"] == pytest.approx(min(told) * 1000 / 2, rel=0.01)


def test_diff(captures, tmp_path):
    frames, _ = mesh(100)
    first = [f for f in frames if b'"alpha"]' in f[1]]
    second = [f for f in frames if b'"bravo"]' in f[1]]
    del second[10:15]
    second[20], second[21] = (second[20][0], second[21][1]), (second[21][0], second[20][1])
    (tmp_path / "a.pcap").write_bytes(pcap(first))
    (tmp_path / "b.pcap").write_bytes(pcap(second))
    records, _ = run("diff", tmp_path / "a.pcap", tmp_path / "b.pcap", status=1)
    events = [record["event"] for record in records if record["type"] == "diff"]
    assert sorted(events) == ["lost"] * 5 + ["reordered"]
    summary = records[-1]
    assert (summary["compared"], summary["matched"], summary["lost"]) == (100, 95, 5)
    assert summary["delayMs"]["p50"] == pytest.approx(4, rel=0.01)
    records, _ = run("diff", tmp_path / "a.pcap", tmp_path / "a.pcap")
    assert [record["type"] for record in records] == ["summary"]


@pytest.mark.parametrize("name", ["pcap", "pcapng"])
def test_written_captures_are_read_by_others(captures, tmp_path, name):
    copy = tmp_path / f"copy.{name}"
    run("read", "-w", copy, captures["streams"])
    fields = ("frame.time_epoch", "frame.len", "frame.protocols")
    assert tshark(copy, *fields) == tshark(captures["streams"], *fields)
    kind = subprocess.run(["capinfos", "-t", str(copy)], capture_output=True, text=True, check=True)
    assert kind.stdout.count("pcapng") == (1 if name == "pcapng" else 0) + (
        1 if name == "pcapng" and "copy.pcapng" in kind.stdout else 0)


def test_filter_agrees_with_tcpdump(captures):
    records, _ = run("read", "--filter", "src host 10.0.0.2", captures["streams"])
    done = subprocess.run(["tcpdump", "-nn", "-r", captures["streams"], "src host 10.0.0.2"],
                          capture_output=True, check=True)
    assert len(records) == len(done.stdout.splitlines()) > 0
    run("read", "--filter", "port 1", captures["streams"], status=1)
    _, said = run("read", "--filter", "prot 1", captures["streams"], status=2)
    assert said.count("\n") == 1


@pytest.mark.parametrize("octets, status, count", [
    (b"", 4, 0), (b"abc", 4, 0), (b"text that is no capture\n", 4, 0)])
def test_not_a_capture(tmp_path, octets, status, count):
    path = tmp_path / "x.pcap"
    path.write_bytes(octets)
    records, said = run("read", path, status=status)
    assert len(records) == count
    assert said.count("\n") == 1 and str(path) in said


def test_cut_file_gives_what_is_whole(captures):
    octets = captures["mesh"].read_bytes()[:-7]
    records, said = run("read", "-", data=octets, status=3)
    assert [record["type"] for record in records] == ["frame"] * 579 + ["error"]
    assert records[-1]["code"] == "truncated" and said.count("\n") == 1


def test_reader_that_leaves(captures):
    done = subprocess.run(f"'{TOOL}' read '{captures['mesh']}' | head -1", shell=True,
                          capture_output=True, executable="/bin/bash")
    assert len(done.stdout.splitlines()) == 1 and done.stderr == b""


def test_live_on_loopback(tmp_path):
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    port = receiver.getsockname()[1]
    path = tmp_path / "live.pcapng"
    tool = subprocess.Popen(
        [TOOL, "live", "-i", "lo", "--decode", "--summary", "-w", path, "--print", "--duration",
         "20s", "-c", "20", f"udp and dst port {port}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    packet = kos(uuid7(1795337400000, 9), "a", "b", ["a"], 0)
    done = threading.Event()

    def send():
        while not done.wait(0.02):
            receiver.sendto(packet, ("127.0.0.1", port))
    sender = threading.Thread(target=send)
    sender.start()
    try:
        first = json.loads(tool.stdout.readline())
        assert abs(first["timestamp"] / 1000 - time.time()) < 5
        rest = [json.loads(line) for line in tool.stdout.read().splitlines()]
        assert tool.wait(timeout=30) == 0
    finally:
        done.set()
        sender.join()
        tool.kill()
        receiver.close()
    records = [first] + rest
    assert [record["type"] for record in records] == ["frame", "packet"] * 20 + ["summary"]
    assert records[0]["interface"] == "lo" and records[0]["destinationPort"] == port
    assert records[-1]["dropped"] == 0
    assert len(tshark(path, "frame.number")) == 20


def test_live_without_permission(tmp_path):
    tool = tmp_path / "kos-capture"
    shutil.copy(TOOL, tool)
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", tool, "live", "-i", "lo"]
    # Nobody may not look into root's home.
    done = subprocess.run(command, capture_output=True, text=True, timeout=20,
                          env={**os.environ, "HOME": str(tmp_path)})
    assert done.returncode == 3 and done.stdout == ""
    assert "setcap cap_net_raw" in done.stderr


def test_live_unknown_interface():
    _, said = run("live", "-i", "nosuchif0", "-c", "1", status=3)
    assert "nosuchif0" in said and said.count("\n") == 1

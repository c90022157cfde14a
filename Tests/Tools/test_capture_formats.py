"""kos-capture: compressed and Bluetooth captures, radio links, mesh protocols, filters, rotation."""
import gzip
import pathlib
import random
import signal
import socket
import struct
import subprocess
import time

import pytest

from capture_frames import *
from test_capture import TOOL, run, tshark

START = 1795337400 * 10**9
LUA = pathlib.Path(__file__).parents[2] / "Sources/Wireshark/kos.lua"


def one(tmp_path, octets, link=ETHERNET):
    path = tmp_path / "one.pcap"
    path.write_bytes(pcap([(START, octets)], link=link))
    return path


@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize("members", [1, 3])
def test_gzip(tmp_path, level, members):
    frames, _ = mesh(300)
    octets = pcap(frames)
    step = -(-len(octets) // members)
    packed = b"".join(gzip.compress(octets[at:at + step], level)
                      for at in range(0, len(octets), step))
    plain, _ = run("read", "-", data=octets)
    assert run("read", "-", data=packed)[0] == plain
    records, said = run("read", "-", data=packed[:-20], status=3)
    assert records[:-1] == plain[:len(records) - 1] and records[-1]["type"] == "error"
    broken = bytearray(packed)
    broken[-6] ^= 1
    records, said = run("read", "-", data=bytes(broken), status=3)
    assert records[:-1] == plain and "checksum" in said


def test_gzip_bomb_is_read_in_constant_memory(tmp_path):
    path = tmp_path / "bomb.pcap.gz"
    with gzip.open(path, "wb", 9) as out:
        out.write(pcap([]))
        for _ in range(200):
            out.write(struct.pack("<IIII", 1, 0, 1 << 16, 1 << 16) * 1 + bytes(1 << 16))
        out.write(bytes(100 << 20))
    done = subprocess.run(
        ["/usr/bin/time", "-f", "%M", TOOL, "report", path], capture_output=True, text=True, timeout=120)
    assert int(done.stderr.splitlines()[-1]) < 64 * 1024


def test_btsnoop(tmp_path):
    path = tmp_path / "bt.log"
    command = bytes.fromhex("01030c00")
    acl = bytes.fromhex("02400009000500040002001702 00".replace(" ", ""))
    body = b"".join(
        struct.pack(">IIIIQ", len(o), len(o), way, 0, 0x00DCDDB30F2F8000 + START // 1000 + 7) + o
        for way, o in ((2, command), (1, acl)))
    path.write_bytes(b"btsnoop\0" + struct.pack(">II", 1, 1002) + body)
    records, _ = run("read", path)
    told = tshark(path, "frame.time_epoch", "frame.protocols")
    assert [record["protocol"] for record in records] == ["bthci_cmd", "btatt"]
    assert records[0]["timestamp"] == START // 10**6 and records[1]["direction"] == "in"
    for record, (when, names) in zip(records, told):
        assert record["timestampNanos"] == int(when.split(".")[1][3:9])
        assert [n for n in record["protocols"] if n not in names.split(":")] == []


MAC = ["020000000001", "020000000002", "020000000003"]


@pytest.mark.parametrize("link, octets", [
    (105, bytes.fromhex("0801" "0000" + MAC[0] + MAC[1] + MAC[2] + "0000" "aaaa030000000800")
     + ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x"))),
    (105, bytes.fromhex("8802" "0000" + MAC[0] + MAC[1] + MAC[2] + "0000" "0000" "aaaa030000000800")
     + ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x"))),
    (127, bytes.fromhex("00000900200000" "00" "b5") + bytes.fromhex(
        "0801" "0000" + MAC[0] + MAC[1] + MAC[2] + "0000" "aaaa030000000800")
     + ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x"))),
    (276, bytes.fromhex("0800" "0000" "00000001" "0001" "00" "06" + MAC[0] + "0000")
     + ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x"))),
    (9, b"\xff\x03\x00\x21" + ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x"))),
    (104, b"\x0f\x00\x08\x00" + ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x"))),
    (239, b"\x02\x00\x00\x00" + struct.pack("<HH", 33, 9)
     + ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x"))),
    (192, struct.pack("<BBHI", 0, 0, 8, 1) + ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x")))),
    (1, ethernet(b"\x00\x01\x01\xff" + ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x")), 0x8847)),
    (1, ethernet(b"\x11\x00\x00\x01\x00\x1f\x00\x21"
                 + ip("10.0.0.1", "10.0.0.2", 17, udp(5, 6, b"x")), 0x8864)),
])
def test_links_agree_with_tshark(tmp_path, link, octets):
    path = one(tmp_path, octets, link)
    record = run("read", path)[0][0]
    names, source, port = tshark(path, "frame.protocols", "ip.src", "udp.srcport")[0]
    assert (record["source"], str(record["sourcePort"])) == (source, port) == ("10.0.0.1", "5")
    assert "malformed" not in record
    assert set(record["protocols"]) - {"raw"} <= set(names.split(":"))


@pytest.mark.parametrize("octets", [
    bytes.fromhex("6188" "01" "3412" "0200" "0100" "aabb"),
    bytes.fromhex("61dc" "01" "3412" "0807060504030201" "1817161514131211" "aabb"),
    bytes.fromhex("0080" "01" "3412" "0100" "aabb"),
])
def test_short_range_addresses(tmp_path, octets):
    path = one(tmp_path, octets, 230)
    record = run("read", path)[0][0]
    source16, source64, target16, target64 = tshark(
        path, "wpan.src16", "wpan.src64", "wpan.dst16", "wpan.dst64")[0]
    assert record.get("source", "") == (source16 or source64)
    assert record.get("destination", "") == (target16 or target64)


def test_lora_head(tmp_path):
    head = bytes.fromhex("0000000f33bca100" "01" "07" "5a5a5a" "1f" "12")
    path = one(tmp_path, head + kos("l", "a", "b", ["a"], 1), 270)
    frame, packet = run("read", "--decode", path)[0]
    strength, ratio = tshark(path, "loratap.rssi.packet", "loratap.rssi.snr")[0]
    assert frame["rssiDbm"] == -139 + int(float(strength.split()[0])) and frame["protocol"] == "kos"
    assert frame["snrDb"] == 7.75 and packet["id"] == "l"


def question(name, kind=1):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


PROTOCOLS = {
    "dns": (53, question("host.example.org"), {"id": 7, "response": False}),
    "mdns": (5353, question("_kos._tcp.local", 12), {"response": False}),
    "bt-dht": (6881, b"d1:ad2:id20:" + b"A" * 20 + b"6:target20:" + b"B" * 20
               + b"e1:q9:find_node1:t2:aa1:y1:qe",
               {"kind": "query", "query": "find_node", "id": "41" * 20, "target": "42" * 20}),
    "memberlist": (7946, bytes([4]) + b"\x82\xa4Node\xa2n4\xa4Port\xcd\x1f\x0a",
                   {"kind": "alive", "node": "n4"}),
    "olsr": (698, bytes.fromhex("001c000b" "01050018" "0a000001" "01000007" "00000703"
                                "06000008" "0a000002"), None),
    "aodv": (654, bytes.fromhex("01000002" "00000005" "0a000009" "00000000" "0a000001" "00000003"),
             {"kind": "rreq", "hops": 2, "id": 5, "destination": "10.0.0.9", "origin": "10.0.0.1"}),
    "babel": (6696, bytes.fromhex("2a020008" "0406000000010190"), {"tlvs": [
        {"kind": "hello", "sequence": 1, "intervalMs": 4000}]}),
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_mesh_protocols(tmp_path, name):
    port, body, members = PROTOCOLS[name]
    path = one(tmp_path, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(port, port, body))))
    record = run("read", path)[0][0]
    assert record["protocol"] == name
    if members is not None:
        assert members.items() <= record[name].items()
        assert "malformed" not in record
    else:
        assert record[name]["messages"][0] == {
            "kind": "hello", "originator": "10.0.0.1", "ttl": 1, "hops": 0, "sequence": 7,
            "neighbours": ["10.0.0.2"]}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_mutated_protocols_stay_valid(tmp_path, name):
    port, body, _ = PROTOCOLS[name]
    rng = random.Random(name)
    frames = []
    for number in range(2000):
        octets = bytearray(body)
        for _ in range(rng.randrange(1, 6)):
            octets[rng.randrange(len(octets))] = rng.randrange(256)
        octets = bytes(octets[:rng.randrange(1, len(octets) + 1)])
        frames.append((START, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(port, port, octets)))))
    path = tmp_path / "fuzz.pcap"
    path.write_bytes(pcap(frames))
    assert len(run("read", path)[0]) == 2000
    for verb in ("topology", "report"):
        assert subprocess.run([TOOL, verb, path], capture_output=True).returncode in (0, 1)


def test_pointer_to_itself_and_depth(tmp_path):
    loop = struct.pack("!HHHHHH", 7, 0, 1, 65535, 0, 0) + b"\xc0\x0c" * 20
    path = one(tmp_path, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(53, 53, loop))))
    assert run("read", path)[0][0]["malformed"] == "dns"
    deep = b"d1:a" + b"l" * 1000 + b"e" * 1001
    path = one(tmp_path, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(9, 9, b"d1:a" + deep + b"e"))))
    run("read", path)


def test_olsr_topology(tmp_path):
    hello = PROTOCOLS["olsr"][1]
    path = one(tmp_path, ethernet(ip("10.0.0.1", "255.255.255.255", 17, udp(698, 698, hello))))
    links = {(r["source"], r["destination"]) for r in run("topology", path)[0] if r["type"] == "link"}
    assert links == {("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1")}


def test_route_discovery_time(tmp_path):
    rreq = PROTOCOLS["aodv"][1]
    rrep = bytes.fromhex("02000000" "0a000009" "00000001" "0a000001" "00001388")
    frames = [(START, ethernet(ip("10.0.0.1", "255.255.255.255", 17, udp(654, 654, rreq)))),
              (START + 265_457_000, ethernet(ip("10.0.0.2", "10.0.0.1", 17, udp(654, 654, rrep))))]
    path = tmp_path / "aodv.pcap"
    path.write_bytes(pcap(frames))
    assert run("report", path)[0][0]["routeDiscoveryMs"]["max"] == 265.457


def test_where(tmp_path):
    frames, _ = mesh(20)
    path = tmp_path / "mesh.pcap"
    path.write_bytes(pcap(frames))
    everything, _ = run("read", path)
    for text, chosen in [
            ("proto=kos and src=10.77.1.1", lambda r: r["source"] == "10.77.1.1"),
            ("not (host=10.77.1.1 or number<=5)", lambda r: "10.77.1.1" not in
             (r["source"], r["destination"]) and r["number"] > 5),
            ("len>301", lambda r: r["lengthBytes"] > 301),
            ("src ~ 77.3", lambda r: "77.3" in r["source"])]:
        expected = [record for record in everything if chosen(record)]
        assert run("read", "--where", text, path)[0] == expected != []
    for text in ["proto=", "proto=nosuch", "src=1.2.3", "len~3", "foo=1", "(" * 40 + "len=1", "len=1 x"]:
        _, said = run("read", "--where", text, path, status=2)
        assert said.count("\n") == 1 and "--where" in said


def test_rotation_and_signals(tmp_path):
    tmp_path.chmod(0o777)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind(("127.0.0.1", 0))
    port = sender.getsockname()[1]
    tool = subprocess.Popen(
        [TOOL, "live", "-i", "lo", "-Z", "root", "-w", tmp_path / "ring.pcapng", "--rotate", "10",
         "--files", "2", "--summary", f"udp and dst port {port}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 10
        while not (tmp_path / "ring.00001.pcapng.part").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        for _ in range(35):
            sender.sendto(b"x", ("127.0.0.1", port))
        time.sleep(0.5)
        tool.send_signal(signal.SIGUSR1)
        interim = tool.stdout.readline()
        assert b'"frames":35' in interim
        tool.send_signal(signal.SIGTERM)
        out, err = tool.communicate(timeout=10)
    finally:
        tool.kill()
        sender.close()
    assert tool.returncode == 0, err
    names = sorted(path.name for path in tmp_path.glob("ring*"))
    assert names == ["ring.00003.pcapng", "ring.00004.pcapng"]
    assert [len(tshark(tmp_path / name, "frame.number")) for name in names] == [10, 5]


def test_wireshark_script_agrees(tmp_path):
    packets = [kos(f"p{n}", "a", "b", ["a"], 1) for n in range(3)]
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" \
        b"Sec-WebSocket-Protocol: kos.v1\r\n\r\n"
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: kos.v1\r\n\r\n"
    frames = [(START, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(1, 47470, packets[0]))))]
    frames += tcp_stream("10.0.0.1", "10.0.0.2", (40000, 47470),
                         [packets[1] + b"\n" + packets[2][:50], packets[2][50:] + b"\n"], START)
    opened = tcp_stream("10.0.0.3", "10.0.0.2", (40001, 8080), [upgrade], START, back=[switch])
    frames += opened
    frames.append((START + 10**8, ethernet(ip("10.0.0.3", "10.0.0.2", 6, tcp(
        40001, 8080, 1001 + len(upgrade), 5001 + len(switch), 0x18,
        websocket_frame(kos("w", "c", "b", ["c"], 1), mask=b"abcd"))))))
    path = tmp_path / "kos.pcap"
    path.write_bytes(pcap(frames))
    done = subprocess.run(
        ["tshark", "-X", f"lua_script:{LUA}", "-r", path, "-Y", "kos", "-T", "fields", "-e", "kos.id",
         "-e", "kos.source", "-e", "kos.hops"], capture_output=True, text=True, check=True)
    told = [line.split("\t") for line in done.stdout.splitlines()]
    ours = [r for r in run("read", "--decode", path)[0] if r["type"] == "packet"]
    assert told == [[r["id"], r["source"], str(r["metadata"]["hops"])] for r in ours]
    assert [row[0] for row in told] == ["p0", "p1", "p2", "w"]


def test_wireshark_script_on_radio_links(tmp_path):
    """USER0, and LoRaTap with our sync word: what kos.lua says is what kos-capture says."""
    packets = [kos(f"r{n}", "a", "b", ["a"], 1) for n in range(2)]
    tap0 = bytes.fromhex("0000000f33bca100" "01" "07" "5a5a5a" "1f" "12")
    for link, frames in ((147, [packets[0]]), (270, [tap0 + packets[1]])):
        path = tmp_path / f"{link}.pcap"
        path.write_bytes(pcap([(START + n, octets) for n, octets in enumerate(frames)], link=link))
        done = subprocess.run(["tshark", "-X", f"lua_script:{LUA}", "-r", path, "-Y", "kos", "-T", "fields", "-e",
                               "kos.id", "-e", "kos.source"], capture_output=True, text=True, check=True)
        told = [line.split("\t") for line in done.stdout.splitlines()]
        ours = [r for r in run("read", "--decode", path)[0] if r["type"] == "packet"]
        assert told == [[r["id"], r["source"]] for r in ours] and len(told) == len(frames)
        assert {r["capture"]["transport"] for r in ours} == {"lora"}


def test_the_second_lora_head(tmp_path):
    """LoRaTap version 1 (tshark 4.0 does not know that it is longer): gateway, time, flags, coding rate, data rate,
    chains and tag behind what version 0 has."""
    head = bytes.fromhex("0100002333bca100" "01" "07" "5a5b5c" "f0" "34") + bytes(8) + bytes.fromhex(
        "00000001" "09" "05" "0000" "00" "01" "0007")
    uplink = bytes.fromhex("40" "78563412" "00" "0500" "0a") + b"body" + b"micx"
    record = run("read", one(tmp_path, head + uplink, 270))[0][0]
    assert record["lorawan"]["device"] == record["source"] == "12345678" and record["snrDb"] == -4
    assert record["rssiDbm"] == -139 + 0x5A // 4


@pytest.mark.parametrize("body, name", [
    (bytes.fromhex("0001000c2112a442") + bytes(12) + bytes.fromhex("00080008000102030405060708"[:24]), "stun"),
    (bytes.fromhex("16feff0000000000000000000c") + bytes(12), "dtls"),
    (bytes.fromhex("17fefd0001000000000001") + struct.pack("!H", 20) + bytes(20), "dtls"),
])
def test_names_of_what_webrtc_speaks(tmp_path, body, name):
    path = one(tmp_path, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(40_000, 40_001, body))))
    assert run("read", path)[0][0]["protocol"] == name == tshark(path, "frame.protocols")[0][0].split(":")[4]


def test_jitter_and_percentiles_against_a_known_answer(tmp_path):
    """RFC 3550 §6.4.1 and percentiles of 1,000 hop latencies, worked out here."""
    rng = random.Random(11)
    frames, transits = [], []
    for number in range(1000):
        start = START + number * 20_000_000
        ident = uuid7(start // 10**6, number)
        transit = int(rng.lognormvariate(15.5, 0.6))
        transits.append(transit)
        for wait, route, ends in ((0, ["alpha"], ("alpha", "bravo")),
                                  (transit, ["alpha", "bravo"], ("bravo", "charlie"))):
            packet = kos(ident, "alpha", "charlie", route, len(route), ttl=9 - len(route))
            frames.append((start + wait, ethernet(ip(NODES[ends[0]], NODES[ends[1]], 17, udp(47470, 47470, packet)))))
    back = kos(uuid7(START // 10**6, 10**6), "charlie", "bravo", ["charlie"], 1)
    frames.append((START + 1, ethernet(ip(NODES["charlie"], NODES["bravo"], 17, udp(47470, 47470, back)))))
    path = tmp_path / "jitter.pcap"
    path.write_bytes(pcap(sorted(frames), magic=PCAP_NANOS))
    total = run("report", path)[0][0]
    jitter = 0.0
    for before, after in zip(transits, transits[1:]):
        jitter += (abs(after - before) - jitter) / 16
    assert total["jitterMs"] == pytest.approx(jitter / 1e6, rel=1e-3)
    exact = sorted(transits)
    for name, place in (("min", 0), ("p50", 499), ("p95", 949), ("p99", 989), ("max", 999)):
        assert total["latencyMs"][name] == pytest.approx(exact[place] / 1e6, rel=0.01), name

"""kos-capture's figures against known answers: loss, clocks, nodes that die, ways through a mesh; the
forms in which it tells of them; fragments; what tshark adds."""
import csv
import io
import json
import os
import pathlib
import random
import re
import signal
import struct
import subprocess
import time
import xml.etree.ElementTree as tree

import pytest

from capture_frames import *
from test_capture import TOOL, run, tshark

START = 1795337400 * 10**9
ROOT = pathlib.Path(__file__).parents[2]


def store(tmp_path, name, frames, link=ETHERNET):
    path = tmp_path / name
    path.write_bytes(pcap(sorted(frames), link=link))
    return path


def crossing(count=400, drop=(), delay=12_000_000, seed=3):
    """alpha to charlie by way of bravo, and back; what bravo drops has no second hop. Three captures,
    each on its node's own clock: bravo's 250 ms ahead, charlie's 100 ms behind."""
    rng = random.Random(seed)
    heard = {"alpha": [], "bravo": [], "charlie": []}
    ahead = {"alpha": 0, "bravo": 250_000_000, "charlie": -100_000_000}

    def hop(time, wait, one, two, octets):
        frame = ethernet(ip(NODES[one], NODES[two], 17, udp(47470, 47470, octets)))
        heard[one].append((time + ahead[one], frame))
        heard[two].append((time + wait + ahead[two], frame))

    idents = []
    for number in range(count):
        start = START + number * 20_000_000
        for source, target, other in (("alpha", "charlie", 0), ("charlie", "alpha", 10**6)):
            ident = uuid7(start // 10**6, number + other)
            first, second = (rng.randrange(1_000_000, 3_000_000) for _ in range(2))
            hop(start, first, source, "bravo", kos(ident, source, target, [source], 1))
            if source == "alpha":
                idents.append(ident)
                if number in drop:
                    continue
            hop(start + first + delay, second, "bravo", target,
                kos(ident, source, target, [source, "bravo"], 2, ttl=7))
    return heard, idents


def test_a_relay_that_drops_five_and_a_half_percent(tmp_path):
    drop = set(random.Random(5).sample(range(1, 1990), 110))
    heard, _ = crossing(2000, drop)
    path = store(tmp_path, "bravo.pcap", heard["bravo"])
    records, _ = run("report", "--by", "total,node,link", path)
    nodes = {r["nodeId"]: r for r in records if r["scope"] == "node"}
    assert nodes["bravo"]["dropped"] == 110
    assert nodes["bravo"]["lossRatio"] == pytest.approx(110 / 4000)
    links = {(r["source"], r["destination"]): r for r in records if r["scope"] == "link"}
    assert links["alpha", "bravo"]["reliability"] == pytest.approx(0.945)
    assert records[0]["lost"] == 110


def test_clocks_hops_and_where_packets_were_lost(tmp_path):
    drop = {7, 99, 250}
    heard, idents = crossing(400, drop)
    paths = [store(tmp_path, f"{name}.pcap", heard[name]) for name in heard]
    records, _ = run("diff", "--merge", *paths, status=1)
    summary = records[-1]
    clocks = {pathlib.Path(each["file"]).stem: each for each in summary["captures"]}
    # Each way takes 1 to 3 ms, so the fastest of both ways differ by less than a millisecond.
    for name, offset in (("bravo", 250), ("charlie", -100)):
        assert abs(clocks[name]["clockOffsetMs"] - offset) <= clocks[name]["clockUncertaintyMs"] + 1
        assert clocks[name]["clockUncertaintyMs"] < 5
    lost = [record for record in records if record["type"] == "path"]
    assert [record["packetId"] for record in lost] == [idents[number] for number in sorted(drop)]
    assert all(record["lostBetween"] == [str(paths[1]), str(paths[2])] for record in lost)
    legs = {(r["source"], r["destination"]): r for r in records if r["type"] == "report"}
    assert legs[str(paths[1]), str(paths[2])]["lost"] == 3
    # A relay holds each packet for 12 ms; the way to the next capture takes 1 to 3 ms.
    assert 1 <= legs[str(paths[0]), str(paths[1])]["latencyMs"]["p50"] <= 3
    whole, _ = run("diff", "--merge", "--follow-packet", idents[0], *paths)
    assert whole[0]["outcome"] == "delivered"
    assert [step["capture"] for step in whole[0]["steps"]] == [str(paths[n]) for n in (0, 1, 1, 2)]
    assert [step["from"] for step in whole[0]["steps"]] == ["alpha", "alpha", "bravo", "bravo"]
    assert whole[0]["latencyMs"] == pytest.approx(16, abs=2.1)
    gone, _ = run("diff", "--merge", "--follow-packet", idents[7], *paths, status=1)
    assert gone[0]["outcome"] == "lost"
    run("diff", "--merge", "--follow-packet", "nosuch", *paths, status=1)
    two, _ = run("diff", paths[0], paths[1], status=1)
    assert abs(two[-1]["clockOffsetMs"] - 250) <= two[-1]["clockUncertaintyMs"] + 1


def test_following_one_packet(tmp_path):
    heard, idents = crossing(20)
    path = store(tmp_path, "bravo.pcap", heard["bravo"])
    records, _ = run("read", "--follow-packet", idents[3], path)
    assert [r["type"] for r in records] == ["frame", "packet", "frame", "packet", "path"]
    assert records[-1]["steps"][1]["latencyMs"] == pytest.approx(12, abs=0.01)
    run("read", "--follow-packet", "nosuch", path, status=1)


def hello(sequence, origin, neighbour):
    message = bytes.fromhex("0105001c") + ipv4(origin) + bytes.fromhex("01000007") \
        + bytes.fromhex("00000503") + bytes.fromhex("0600000c") + ipv4(neighbour) + ipv4("10.0.0.9")
    return struct.pack("!HH", 4 + len(message), sequence) + message


def test_a_node_killed_at_a_known_second(tmp_path):
    """Two OLSR routers say hello every 2 s (as their messages promise); one dies after 60 of 120 s."""
    frames = []
    for number in range(60):
        for node, other in (("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1")):
            if node == "10.0.0.2" and number >= 30:
                continue
            # Every tenth hello of the first is not heard: no reason to call it away.
            if node == "10.0.0.1" and number % 10 == 5:
                continue
            frames.append((START + number * 2 * 10**9, ethernet(ip(
                node, "255.255.255.255", 17, udp(698, 698, hello(number, node, other))))))
    path = store(tmp_path, "olsr.pcap", frames)
    nodes = {r.get("nodeId") or r.get("address"): r
             for r in run("report", "--by", "node", path)[0]}
    assert nodes["10.0.0.1"]["availability"] == 1
    assert "lastAnswer" not in nodes["10.0.0.1"]
    assert nodes["10.0.0.2"]["availability"] == pytest.approx(58 / 118, abs=0.03)
    assert nodes["10.0.0.2"]["lastAnswer"] == START // 10**6 + 58_000


def test_connectivity_over_time(tmp_path):
    frames, _ = mesh(200)
    path = store(tmp_path, "mesh.pcap", frames)
    records, _ = run("report", "--by", "interval", "--interval", "5s", path)
    assert [record["connectivity"] for record in records] == [pytest.approx(2 / 3, abs=1e-3)] * 2


def test_flows_that_live(tmp_path):
    frames, _ = mesh(200)
    path = store(tmp_path, "mesh.pcap", frames)
    records, _ = run("report", "--by", "flow", "--every", "2s", path)
    live = [record for record in records if record.get("isLive")]
    final = [record for record in records if not record.get("isLive")]
    assert len(final) == 2 and len(live) >= 2 * 4
    one = [record["packets"] for record in live if record["flowId"] == live[0]["flowId"]]
    assert one == sorted(one) and len(set(one)) == len(one)


def test_graph_documents(tmp_path):
    frames, _ = mesh(50)
    path = store(tmp_path, "mesh.pcap", frames)

    def draw(name):
        return subprocess.run([TOOL, "topology", "-f", name, path], capture_output=True, check=True).stdout

    graph = json.loads(draw("netjson"))
    assert {node["id"] for node in graph["nodes"]} == set(NODES) and len(graph["links"]) == 3
    xml = tree.fromstring(draw("graphml"))
    assert len(xml.findall(".//{*}node")) == 3 and len(xml.findall(".//{*}edge")) == 3
    assert draw("dot").decode().count(" -> ") == 3
    # kos-route reads what was drawn.
    for name in ("netjson", "graphml", "dot"):
        done = subprocess.run([str(pathlib.Path(TOOL).parent / "kos-route"), "-F", "alpha", "-T", "charlie"],
                              input=draw(name), capture_output=True)
        assert done.returncode == 0 and b'"nodeId":"bravo"' in done.stdout, done.stderr


def test_fields_and_tables(tmp_path):
    path = store(tmp_path, "q.pcap", [(START, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(
        53, 53, struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"\x03a\tb\0\0\x01\0\x01"))))])
    out = subprocess.run([TOOL, "read", "-f", "tsv", "--fields",
                          "timestamp,source,protocols,dns.id,dns.questions.0.name,nosuch", path],
                         capture_output=True, text=True, check=True).stdout
    rows = list(csv.DictReader(io.StringIO(out), delimiter="\t"))
    assert rows == [{"timestamp": str(START // 10**6), "source": "10.0.0.1", "protocols": "eth,ip,udp,dns",
                     "dns.id": "7", "dns.questions.0.name": "a\\tb", "nosuch": ""}]
    done = subprocess.run([TOOL, "read", "--fields", "source,dns.id", path], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"type": "frame", "kos": 1, "source": "10.0.0.1", "dns.id": 7}
    done = subprocess.run([TOOL, "read", "--fields", "a..b", path], capture_output=True)
    assert done.returncode == 2


def fragments(octets, size=1480, ident=77, overlap=0):
    parts = []
    for at in range(0, len(octets), size):
        part = octets[at:at + size + overlap]
        more = 0x2000 if at + size < len(octets) else 0
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), ident, more | at // 8, 64, 17, 0,
                           ipv4("10.0.0.1"), ipv4("10.0.0.2"))
        parts.append(ethernet(head + part))
    return parts


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1, 1)])
def test_fragments_are_put_together_as_tshark_does(tmp_path, order):
    packet = kos("big", "a", "b", ["a"], 1, payload={"x": "y" * 3000})
    parts = fragments(udp(47470, 47471, packet))
    path = store(tmp_path, "frag.pcap", [(START + n, parts[place]) for n, place in enumerate(order)])
    records, _ = run("read", "--decode", path)
    assert [r["payload"]["x"] for r in records if r["type"] == "packet"] == ["y" * 3000]
    whole = [r for r in records if r.get("fragments")]
    told = tshark(path, "frame.number", "udp.srcport", "udp.dstport")
    assert [[str(r["number"]), "47470", "47471"] for r in whole] == [row for row in told if row[1]]


def test_teardrop_is_dropped(tmp_path):
    packet = kos("big", "a", "b", ["a"], 1, payload={"x": "y" * 3000})
    path = store(tmp_path, "tear.pcap", [(START + n, part) for n, part in enumerate(
        fragments(udp(47470, 47471, packet), overlap=16))])
    assert not [r for r in run("read", "--decode", path)[0] if r["type"] == "packet"]


def test_what_tshark_adds(tmp_path):
    sip = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP x\r\nCall-ID: 1\r\n\r\n"
    bodies = [(5060, sip), (53, b"\0" * 12), (5, b"zz")]
    path = store(tmp_path, "sip.pcap", [(START + n, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(
        port, port, body)))) for n, (port, body) in enumerate(bodies * 200)])
    records, _ = run("read", "--dissect-with", "tshark", path)
    assert [record["number"] for record in records] == list(range(1, 601))
    assert all(r["tshark"]["protocol"] == "SIP" and r["tshark"]["protocols"][-1] == "sip"
               for r in records[::3])
    assert all("tshark" not in record for record in records[1::3])
    done = subprocess.run([TOOL, "read", "--dissect-with", "tshark", path], capture_output=True,
                          env={"PATH": "/nowhere"})
    assert done.returncode == 3 and b"tshark" in done.stderr


def test_radio_meshes(tmp_path):
    """Meshtastic, LoRaWAN and kOS frames under LoRaTap; 802.11s path selection beside tshark."""
    tap = bytes.fromhex("0000000f33bca100" "01" "07" "5a5a5a" "1f")
    mesh = bytes.fromhex("ffffffff" "78563412" "44332211" "63" "08") + b"secret"
    wan = bytes.fromhex("40" "78563412" "00" "0500" "0a") + b"body" + b"micx"
    path = store(tmp_path, "lora.pcap", [(START, tap + b"\x2b" + mesh), (START + 1, tap + b"\x34" + wan)], 270)
    first, second = run("read", path)[0]
    assert first["meshtastic"] == {"to": "ffffffff", "from": "12345678", "id": "11223344", "hopLimit": 3,
                                   "hopStart": 3, "wantsReceipt": False, "channel": 8}
    assert second["lorawan"] == {"kind": "unconfirmedUp", "device": "12345678", "counter": 5, "port": 10}
    address, counter = tshark(path, "lorawan.fhdr.devaddr", "lorawan.fhdr.fcnt")[1]
    assert (int(address, 16), counter) == (0x12345678, "5")
    macs = "020000000001", "020000000002", "020000000003"
    element = bytes.fromhex("8225" "00" "02" "1e" "05000000" + macs[0] + "07000000" "88130000" "0a000000"
                            "01" "02" + macs[2] + "00000000")
    frame = bytes.fromhex("d000" "0000" + macs[1] + macs[0] + macs[0] + "0000" "0d01") + element
    path = store(tmp_path, "hwmp.pcap", [(START, frame)], 105)
    record = run("read", path)[0][0]
    assert record["hwmp"]["elements"] == [{
        "kind": "preq", "hops": 2, "ttl": 30, "id": 5, "origin": "02:00:00:00:00:01", "originSequence": 7,
        "metric": 10, "targets": ["02:00:00:00:00:03"]}]
    assert tshark(path, "wlan.hwmp.orig_sta", "wlan.hwmp.targ_sta", "wlan.hwmp.metric") == [
        ["02:00:00:00:00:01", "02:00:00:00:00:03", "10"]]


def test_route_discovery_of_dsr(tmp_path):
    request = bytes.fromhex("00000008" "0106" "0005") + ipv4("10.0.0.3")
    reply = bytes.fromhex("0000000b" "0209" "00") + ipv4("10.0.0.2") + ipv4("10.0.0.3")
    path = store(tmp_path, "dsr.pcap", [
        (START, ethernet(ip("10.0.0.1", "255.255.255.255", 48, request))),
        (START + 41_500_000, ethernet(ip("10.0.0.3", "10.0.0.1", 48, reply)))])
    total = run("report", path)[0][0]
    assert total["routeDiscoveryMs"]["max"] == 41.5
    links = {(r["source"], r["destination"]) for r in run("topology", path)[0] if r["type"] == "link"}
    assert links == {("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.3")}


def test_page_in_a_browser(tmp_path):
    """The page needs nothing from elsewhere, and Chromium draws its three pictures."""
    heard, _ = crossing(300, {5, 50})
    evil = kos("01a20272-b2dc-7c11-9d2e-5b7a90c3f00f", "<script>alert(1)</script>", "charlie", ["<b>"], 1)
    frames = heard["bravo"] + [(START, ethernet(ip("10.9.9.9", NODES["charlie"], 17, udp(1, 47470, evil))))]
    path = store(tmp_path, "day.pcap", frames)
    page = tmp_path / "page.html"
    done = subprocess.run([TOOL, "report", "-f", "html", "-o", page, path], capture_output=True)
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert not re.search(r"<script|https?://|@import|url\(", text)
    assert "&lt;script&gt;" in text
    for name in ("series", "latency", "topology"):
        assert f'<svg id="{name}"' in text
    picture = tmp_path / "page.png"
    subprocess.run(
        ["chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={tmp_path}/profile", "--window-size=900,1400", f"--screenshot={picture}",
         page.as_uri()], capture_output=True, check=True, timeout=60)
    width, height, colours = pixels(picture)
    assert (width, height) == (900, 1400)
    # The blue of lines, bars and nodes, and the red of a link that loses packets.
    blue = sum(count for (r, g, b), count in colours.items() if b > r + 80 and b > 120)
    red = sum(count for (r, g, b), count in colours.items() if r > 150 and g < 90 and b < 90)
    assert blue > 2000 and red > 20, (blue, red)


def pixels(path):
    """Width, height and how often each colour occurs in a PNG of 8-bit RGB or RGBA."""
    import collections
    import zlib
    octets, at, data = path.read_bytes(), 8, b""
    while at < len(octets):
        length, kind = struct.unpack(">I4s", octets[at:at + 8])
        body = octets[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        if kind == b"IDAT":
            data += body
        at += 12 + length
    assert depth == 8 and colour in (2, 6)
    step = 3 if colour == 2 else 4
    raw, row, colours = zlib.decompress(data), bytearray(width * step), collections.Counter()
    for y in range(height):
        base = y * (width * step + 1)
        kind, line = raw[base], bytearray(raw[base + 1:base + 1 + width * step])
        for x in range(len(line)):
            left = line[x - step] if x >= step else 0
            up, corner = row[x], row[x - step] if x >= step else 0
            if kind == 1:
                line[x] = line[x] + left & 255
            elif kind == 2:
                line[x] = line[x] + up & 255
            elif kind == 3:
                line[x] = line[x] + (left + up) // 2 & 255
            elif kind == 4:
                guess = left + up - corner
                near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up),
                           (abs(guess - corner), 2, corner))[2]
                line[x] = line[x] + near & 255
        row = line
        if y % 2 == 0:
            colours.update(zip(line[0::step], line[1::step], line[2::step]))
    return width, height, colours


def test_count(tmp_path):
    frames, _ = mesh(100)
    path = store(tmp_path, "mesh.pcap", frames)
    record = run("count", path)[0][0]
    out = subprocess.run(["capinfos", "-c", "-d", "-M", "-T", "-r", path], capture_output=True, text=True,
                         check=True).stdout.split()
    assert str(record["frames"]) in out and str(record["bytes"]) in out
    assert record["durationMs"] == pytest.approx((frames[-1][0] - frames[0][0]) / 1e6)
    both = run("count", "--where", "src=10.77.1.1", path)[0][0]
    assert both["frames"] == 100


CONFINE = r"""
import ctypes, errno, os, socket, sys
library = ctypes.CDLL(sys.argv[1], use_errno=True)
folder = os.open(sys.argv[2], os.O_RDONLY | os.O_DIRECTORY)
assert library.files((ctypes.c_int * 1)(folder), 1) == 0, "no Landlock"
assert library.calls() == 0, "no seccomp"
def fails(body, *reasons):
    try:
        body()
    except OSError as error:
        assert error.errno in reasons, error
        return
    raise AssertionError(body)
fails(lambda: open("/etc/passwd"), errno.EACCES)
fails(lambda: open("/etc/x", "w"), errno.EACCES)
fails(lambda: os.execv("/bin/true", ["true"]), errno.EPERM)
fails(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM), errno.EPERM)
fails(lambda: os.kill(1, 0), errno.EPERM)
fails(lambda: os.setuid(0), errno.EPERM)
with open(sys.argv[2] + "/new", "w") as made:
    made.write("x")
assert open("/sys/class/net/lo/statistics/rx_packets").read()
os.write(1, b"confined")
"""


def test_what_is_given_up_is_really_denied(tmp_path):
    """The very functions that the tool calls, in a process that then tries."""
    source = tmp_path / "confine.c"
    source.write_text('#include "confine.h"\nint files(const int *f, int n) {'
                      'kos_no_new_privileges(); return kos_confine_files(f, n);}\n'
                      'int calls(void) {return kos_confine_calls();}\n')
    library = tmp_path / "confine.so"
    subprocess.run(["clang", "-shared", "-fPIC", "-I", ROOT / "Sources/CPcap", "-o", library, source],
                   check=True)
    done = subprocess.run(["/usr/bin/python3", "-S", "-c", CONFINE, library, tmp_path], capture_output=True)
    assert done.stdout == b"confined", done.stderr.decode()


def test_a_running_capture_is_confined(tmp_path):
    reader, writer = os.pipe()
    tools = [subprocess.Popen([TOOL, "live", "-i", "lo", "-w", tmp_path / "x.pcapng", "-Z", "root"]),
             subprocess.Popen([TOOL, "read", "-"], stdin=reader, stdout=subprocess.DEVNULL)]
    try:
        for process in tools:
            status = pathlib.Path(f"/proc/{process.pid}/status")
            end = time.monotonic() + 10
            while "Seccomp:\t2" not in status.read_text():
                assert time.monotonic() < end, status.read_text()
                time.sleep(0.02)
            assert "NoNewPrivs:\t1" in status.read_text()
    finally:
        os.close(writer)
        for process in tools:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def test_statistics_of_interfaces(tmp_path):
    done = subprocess.run([TOOL, "live", "-i", "lo", "--statistics", "200ms", "--duration", "700ms", "tcp port 1"],
                          capture_output=True, check=True, timeout=20)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) >= 3
    assert all(r["type"] == "statistics" and r["interface"] == "lo" and r["dropped"] == 0 for r in records)

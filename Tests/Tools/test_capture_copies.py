"""What a capture says besides its packets, and what becomes of it in a copy: comments, names, counters, custom
blocks, secrets; copies of several captures as one; judged by editcap, capinfos, mergecap and tshark."""
import json
import struct
import subprocess

import pytest

from capture_frames import *
from test_capture import TOOL, run, tshark

START = 1795337400 * 10**9
FRAME = ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(50_001, 50_002, b"x")))




def told(path):
    """Blocks of a pcapng by their types: [(type, body)], of the little-endian files that we write."""
    octets, at, found = path.read_bytes(), 0, []
    while at < len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        found.append((kind, octets[at + 8:at + length - 4]))
        at += length
    return found


def rich(order="<"):
    """A capture with everything that a pcapng can say."""
    def word(value):
        return struct.pack(order + "I", value)

    end = option(0, b"", order)
    shb = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
                + option(1, b"a day at sea", order) + option(3, b"MeshOS 1", order) + end, order)
    idb = block(1, struct.pack(order + "HHI", ETHERNET, 0, 0) + option(1, b"starboard", order)
                + option(2, b"eth7", order) + option(3, b"the long one", order)
                + option(6, bytes.fromhex("0200000000aa"), order)
                + option(8, struct.pack(order + "Q", 10**9), order) + option(9, b"\x09", order) + end, order)
    nrb = block(4, struct.pack(order + "HH", 1, 10) + ipv4("10.0.0.1") + b"alpha\0" + b"\0\0"
                + struct.pack(order + "HH", 2, 22) + bytes.fromhex("20010db8" + "00" * 11 + "01") + b"bravo\0" + b"\0\0"
                + struct.pack(order + "HH", 0, 0), order)
    padded = FRAME + bytes(-len(FRAME) % 4)
    head = struct.pack(order + "IIIII", 0, START >> 32, START & 0xFFFFFFFF, len(FRAME), len(FRAME))
    epb = block(6, head + padded + option(1, b"look here", order) + option(1, b"and here", order)
                + option(2, word(1), order) + option(4, struct.pack(order + "Q", 3), order) + end, order)
    copied = block(0xBAD, word(32473) + b"mine", order)
    kept = block(0x40000BAD, word(32473) + b"not to be copied", order)
    secrets = block(10, word(0x544C534B) + word(4) + b"hush", order)
    isb = block(5, struct.pack(order + "III", 0, 0, 5) + option(4, struct.pack(order + "Q", 7), order)
                + option(5, struct.pack(order + "Q", 2), order) + end, order)
    return shb + idb + nrb + secrets + epb + copied + kept + isb


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_a_capture_says_is_read(order):
    records, _ = run("read", "-", data=rich(order))
    frame, statistics = records
    assert frame["comments"] == ["look here", "and here"] and frame["interface"] == "eth7"
    assert frame["direction"] == "in" and frame["timestamp"] == START // 10**6
    assert statistics == {"type": "statistics", "kos": 1, "interface": "eth7", "received": 7, "dropped": 2}


@pytest.mark.parametrize("order", ["<", ">"])
def test_what_a_capture_says_is_copied(tmp_path, order):
    path, copy = tmp_path / "rich.pcapng", tmp_path / "copy.pcapng"
    path.write_bytes(rich(order))
    _, said = run("read", "-w", copy, path)
    assert "1 blocks of secrets were not copied" in said and b"hush" not in copy.read_bytes()
    assert run("read", copy)[0] == run("read", path)[0]
    # tshark and capinfos find in the copy what they find in the original.
    fields = ["frame.comment", "frame.packet_flags_direction", "frame.drop_count", "frame.interface_name",
              "frame.interface_description", "frame.time_epoch", "frame.len"]
    ours = [row for row in tshark(copy, *fields) if row[5]]
    assert ours == [row for row in tshark(path, *fields) if row[5]] and ours[0][0] == "look here,and here"
    shown = [subprocess.run(["capinfos", "-k", "-I", each], capture_output=True, text=True, check=True).stdout
             for each in (path, copy)]
    for line in ("a day at sea", "the long one", "eth7"):
        assert all(line in text for text in shown), (line, shown)
    blocks = told(copy)
    kinds = [kind for kind, _ in blocks]
    assert kinds.count(0xBAD) == 1 and 0x40000BAD not in kinds and 10 not in kinds
    assert [body for kind, body in blocks if kind == 0xBAD] == [struct.pack("<I", 32473) + b"mine"]
    interface_ = next(body for kind, body in blocks if kind == 1)
    assert option(8, struct.pack("<Q", 10**9)) in interface_ and option(1, b"starboard") in interface_
    assert option(6, bytes.fromhex("0200000000aa")) in interface_
    names = next(body for kind, body in blocks if kind == 4)
    assert ipv4("10.0.0.1") + b"alpha\0" in names and b"bravo\0" in names
    # And editcap reads it to the end.
    subprocess.run(["editcap", copy, tmp_path / "again.pcapng"], check=True, capture_output=True)


def test_names_of_a_capture_name_peers(tmp_path):
    path = tmp_path / "named.pcapng"
    packet = kos("01a20272-b2dc-7c11-9d2e-5b7a90c3f00f", "alpha-node", "b", ["alpha-node"], 1)
    frame = ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(47470, 47470, packet)))
    nrb = block(4, struct.pack("<HH", 1, 10) + ipv4("10.0.0.1") + b"alpha\0" + b"\0\0" + struct.pack("<HH", 0, 0))
    path.write_bytes(section() + interface(ETHERNET) + enhanced(0, START // 1000, frame) + nrb)
    peers = [r for r in run("topology", path)[0] if r["type"] == "peer"]
    assert peers[0]["nodeId"] == "alpha-node" and peers[0]["metadata"]["name"] == "alpha"


@pytest.mark.parametrize("name", ["merged.pcapng", "merged.pcap"])
def test_captures_as_one_are_what_mergecap_makes(tmp_path, name):
    """Three captures of different times and formats, in the order of time."""
    parts = []
    for number in range(3):
        frames = [(START + (n * 3 + number * 2 % 3) * 10**6, ethernet(ip(
            "10.0.0.1", "10.0.0.2", 17, udp(50_000 + number, n, bytes(n))))) for n in range(40)]
        path = tmp_path / f"part{number}.pcap"
        path.write_bytes(pcap(frames, magic=[PCAP_MICROS, PCAP_NANOS][number % 2]))
        parts.append(path)
    run("read", "--merge", "-w", tmp_path / name, *parts)
    subprocess.run(["mergecap", "-w", tmp_path / "theirs.pcapng", *parts], check=True)
    fields = ["frame.number", "frame.time_epoch", "udp.srcport", "udp.dstport", "frame.len"]
    assert tshark(tmp_path / name, *fields) == tshark(tmp_path / "theirs.pcapng", *fields)
    records, _ = run("read", "--merge", *parts)
    assert [[r["number"], r["sourcePort"], r["destinationPort"]] for r in records] == [
        [int(row[0]), int(row[2]), int(row[3])] for row in tshark(tmp_path / "theirs.pcapng", *fields)]
    damaged = tmp_path / "cut.pcap"
    damaged.write_bytes(parts[0].read_bytes()[:-5])
    records, said = run("read", "--merge", damaged, *parts[1:], status=3)
    assert sum(r["type"] == "frame" for r in records) == 119 and "cut.pcap" in said


def test_one_report_over_both_ends_of_a_hop(tmp_path):
    """Captures of neighbours, whose clocks agree, and of a ring's files: one report."""
    frames, lost = mesh(100, lose_every=10)
    frames.sort()
    halves = [tmp_path / "a.pcap", tmp_path / "b.pcap"]
    halves[0].write_bytes(pcap(frames[:130]))
    halves[1].write_bytes(pcap(frames[130:]))
    whole = tmp_path / "whole.pcap"
    whole.write_bytes(pcap(frames))
    one, both = run("report", whole)[0][0], run("report", "--merge", *halves)[0][0]
    assert {k: v for k, v in one.items() if k != "file"} == both and both["lost"] == lost
    assert len(run("report", *halves)[0]) == 2
    # The same hop, captured at both of its ends, is no duplicate.
    twice = run("report", "--merge", whole, whole)[0][0]
    assert twice["packets"] == 2 * one["packets"] and twice["duplicates"] == one["duplicates"] == 0
    assert (twice["delivered"], twice["lost"]) == (one["delivered"], one["lost"])


def test_filters_are_compiled_for_each_interface(tmp_path):
    """One pcapng of four link types: tcpdump's answer for each of them."""
    links = {ETHERNET: b"", RAW: b"", SLL: b"", 9: b""}
    flat, data = [], section() + b"".join(interface(link) for link in links)
    for number, link in enumerate(links):
        for place in range(10):
            inner = ip("10.0.0.1", f"10.0.0.{place + 2}", 17, udp(50_000, 53 if place % 3 else 54, b"x" * 12))
            octets = {ETHERNET: ethernet(inner), RAW: inner, 9: b"\xff\x03\x00\x21" + inner,
                      SLL: struct.pack("!HHH8sH", 0, 1, 6, bytes(8), 0x0800) + inner}[link]
            flat.append((link, octets))
            data += enhanced(number, START // 1000 + len(flat), octets)
    path = tmp_path / "links.pcapng"
    path.write_bytes(data)
    wanted = 0
    for link in links:
        alone = tmp_path / f"{link}.pcap"
        alone.write_bytes(pcap([(START, octets) for each, octets in flat if each == link], link=link))
        out = subprocess.run(["tcpdump", "-nn", "-r", alone, "udp port 53"], capture_output=True, text=True, check=True)
        wanted += len(out.stdout.splitlines())
    assert len(run("read", "--filter", "udp port 53", path)[0]) == wanted == 24
    # libpcap knows no ports behind LoRaTap: that is said, and --where does.
    tap = tmp_path / "lora.pcap"
    tap.write_bytes(pcap([(START, bytes(15))], link=270))
    _, said = run("read", "--filter", "udp port 53", tap, status=2)
    assert said.count("\n") == 1 and "pcap-filter" in said


@pytest.mark.parametrize("name", ["empty.pcap", "empty.pcapng"])
def test_a_copy_of_nothing_is_a_capture(tmp_path, name):
    source = tmp_path / "x.pcap"
    source.write_bytes(pcap([(START, FRAME)]))
    run("read", "-w", tmp_path / name, "--where", "len>9999", source, status=1)
    out = subprocess.run(["capinfos", "-c", "-M", "-T", "-r", tmp_path / name], capture_output=True, text=True,
                         check=True).stdout
    assert out.split()[-1] == "0"
    assert json.loads(subprocess.run([TOOL, "count", tmp_path / name], capture_output=True).stdout)["frames"] == 0

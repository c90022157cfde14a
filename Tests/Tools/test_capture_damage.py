"""The ten kinds of bad input that a capture reader has to live with, each by its name: every whole packet is
printed, then one error; no trap, no loop, memory within bounds, every line valid JSON."""
import gzip
import json
import random
import resource
import struct
import subprocess

import pytest

from capture_frames import *
from test_capture import TOOL, run

START = 1795337400 * 10**9


def limited(*arguments, data=None, mebibytes=None):
    """(exit status, records, stderr, peak MiB); every line must be JSON without a raw control character."""
    done = subprocess.run(["/usr/bin/time", "-f", "%M", TOOL, *map(str, arguments)], input=data, capture_output=True,
                          timeout=60)
    lines = done.stdout.splitlines()
    for line in lines:
        assert all(octet >= 0x20 and octet != 0x7F for octet in line), line[:200]
        line.decode("utf-8", "strict")
    *said, peak = done.stderr.decode().splitlines()
    said = [line for line in said if not line.startswith("Command exited")]
    if mebibytes:
        assert int(peak) < mebibytes * 1024, peak
    return done.returncode, [json.loads(line) for line in lines], said


def datagrams(count, body=b"x"):
    return [(START + n * 1000, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(1, 2, body)))) for n in range(count)]


@pytest.mark.parametrize("octets", [b"", b"\xd4\xc3\xb2", b"hello, this is a text\n" * 100, b"\x1f\x8b\x08" + bytes(50)],
                         ids=["empty", "three octets", "text", "gzip of nothing"])
def test_1_no_capture(octets):
    status, records, said = limited("read", "-", data=octets)
    assert status in (3, 4) and len(said) == 1 and said[0].startswith("kos-capture: stdin: ")
    assert [r["type"] for r in records] in ([], ["error"])
    if not octets.startswith(b"\x1f\x8b"):
        assert status == 4 and records == []


@pytest.mark.parametrize("form", ["pcap", "pcapng", "btsnoop", "gzip"])
def test_2_cut_anywhere(form):
    """In a record's head, in a packet, in a block: what came before is whole."""
    frames = datagrams(5)
    whole = {"pcap": pcap(frames), "gzip": gzip.compress(pcap(frames), mtime=0),
             "pcapng": section() + interface(ETHERNET) + b"".join(enhanced(0, t // 1000, o) for t, o in frames),
             "btsnoop": b"btsnoop\0" + struct.pack(">II", 1, 1002) + b"".join(
                 struct.pack(">IIIIQ", 4, 4, 2, 0, 0x00DCDDB30F2F8000 + n) + bytes.fromhex("01030c00")
                 for n in range(5))}[form]
    everything = limited("read", "-", data=whole)[1]
    assert len(everything) == 5
    heads = {"pcap": 24, "btsnoop": 16, "pcapng": 28 + 20, "gzip": 12}[form]
    for size in random.Random(form).sample(range(heads + 1, len(whole)), 12):
        status, records, said = limited("read", "-", data=whole[:size])
        complete = [r for r in records if r["type"] == "frame"]
        assert complete == everything[:len(complete)]
        if records[-1:] and records[-1]["type"] == "error":
            assert status == 3 and records[-1]["code"] in ("truncated", "damaged") and len(said) == 1
        else:
            # Cut between two records: nobody can tell.
            assert status in (0, 1) and not said


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0, 33, 0x80000000])
def test_3_lengths_that_lie(length):
    good = enhanced(0, 1, datagrams(1)[0][1])
    bad = struct.pack("<II", 6, length) + bytes(40)
    status, records, said = limited("read", "-", data=section() + interface(ETHERNET) + good + bad, mebibytes=32)
    assert status == 3 and [r["type"] for r in records] == ["frame", "error"] and len(said) == 1
    broken = pcap(datagrams(1)) + struct.pack("<IIII", 1, 1, length, length) + bytes(20)
    status, records, said = limited("read", "-", data=broken, mebibytes=32)
    # Of no octets there is a packet; of 33 only 20 are there.
    assert [r["type"] for r in records][0] == "frame" and status == 3


@pytest.mark.parametrize("block_", [
    enhanced(7, 1, b"abcd"), block(6, bytes(8)), block(3, b""), block(2, struct.pack("<HHIIII", 9, 0, 0, 1, 4, 4) + b"abcd"),
    enhanced(0, 1, b"abcd")[:-4] + b"\x01\0\0\0"],
    ids=["interface 7 of 1", "too short", "simple and too short", "old block of interface 9", "two lengths"])
def test_4_blocks_that_contradict(block_):
    good = enhanced(0, 1, datagrams(1)[0][1])
    status, records, said = limited("read", "-", data=section() + interface(ETHERNET) + good + block_)
    assert status == 3 and [r["type"] for r in records] == ["frame", "error"] and len(said) == 1
    status, records, said = limited("read", "-", data=section() + enhanced(0, 1, b"abcd"))
    assert status == 3 and [r["type"] for r in records] == ["error"]


def test_5_times_that_no_clock_has():
    octets = datagrams(1)[0][1]
    resolutions = [0x80 | 127, 127, 0, 0x80, 0x80 | 63, 19, 9]
    data = b"".join(
        section() + interface(ETHERNET, resolution=resolution) + enhanced(0, ticks, octets)
        + enhanced(0, 5, octets) + enhanced(0, 1, octets)
        for resolution in resolutions for ticks in (2**64 - 1, 0, 2**63))
    status, records, _ = limited("read", "-", data=data)
    assert status == 0 and len(records) == 3 * 3 * len(resolutions)
    assert all(r["timestamp"] is None or r["timestamp"] >= 0 for r in records)
    assert limited("topology", "-", data=data)[0] in (0, 1)
    for record in limited("report", "--by", "total,flow,node,interval", "-", data=data)[1]:
        assert record.get("durationMs", 0) >= 0 and record.get("throughputBps", 0) >= 0
    # A fraction of more than a second, and time that goes back.
    frames = struct.pack("<IHHiIII", PCAP_MICROS, 2, 4, 0, 0, 65535, 1)
    for seconds, fraction in ((5, 4294967295), (1, 0), (4294967295, 4294967295)):
        frames += struct.pack("<IIII", seconds, fraction, len(octets), len(octets)) + octets
    status, records, _ = limited("read", "-", data=frames)
    assert [r["timestamp"] for r in records] == [4299967, 1000, 4294967295000 + 4294967]


def test_6_sections_links_and_orders():
    """Mixed link types and orders, ids counted anew in each section, 100,000 interfaces."""
    octets = datagrams(1)[0][1]
    data = section() + interface(ETHERNET, name="a") + interface(RAW, 96, name="b") + enhanced(1, 1, octets[14:]) \
        + section(">") + interface(RAW, name="c", order=">") + enhanced(0, 2, octets[14:], order=">") \
        + section() + interface(ETHERNET, name="d") * 100_000 + enhanced(99_999, 3, octets)
    status, records, _ = limited("read", "-", data=data, mebibytes=64)
    assert status == 0 and [r["interface"] for r in records] == ["b", "c", "d"]
    assert {r["source"] for r in records} == {"10.0.0.1"}


def test_7_layers_without_end():
    body = udp(1, 2, b"x")
    for _ in range(3000):
        body = struct.pack("!BBHHHBBH4s4s", 0x45, 0, min(65535, 20 + len(body)), 0, 0, 64, 4, 0, ipv4("10.0.0.1"),
                           ipv4("10.0.0.2")) + body
    tags = bytes.fromhex("020000000002" "020000000001") + b"\x81\x00\x00\x01" * 300 + b"\x08\x00" + ip(
        "10.0.0.1", "10.0.0.2", 17, udp(1, 2, b"x"))
    headers = b"".join(bytes([0 if n < 199 else 17, 0]) + bytes.fromhex("010400000000") for n in range(200))
    chain = struct.pack("!IHBB", 6 << 28, len(headers) + 9, 0, 64) + bytes(32) + headers + udp(1, 2, b"x")
    frames = [(START, ethernet(body[:60_000])), (START, tags), (START, ethernet(chain, 0x86DD))]
    status, records, _ = limited("read", "-", data=pcap(frames), mebibytes=32)
    assert status == 0 and [r.get("truncatedAt") for r in records] == ["depth"] * 3
    # Fragments that overlap are dropped with their datagram (teardrop); none of them has ports.
    tear = [struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + 36, 9, flags, 64, 17, 0, ipv4("10.0.0.1"), ipv4("10.0.0.2"))
            + bytes(36) for flags in (0x2000, 0x0003)]
    records = limited("read", "-", data=pcap([(START, ethernet(octets)) for octets in tear]))[1]
    assert len(records) == 2 and "fragments" not in records[1]


def carried(port, *bodies):
    return pcap([(START + n, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(port, port, body))))
                 for n, body in enumerate(bodies)])


def test_8_messages_that_lie():
    """A DNS pointer to itself, counts of 65,535 in 12 octets, an OLSR message of size 0, brackets 30,000 deep,
    lengths of 2^63: said to be malformed, in no time."""
    head = struct.pack("!HHHHHH", 7, 0, 1, 65535, 65535, 65535)
    records = limited("read", "-", data=carried(53, head + b"\xc0\x0c" * 20, head, head + b"\x3f" * 200))[1]
    assert [r.get("malformed") for r in records] == ["dns"] * 3
    records = limited("read", "-", data=carried(698, bytes.fromhex("0010000b" "01050000" "0a000001" "01000007")))[1]
    assert records[0]["malformed"] == "olsr"
    deep = 30_000
    status, records, _ = limited("read", "--decode", "-", data=carried(6881, b"d1:ad2:id" + b"l" * deep + b"e" * deep),
                                 mebibytes=48)
    assert status == 0 and [r["type"] for r in records] == ["frame"]
    status, records, _ = limited("read", "--decode", "-", data=carried(
        47470, b'{"id":"x","source":"a","destination":"b","payload":' + b"[" * deep + b"]" * deep + b"}"), mebibytes=48)
    assert status == 0 and [r["type"] for r in records] == ["frame"]
    records = limited("read", "-", data=carried(
        6881, b"d1:ad2:id9223372036854775808:aee", b"d1:ad2:id99999999999999999999:aee"))[1]
    assert all(r["malformed"] == "bt-dht" for r in records)
    # CBOR arrays within arrays, and a string of 2^63 octets, in a frame of ours on USER0.
    for body in (b"\x81" * deep, b"\x9b\x80" + bytes(7), b"\x7b" + b"\xff" * 8):
        frame = b"\xe0\x11\x00\x01\x00\x01" + body
        status, records, _ = limited("read", "--decode", "-", data=pcap([(START, frame[:65000])], link=147),
                                     mebibytes=48)
        assert status == 0 and len(records) == 1


def test_9_streams_that_lie(tmp_path):
    """A hole that stays, a SYN of each of 300,000 connections, WebSocket frames of 2^63-1, chunks of 2^68, two
    content lengths: bounds hold, and the report tells of streams that were lost and flows put out early."""
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    line = kos("01a20272-b2dc-7c11-9d2e-5b7a90c3f00f", "a", "b", ["a"], 1) + b"\n"
    chunks = [line + b"x" * 1000] + [line] * 300
    holed = tcp_stream("10.0.0.1", "10.0.0.2", (40000, 47470), chunks, START)
    del holed[4]
    huge = tcp_stream("10.0.0.3", "10.0.0.2", (40001, 47470), [
        upgrade, b"\x81\xff\x7f" + b"\xff" * 7 + b"abcd" + b"x" * 500], START, back=[switch])
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    chunked = tcp_stream("10.0.0.4", "10.0.0.2", (40002, 47470), [
        post + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n" + line], START)
    twice = tcp_stream("10.0.0.5", "10.0.0.2", (40003, 47470), [
        post + b"Content-Length: 5\r\nContent-Length: 300\r\n\r\n" + line], START)
    status, records, _ = limited("read", "--decode", "-", data=pcap(sorted(holed + huge + chunked + twice)),
                                 mebibytes=48)
    assert status == 0
    assert not {r["capture"]["source"] for r in records if r["type"] == "packet"} & {"10.0.0.3", "10.0.0.4", "10.0.0.5"}
    total = limited("report", "-", data=pcap(sorted(holed)))[1][0]
    assert total["tcp"]["desynchronised"] == 1

    flood = tmp_path / "flood.pcap"
    head = bytes.fromhex("020000000002020000000001080045000028000040004006") + b"\0\0"
    with open(flood, "wb") as out:
        out.write(pcap([]))
        for number in range(300_000):
            octets = head + struct.pack("!IIHHIIBBHHH", 0x0A000000 + number // 50000, 0x0B000001, 1024 + number % 50000,
                                        80, number, 0, 0x50, 2, 65535, 0, 0)
            out.write(struct.pack("<IIII", 1795337400 + number // 10000, number % 10000 * 100, 54, 54) + octets)
    status, records, said = limited("report", flood, mebibytes=256)
    assert status == 0 and records[0]["evicted"] > 0 and records[0]["flows"] == 300_000
    assert len(said) == 1 and "make room" in said[0]


def test_10_names_and_bombs(tmp_path):
    """Escapes, NUL, halves of surrogates and turned text in names; 50 MB of nothing in 50 kB."""
    name = b"a\x1b[31m\0b\xed\xa0\x80c\xe2\x80\xaed\xc2\x9b"
    idb = block(1, struct.pack("<HHI", ETHERNET, 0, 0) + option(2, name) + option(0, b""))
    labels = bytes([len(name)]) + name + b"\0"
    question = struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + struct.pack("!HH", 1, 1)
    comment = enhanced(0, 1, b"abcd")
    comment = block(6, comment[8:-4] + option(1, name) + option(0, b""))
    frames = [enhanced(0, 1, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(53, 53, question))))]
    done = subprocess.run([TOOL, "read", "-"], input=section() + idb + b"".join(frames) + comment, capture_output=True)
    assert done.returncode == 0
    text = done.stdout.decode("utf-8", "strict")
    assert not set(text) & {"\x1b", "\0", "\u202e", "\x9b", "\x7f"}
    assert len(json.loads(text.splitlines()[1])["comments"]) == 1
    bomb = tmp_path / "bomb.pcap.gz"
    with gzip.open(bomb, "wb", 9) as out:
        out.write(pcap([]))
        record = struct.pack("<IIII", 1, 0, 1 << 16, 1 << 16) + bytes(1 << 16)
        for _ in range(800):
            out.write(record)
    status, records, said = limited("count", bomb, mebibytes=32)
    assert status == 0 and records[0]["frames"] == 800
    status, records, said = limited("count", "--max-bytes", "10MB", bomb, mebibytes=32)
    assert status == 3 and "--max-bytes" in said[0]
    assert [r["type"] for r in records] == ["error", "summary"] and records[1]["frames"] == 10_000_000 // 65_552

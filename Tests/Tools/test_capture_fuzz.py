"""Short, seeded runs of the fuzz targets of kos-capture: the very code that libFuzzer runs (Tests/Fuzz/run), on
inputs that are the same in every run. Seeds are frames, captures and streams of our own."""
import pathlib
import random
import re
import struct
import subprocess

import pytest

import capture_layers as layers
from capture_frames import *
from test_capture_copies import rich
from test_capture_formats import PROTOCOLS

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ["Dissection", "FrameFilter", "CaptureCopies", "Captures", "Streams"]
ROUNDS = {"Dissection": 20_000, "FrameFilter": 50_000, "CaptureCopies": 8000, "Captures": 8000, "Streams": 50_000}
PORTS = [0, 53, 5353, 67, 123, 161, 520, 654, 698, 1900, 2152, 3544, 4242, 4789, 5683, 6081, 6696, 6881, 7946, 47470]


def dissection():
    rng = random.Random(1)
    for link, wrap in layers.LINKS.values():
        for depth in (0, 1, 3):
            yield bytes([(link >> 7) & 2, link & 255]) + wrap(rng, *layers.nested(rng, depth))
    for port, body, _ in PROTOCOLS.values():
        yield bytes([1, PORTS.index(port)]) + body


def segments(*bodies, flags=0x18):
    return b"".join(struct.pack(">BbH", flags << 2, 0, len(body)) + body for body in bodies)


def streams():
    one = kos("a", "b", "c", ["b"], 1) + b"\n"
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    yield segments(one, one[:40], one[40:])
    yield segments(upgrade, websocket_frame(one[:-1], mask=b"abcd"), websocket_frame(one[:30], mask=b"abcd", final=False),
                   websocket_frame(one[30:-1], opcode=0, mask=b"abcd"))
    yield segments(b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(one) + one)
    yield segments(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(one) + one + b"\r\n0\r\n\r\n")
    yield struct.pack(">BbH", 2, 0, 40) + b"\xe0\x21" + struct.pack(">IHH", 7, 0, 1) + one[:30]


SEEDS = {
    "Dissection": dissection,
    "FrameFilter": lambda: [text.encode() for text in (
        "proto=kos and src=10.77.1.1", "not (host=10.77.1.1 or number<=5)", "len>301 || port!=53", "src ~ '77.3'",
        "interface=\"eth0\" and malformed=dns", "((len=1))", "dst=2001:db8::1 and sport>=1024")],
    "CaptureCopies": lambda: [rich(), rich(">"), pcap([(10**18, b"abcd")]), pcap([(1, b"x")], magic=PCAP_NANOS, order=">")],
    "Captures": lambda: [bytes([step]) + each for step in (0, 200) for each in (
        rich(), rich(">"), pcap([(10**18, ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(1, 2, b"x"))))]),
        b"btsnoop\0" + struct.pack(">II", 1, 1002) + struct.pack(">IIIIQ", 4, 4, 2, 0, 0x00DCDDB30F2F8000)
        + bytes.fromhex("01030c00"))],
    "Streams": streams,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """All targets in one program, each under its own name."""
    folder = tmp_path_factory.mktemp("fuzz")
    sources = []
    for name in TARGETS:
        text = (ROOT / f"Tests/Fuzz/{name}.swift").read_text()
        text, count = re.subn(r'@_cdecl\("LLVMFuzzerTestOneInput"\)\npublic func fuzz\(', f"func fuzz{name}(", text)
        assert count == 1
        sources.append(folder / f"{name}.swift")
        sources[-1].write_text(text)
    sources.append(pathlib.Path(__file__).with_name("SeededFuzz.swift"))
    subprocess.run([ROOT / "Tests/compile", *sources, folder / "fuzz"], check=True, capture_output=True)
    return folder / "fuzz"


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_from_seeds(program, tmp_path, name):
    for number, octets in enumerate(SEEDS[name]()):
        (tmp_path / f"{number:04}").write_bytes(octets)
    done = subprocess.run([program, name, tmp_path, str(ROUNDS[name])], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith("done"), (
        done.stdout.splitlines()[-1:], done.stderr[-2000:])

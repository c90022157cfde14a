"""RFC 8785 by its own examples and by millions of digits: what kos-send signs is verified over the octets that two other
implementations make of it."""
import base64
import json
import math
import os
import random
import socket
import struct
import subprocess
import threading

import jcs
import pytest
import rfc8785

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custody import Accepted, kind
from kit import tool
from mesh import PythonNode, signed_octets, unbase58, verify

LONG = bool(os.environ.get("LONG"))

# RFC 8785, Appendix B: IEEE 754 doubles and their text.
NUMBERS = """
0000000000000000 0
8000000000000000 0
0000000000000001 5e-324
8000000000000001 -5e-324
7fefffffffffffff 1.7976931348623157e+308
ffefffffffffffff -1.7976931348623157e+308
4340000000000000 9007199254740992
c340000000000000 -9007199254740992
4430000000000000 295147905179352830000
44b52d02c7e14af5 9.999999999999997e+22
44b52d02c7e14af6 1e+23
44b52d02c7e14af7 1.0000000000000001e+23
444b1ae4d6e2ef4e 999999999999999700000
444b1ae4d6e2ef4f 999999999999999900000
444b1ae4d6e2ef50 1e+21
3eb0c6f7a0b5ed8c 9.999999999999997e-7
3eb0c6f7a0b5ed8d 0.000001
41b3de4355555553 333333333.3333332
41b3de4355555554 333333333.33333325
41b3de4355555555 333333333.3333333
41b3de4355555556 333333333.3333334
41b3de4355555557 333333333.33333343
becbf647612f3696 -0.0000033333333333333333
43143ff3c1cb0959 1424953923781206.2
"""

# RFC 8785 §3.2.2 (literals, numbers, escapes) and §3.2.3 (the order of names, by UTF-16 units).
TEXTS = {
    "values": r'''{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}''',
    "order": r'''{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}''',
    "nested": '''{"1": {"f": {"f": "hi", "F": 5}, "\\n": 56.0}, "10": {}, "": "empty", "a": {}, "111": [{"e": "yes", "E": "no"}],
        "A": {}}''',
    "arrays": '[56, {"d": true, "10": null, "1": []}]',
    "not normalised": r'{"Unnormalized Unicode": "A\u030a"}',
    "escapes": json.dumps("".join(map(chr, range(0x80))) + "\u2028\u2029\ufeff\U0010ffff"),
}
CANONICAL = {
    "values": '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
              '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    "arrays": '[56,{"1":[],"10":null,"d":true}]',
}


def signed(home, payloads):
    """The packets that kos-send sends with these payloads, given as JSON texts, as they come to a node."""
    node = PythonNode()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [tool("kos-send"), "--no-seal", "--no-ack", "-q", "-T", f"tcp://127.0.0.1:{listener.getsockname()[1]}", "-t",
             "60s"], stdin=subprocess.PIPE, env=home)
        feed = "".join(f'{{"type":"packet","kos":1,"destination":"{node.id}","payload":{"".join(text.splitlines())}}}\n'
                       for text in payloads)
        threading.Thread(target=process.communicate, args=(feed.encode(),)).start()
        there = Accepted(node, listener.accept()[0])
        there.write(node.greeting(there.collect(lambda packet: kind(packet) == "nodeInfo")))
        packets = []
        while len(packets) < len(payloads):
            packets += [doubles(packet) for packet in there.read(20) if packet["metadata"]["type"] == "data"]
        there.close()
        assert process.wait(20) == 0
    return packets


def doubles(value):
    """Integers that only a double holds as doubles: what JSON says they are."""
    if isinstance(value, dict):
        return {name: doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return list(map(doubles, value))
    return float(value) if type(value) is int and abs(value) > 2**53 - 1 else value


def judge(packet):
    """Both implementations make the same octets, and the signature is over them."""
    verify(packet)
    octets = signed_octets(packet)
    covered = json.loads(octets.split(b"\n", 1)[1])
    assert jcs.canonicalize(covered) == octets.split(b"\n", 1)[1]
    key = Ed25519PublicKey.from_public_bytes(unbase58(packet["source"][1:])[2:])
    key.verify(base64.b64decode(packet["signature"]), b"kos-packet-v1\n" + jcs.canonicalize(covered))


@pytest.mark.parametrize("name", TEXTS)
def test_the_rfcs_examples_are_signed_as_it_says(home, name):
    [packet] = signed(home, [TEXTS[name]])
    judge(packet)
    assert packet["payload"] == json.loads(TEXTS[name])
    if name in CANONICAL:
        assert rfc8785.dumps(packet["payload"]).decode() == CANONICAL[name]


def test_the_rfcs_numbers_are_signed_as_it_says(home):
    rows = [line.split() for line in NUMBERS.split("\n") if line]
    values = [struct.unpack(">d", bytes.fromhex(bits))[0] for bits, _ in rows]
    [packet] = signed(home, [json.dumps(values)])
    judge(packet)
    for value, (_, text) in zip(values, rows):
        assert rfc8785.dumps(value).decode() == text or float(text) == value


def test_any_number_is_signed_as_others_write_it(home):
    """Doubles of all sizes, integers at the edges of what a double holds, short decimals."""
    dice = random.Random(8785)

    def number():
        match dice.randrange(4):
            case 0:
                value = struct.unpack("<d", dice.randbytes(8))[0]
                return value if math.isfinite(value) else 0.1
            case 1: return float(dice.randrange(-2**53, 2**53 + 1))
            case 2: return round(dice.uniform(-1e6, 1e6), dice.randrange(8))
            case _: return dice.choice([-1, 1]) * dice.random() * 10 ** dice.randrange(-8, 23)
    count = 1000 if LONG else 50
    packets = signed(home, [json.dumps([number() for _ in range(1000)]) for _ in range(count)])
    for packet in packets:
        judge(packet)

#!/usr/bin/env python3
"""Writes a mixed capture with a fixed seed: capture_generate.py PACKETS FILE

51 % TCP with HTTP and JSON, 28 % kOS packets over UDP (v4 and v6), 15 % DNS, 3.5 % mDNS, 1.7 % DHT,
the rest ICMP. Same arguments, same octets.
"""
import json
import random
import struct
import sys


def address(number):
    return bytes([10, number >> 16 & 255, number >> 8 & 255, number & 255])


def ip4(source, destination, protocol, payload, ident):
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident & 0xFFFF, 0x4000, 64, protocol, 0) \
        + source + destination + payload


def ip6(source, destination, protocol, payload):
    prefix = bytes.fromhex("20010db8000000000000000000000000")[:12]
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) \
        + prefix + source + prefix + destination + payload


def udp(source, destination, payload):
    return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def tcp(source, destination, sequence, acknowledgement, flags, payload=b""):
    return struct.pack(
        "!HHIIBBHHH", source, destination, sequence & 0xFFFFFFFF, acknowledgement & 0xFFFFFFFF,
        0x50, flags, 64240, 0, 0) + payload


def packet(rng, number):
    path = [f"n{rng.randrange(50)}" for _ in range(rng.randrange(1, 4))]
    return json.dumps({
        "id": f"01a20272-{number >> 16 & 0xFFFF:04x}-7{number & 0xFFF:03x}-8000-{number:012x}",
        "version": 1, "timestamp": 1795337400000 + number, "source": path[0],
        "destination": f"n{rng.randrange(50)}", "payload": {"n": number, "text": "x" * rng.randrange(80)},
        "options": {}, "route": path,
        "metadata": {"hops": len(path), "ttl": 8, "priority": 3, "type": "data", "flags": []},
        "signature": None}, separators=(",", ":")).encode()


def name(rng):
    return bytes([7]) + b"host%03d" % rng.randrange(1000) + b"\4mesh\7example\0"


class Connection:
    def __init__(self, rng):
        self.ends = (address(rng.randrange(1 << 14)), address(rng.randrange(1 << 14)))
        self.port, self.state = rng.randrange(20000, 60000), 0
        self.sequence, self.reply = rng.randrange(1 << 32), rng.randrange(1 << 32)
        self.left = rng.randrange(4, 60)

    def next(self, rng, ident):
        forth, back = self.ends
        step, self.state = self.state, self.state + 1
        if step == 0:
            segment = tcp(self.port, 8080, self.sequence, 0, 2)
            self.sequence += 1
        elif step == 1:
            segment = tcp(8080, self.port, self.reply, self.sequence, 0x12)
            self.reply += 1
            return ip4(back, forth, 6, segment, ident)
        elif step % 3 == 0:
            text = b"GET /peers?n=%d HTTP/1.1\r\nHost: relay\r\nAccept: application/json\r\n\r\n" % step
            segment = tcp(self.port, 8080, self.sequence, self.reply, 0x18, text)
            self.sequence += len(text)
        elif step % 3 == 1:
            body = b'{"peers":[' + b'"n1",' * rng.randrange(20, 220) + b'"n2"]}'
            text = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
                body) + body
            segment = tcp(8080, self.port, self.reply, self.sequence, 0x18, text)
            self.reply += len(text)
            return ip4(back, forth, 6, segment, ident)
        else:
            segment = tcp(self.port, 8080, self.sequence, self.reply, 0x10)
        return ip4(forth, back, 6, segment, ident)


def frames(count, seed=1):
    rng = random.Random(seed)
    connections = [Connection(rng) for _ in range(200)]
    ethernet4 = bytes.fromhex("0200000000020200000000010800")
    ethernet6 = ethernet4[:12] + b"\x86\xdd"
    for number in range(count):
        draw = rng.random()
        here, there = address(rng.randrange(50) + 1), address(rng.randrange(50) + 1)
        if draw < 0.51:
            place = rng.randrange(len(connections))
            yield ethernet4 + connections[place].next(rng, number)
            if connections[place].state > connections[place].left:
                connections[place] = Connection(rng)
        elif draw < 0.79:
            body = udp(47470, 47470, packet(rng, number))
            if draw < 0.70:
                yield ethernet4 + ip4(here, there, 17, body, number)
            else:
                yield ethernet6 + ip6(here, there, 17, body)
        elif draw < 0.94:
            head = struct.pack("!HHHHHH", number & 0xFFFF, 0x0100, 1, 0, 0, 0)
            body = head + name(rng) + b"\0\1\0\1"
            if number & 1:
                body = head[:2] + b"\x81\x80\0\1\0\1" + head[8:] + body[12:] \
                    + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + there
                yield ethernet4 + ip4(there, here, 17, udp(53, 40000, body), number)
            else:
                yield ethernet4 + ip4(here, there, 17, udp(40000, 53, body), number)
        elif draw < 0.975:
            body = b"\0\0\x84\0\0\0\0\1\0\0\0\0" + b"\4_kos\4_udp\5local\0\0\x0c\0\1\0\0\0\x78\0\2\xc0\x0c"
            yield ethernet4 + ip4(here, bytes([224, 0, 0, 251]), 17, udp(5353, 5353, body), number)
        elif draw < 0.992:
            body = b"d1:ad2:id20:" + rng.randbytes(20) + b"e1:q4:ping1:t2:aa1:y1:qe"
            yield ethernet4 + ip4(here, there, 17, udp(6881, 6881, body), number)
        else:
            yield ethernet4 + ip4(here, there, 1, b"\x08\0\0\0" + rng.randbytes(60), number)


def main():
    count, path = int(sys.argv[1]), sys.argv[2]
    with open(path, "wb", buffering=1 << 20) as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, frame in enumerate(frames(count)):
            time = number * 100
            out.write(struct.pack(
                "<IIII", 1795337400 + time // 10**6, time % 10**6, len(frame), len(frame)) + frame)


if __name__ == "__main__":
    main()

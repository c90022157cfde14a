"""Builds capture files for the tests, from nothing but struct: no capture of strangers is kept."""
import json
import random
import struct

PCAP_MICROS, PCAP_NANOS = 0xA1B2C3D4, 0xA1B23C4D
ETHERNET, RAW, SLL, NULL = 1, 101, 113, 0


def ipv4(text):
    return bytes(int(part) for part in text.split("."))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, protocol, payload, ident=0, ttl=64):
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, 0x4000, ttl, protocol, 0,
        ipv4(source), ipv4(destination))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def udp(source_port, destination_port, payload):
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def tcp(source_port, destination_port, sequence, acknowledgement, flags, payload=b""):
    return struct.pack(
        "!HHIIBBHHH", source_port, destination_port, sequence & 0xFFFFFFFF,
        acknowledgement & 0xFFFFFFFF, 5 << 4, flags, 65535, 0, 0) + payload


def ethernet(payload, kind=0x0800, source="02:00:00:00:00:01", destination="02:00:00:00:00:02"):
    mac = [bytes.fromhex(text.replace(":", "")) for text in (destination, source)]
    return mac[0] + mac[1] + struct.pack("!H", kind) + payload


def pcap(frames, link=ETHERNET, magic=PCAP_MICROS, order="<", snapshot=262144):
    """frames: (nanoseconds, octets) or (nanoseconds, octets, length)."""
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snapshot, link)]
    unit = 1 if magic == PCAP_NANOS else 1000
    for time, octets, *rest in frames:
        length = rest[0] if rest else len(octets)
        out.append(struct.pack(
            order + "IIII", time // 10**9, time % 10**9 // unit, len(octets), length) + octets)
    return b"".join(out)


def block(kind, body, order="<"):
    body += b"\0" * (-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)


def option(code, value, order="<"):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link, snapshot=0, name=None, resolution=None, order="<"):
    body = struct.pack(order + "HHI", link, 0, snapshot)
    if name:
        body += option(2, name.encode(), order)
    if resolution is not None:
        body += option(9, bytes([resolution]), order)
    return block(1, body + option(0, b"", order), order)


def enhanced(number, ticks, octets, length=None, order="<"):
    length = len(octets) if length is None else length
    padded = octets + b"\0" * (-len(octets) % 4)
    return block(6, struct.pack(
        order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), length) + padded, order)


def kos(ident, source, destination, route, hops, ttl=8, payload=None, kind="data", flags=()):
    packet = {
        "id": ident, "version": 1, "timestamp": 1795337400000, "source": source,
        "destination": destination, "payload": payload if payload is not None else {"n": 1},
        "options": {}, "route": route,
        "metadata": {"hops": hops, "ttl": ttl, "priority": 3, "type": kind, "flags": list(flags)},
        "signature": None}
    return json.dumps(packet, separators=(",", ":")).encode()


def uuid7(milliseconds, number):
    text = f"{milliseconds:012x}7{number >> 62 & 0xFFF:03x}8{number & (1 << 60) - 1:015x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def websocket_frame(payload, opcode=1, mask=None, final=True):
    length = len(payload)
    head = bytes([(0x80 if final else 0) | opcode])
    bit = 0x80 if mask else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 65536:
        head += bytes([bit | 126]) + struct.pack("!H", length)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", length)
    if mask:
        payload = bytes(octet ^ mask[index % 4] for index, octet in enumerate(payload))
        head += mask
    return head + payload


def tcp_stream(source, destination, ports, chunks, start, step=1_000_000, back=()):
    """Handshake and `chunks` from source to destination; frames with their times."""
    there, here = ports[1], ports[0]
    frames = [
        (start, ethernet(ip(source, destination, 6, tcp(here, there, 1000, 0, 2)))),
        (start + step, ethernet(ip(destination, source, 6, tcp(there, here, 5000, 1001, 0x12)))),
        (start + 2 * step, ethernet(ip(source, destination, 6, tcp(here, there, 1001, 5001, 0x10))))]
    forth, reply, time = 1001, 5001, start + 3 * step
    for chunk in chunks:
        frames.append((time, ethernet(ip(
            source, destination, 6, tcp(here, there, forth, reply, 0x18, chunk)))))
        forth += len(chunk)
        time += step
    for chunk in back:
        frames.append((time, ethernet(ip(
            destination, source, 6, tcp(there, here, reply, forth, 0x18, chunk)))))
        reply += len(chunk)
        time += step
    return frames


NODES = {"alpha": "10.77.1.1", "bravo": "10.77.1.2", "charlie": "10.77.3.3"}


def mesh(count=200, lose_every=0, seed=7, start=1795337400 * 10**9):
    """alpha sends to charlie by way of bravo over UDP: 4 ms to bravo, 12 ms on; some vanish there.

    Returns the frames and how many packets never left bravo."""
    random.seed(seed)
    frames, lost = [], 0
    for number in range(count):
        time = start + number * 50_000_000
        ident = uuid7(time // 10**6, number)
        first = kos(ident, "alpha", "charlie", ["alpha"], 1)
        frames.append((time, ethernet(ip(
            NODES["alpha"], NODES["bravo"], 17, udp(47470, 47470, first)))))
        back = kos(uuid7(time // 10**6, number + 10**6), "charlie", "bravo", ["charlie"], 1)
        frames.append((time + 30_000_000, ethernet(ip(
            NODES["charlie"], NODES["bravo"], 17, udp(47470, 47470, back)))))
        if lose_every and number % lose_every == lose_every - 1:
            lost += 1
            continue
        second = kos(ident, "alpha", "charlie", ["alpha", "bravo"], 2, ttl=7)
        frames.append((time + 4_000_000, ethernet(ip(
            NODES["bravo"], NODES["charlie"], 17, udp(47470, 47470, second)))))
    return sorted(frames), lost

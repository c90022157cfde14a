"""One packet of every link layer, network layer and encapsulation that kos-capture takes apart, each with random
contents: what tshark says of them is the truth."""
import random
import struct

from capture_frames import *


def random_mac(rng):
    return bytes([2]) + rng.randbytes(5)


def random_v4(rng):
    return f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def ipv6(source, destination, next_header, payload, hop_limit=64):
    return struct.pack("!IHBB", 6 << 28, len(payload), next_header, hop_limit) + source + destination + payload


def random_v6(rng):
    return bytes.fromhex("20010db8") + rng.randbytes(12)


def sctp(source_port, destination_port, rng):
    return struct.pack("!HHII", source_port, destination_port, rng.randrange(2**32), 0) \
        + bytes.fromhex("0b000004")


def ports(rng):
    """Ports that no dissector of tshark's takes for its own."""
    return rng.randrange(50_000, 60_000), rng.randrange(50_000, 60_000)


def transport(rng):
    """(protocol number, octets)"""
    kind = rng.randrange(4)
    one, two = ports(rng)
    body = rng.randbytes(rng.randrange(4, 40))
    if kind == 0:
        return 6, tcp(one, two, rng.randrange(2**32), 7, 0x18, body)
    if kind == 1:
        return 132, sctp(one, two, rng)
    if kind == 2:
        return 17, udp(one, two, body)
    return 17, udp(one, two, b"")


def options_v4(rng):
    """IPv4 with options."""
    number, body = transport(rng)
    options = bytes.fromhex("0101" + "8204aabb" + "0000")
    head = struct.pack("!BBHHHBBH4s4s", 0x47, 0, 28 + len(body), rng.randrange(65536), 0x4000, 9, number, 0,
                       ipv4(random_v4(rng)), ipv4(random_v4(rng))) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def packet_v4(rng):
    number, body = transport(rng)
    return ip(random_v4(rng), random_v4(rng), number, body, rng.randrange(65536), rng.randrange(2, 255))


def packet_v6(rng):
    number, body = transport(rng)
    return ipv6(random_v6(rng), random_v6(rng), number, body)


def extended_v6(rng):
    """Hop-by-hop options, routing, destination options, an atomic fragment header."""
    number, body = transport(rng)
    chain = [0, *rng.sample([43, 60], rng.randrange(3))]
    if rng.random() < 0.5:
        chain.append(44)
    headers = b""
    for place, kind in enumerate(chain):
        following = chain[place + 1] if place + 1 < len(chain) else number
        rest = {0: bytes.fromhex("010400000000"), 60: bytes.fromhex("010400000000"),
                43: bytes.fromhex("000000000000"), 44: bytes.fromhex("0000") + rng.randbytes(4)}[kind]
        headers += bytes([following, 0]) + rest
    return ipv6(random_v6(rng), random_v6(rng), chain[0], headers + body)


def packet(rng):
    """(EtherType, octets)"""
    kind = rng.randrange(4)
    if kind == 0:
        return 0x0800, packet_v4(rng)
    if kind == 1:
        return 0x0800, options_v4(rng)
    return 0x86DD, packet_v6(rng) if kind == 2 else extended_v6(rng)


def frame(rng, kind=None, body=None):
    if kind is None:
        kind, body = packet(rng)
    return random_mac(rng) + random_mac(rng) + struct.pack("!H", kind) + body


def version_of(kind):
    return 4 if kind == 0x0800 else 41


# Encapsulations: (EtherType, octets) from a packet of the same form.

def vlan(rng, kind, body):
    return 0x8100, struct.pack("!HH", rng.randrange(1, 4095), kind) + body


def service_vlan(rng, kind, body):
    return 0x88A8, struct.pack("!HH", rng.randrange(1, 4095), kind) + body


def mpls(rng, kind, body):
    labels = [rng.randrange(16, 2**20) << 12 | 64 for _ in range(rng.randrange(1, 4))]
    labels[-1] |= 0x100
    return 0x8847, b"".join(struct.pack("!I", label) for label in labels) + body


def pppoe(rng, kind, body):
    inner = struct.pack("!H", 0x21 if kind == 0x0800 else 0x57) + body
    return 0x8864, struct.pack("!BBHH", 0x11, 0, rng.randrange(65536), len(inner)) + inner


def over_ip(rng, number, body):
    if rng.random() < 0.5:
        return 0x0800, ip(random_v4(rng), random_v4(rng), number, body)
    return 0x86DD, ipv6(random_v6(rng), random_v6(rng), number, body)


def ip_in_ip(rng, kind, body):
    return over_ip(rng, version_of(kind), body)


def gre(rng, kind, body):
    flags = rng.choice([0, 0x2000, 0x1000, 0x3000])
    extra = b"".join(rng.randbytes(4) for bit in (0x2000, 0x1000) if flags & bit)
    return over_ip(rng, 47, struct.pack("!HH", flags, kind) + extra + body)


def gre_ethernet(rng, kind, body):
    return over_ip(rng, 47, struct.pack("!HH", 0, 0x6558) + frame(rng, kind, body))


def over_udp(rng, port, body):
    return over_ip(rng, 17, udp(rng.randrange(50_000, 60_000), port, body))


def vxlan(rng, kind, body):
    return over_udp(rng, 4789, struct.pack("!II", 0x08000000, rng.randrange(2**24) << 8) + frame(rng, kind, body))


def geneve(rng, kind, body):
    options = rng.choice([b"", bytes.fromhex("0102800100000001")])
    head = struct.pack("!BBHI", len(options) // 4, 0, kind, rng.randrange(2**24) << 8) + options
    return over_udp(rng, 6081, head + body)


def geneve_ethernet(rng, kind, body):
    return over_udp(rng, 6081, struct.pack("!BBHI", 0, 0, 0x6558, 256) + frame(rng, kind, body))


def gtp(rng, kind, body):
    if rng.random() < 0.5:
        return over_udp(rng, 2152, struct.pack("!BBHI", 0x30, 255, len(body), rng.randrange(2**32)) + body)
    # With a sequence number, and an extension header of one word.
    rest = struct.pack("!HBB", 5, 0, 0x85) + bytes.fromhex("01" "0009" "00") + body
    return over_udp(rng, 2152, struct.pack("!BBHI", 0x36, 255, len(rest), rng.randrange(2**32)) + rest)


def teredo(rng, kind, body):
    if kind != 0x86DD:
        body = packet_v6(rng)
    indication = rng.choice([b"", bytes.fromhex("0000") + rng.randbytes(6),
                             bytes.fromhex("00010000") + rng.randbytes(9)])
    return over_udp(rng, 3544, indication + body)


def l2tp(rng, kind, body):
    inner = struct.pack("!HH", 0xFF03, 0x21 if kind == 0x0800 else 0x57) + body
    return over_udp(rng, 1701, struct.pack("!HHH", 2, rng.randrange(1, 65536), rng.randrange(1, 65536)) + inner)


def service_header(rng, kind, body):
    return 0x894F, struct.pack("!HBBI", 0x0FC6, 1, 1 if kind == 0x0800 else 2, 0x0000_01FF) + bytes(16) + body


def macsec(rng, kind, body):
    inner = struct.pack("!H", kind) + body
    length = len(inner) if len(inner) < 48 else 0
    return 0x88E5, bytes([0, length]) + rng.randbytes(4) + inner + rng.randbytes(16)


ENCAPSULATIONS = [vlan, service_vlan, mpls, pppoe, ip_in_ip, gre, gre_ethernet, vxlan, geneve, geneve_ethernet, gtp,
                  teredo, l2tp, service_header, macsec]
# What carries a network layer only.
TOP_ONLY = {vlan, service_vlan, pppoe, service_header, macsec}


def nested(rng, depth):
    """A packet within `depth` encapsulations."""
    kind, body = packet(rng)
    for _ in range(depth):
        choice = rng.choice(ENCAPSULATIONS)
        if kind not in (0x0800, 0x86DD) and choice not in (vlan, service_vlan, gre_ethernet, vxlan, geneve_ethernet):
            choice = vxlan
        kind, body = choice(rng, kind, body)
    return kind, body


# Link layers: octets of one frame around (EtherType, octets).

def snap(kind):
    return bytes.fromhex("aaaa03000000") + struct.pack("!H", kind)


def sll(rng, kind, body):
    return struct.pack("!HHH8sH", rng.randrange(5), 1, 6, random_mac(rng) + b"\0\0", kind) + body


def sll2(rng, kind, body):
    return struct.pack("!HHIHBB8s", kind, 0, rng.randrange(1, 9), 1, rng.randrange(5), 6,
                       random_mac(rng) + b"\0\0") + body


def family(order):
    return lambda rng, kind, body: struct.pack(order + "I", 2 if kind == 0x0800 else 30) + body


def ppp(rng, kind, body):
    return struct.pack("!HH", 0xFF03, 0x21 if kind == 0x0800 else 0x57) + body


def hdlc(rng, kind, body):
    return struct.pack("!HH", 0x0F00, kind) + body


def relay(rng, kind, body):
    return bytes.fromhex("184103" + ("cc" if kind == 0x0800 else "8e")) + body


def wlan(rng, kind, body):
    """Data frames of each way, with and without quality of service, of a mesh with four addresses."""
    control, quality = rng.choice([(0x0800, b""), (0x0801, b""), (0x0802, b""), (0x8801, bytes(2)),
                                   (0x8802, bytes(2)), (0x0803, b"")])
    fourth = random_mac(rng) if control & 3 == 3 else b""
    return struct.pack("!HH", control, 0) + random_mac(rng) + random_mac(rng) + random_mac(rng) \
        + struct.pack("<H", rng.randrange(4096) << 4) + fourth + quality + snap(kind) + body


def radiotap(rng, kind, body):
    return bytes.fromhex("00000e002a000000" "00" "02" "8509" "a000") + wlan(rng, kind, body) if rng.random() < 0.5 \
        else bytes.fromhex("0000090020000000b5") + wlan(rng, kind, body)


def mesh_wlan(rng, kind, body):
    """802.11s: quality of service with a mesh control field of six octets."""
    return struct.pack("!HH", 0x8803, 0) + random_mac(rng) * 3 + struct.pack("<H", 16) + random_mac(rng) \
        + struct.pack("<H", 0x100) + bytes.fromhex("001f01000000") + snap(kind) + body


def information(inner, link):
    return lambda rng, kind, body: struct.pack("<BBHI", 0, 0, 8, link) + inner(rng, kind, body)


def nflog(rng, kind, body):
    body_tlv = struct.pack("<HH", 4 + len(body), 9) + body
    prefix = struct.pack("<HH", 5, 10) + bytes(4)
    return struct.pack("!BBH", 2 if kind == 0x0800 else 10, 0, 0) + prefix + body_tlv


def pktap(rng, kind, body):
    inner = frame(rng, kind, body)
    head = struct.pack("<III24sIIIIIiI", 108, 1, 1, b"en0", 1, 2, 0, 14, 0, 42, 0)
    head += b"kernel".ljust(20, b"\0") + struct.pack("<I", 0)
    return head.ljust(108, b"\0") + inner


def bare(rng, kind, body):
    return body


def ether(rng, kind, body):
    return frame(rng, kind, body)


LINKS = {
    "Ethernet": (1, ether), "raw": (101, bare), "cooked": (113, sll), "cooked2": (276, sll2),
    "null": (0, family("<")), "null of the other order": (0, family(">")), "loop": (108, family(">")),
    "PPP": (9, ppp), "PPP in HDLC": (50, ppp), "Cisco HDLC": (104, hdlc), "Frame Relay": (107, relay),
    "802.11": (105, wlan), "radiotap": (127, radiotap), "802.11s": (105, mesh_wlan),
    "PPI Ethernet": (192, information(ether, 1)), "PPI 802.11": (192, information(wlan, 105)),
    "NFLOG": (239, nflog), "PKTAP": (258, pktap),
}
# What a link with a protocol number for IP only can carry.
IP_ONLY = {"raw", "Cisco HDLC", "null", "null of the other order", "loop", "PPP", "PPP in HDLC", "Frame Relay", "NFLOG"}


def frames(name, count, seed, depth=None):
    """`count` frames of the link called `name`, each in up to three encapsulations."""
    rng = random.Random(f"{name} {seed}")
    link, wrap = LINKS[name]
    found = []
    while len(found) < count:
        kind, body = nested(rng, rng.randrange(4) if depth is None else depth)
        if name in IP_ONLY and kind not in (0x0800, 0x86DD):
            continue
        found.append(wrap(rng, kind, body))
    return link, found

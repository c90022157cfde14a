"""How each tool is called when nothing about the call matters but that it works, and how it fails."""
import struct

from kit import lines, link

TOPOLOGY = lines(link("alpha", "bravo"), link("bravo", "charlie"))


def capture():
    """A pcap file with one UDP datagram from 10.0.0.1 to 10.0.0.2."""
    udp = struct.pack("!HHHH", 1111, 2222, 12, 0) + b"ping"
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                     bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])) + udp
    frame = b"\2\0\0\0\0\2" + b"\2\0\0\0\0\1" + b"\x08\0" + ip
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return head + struct.pack("<IIII", 1795337400, 412000, len(frame), len(frame)) + frame


# A call that answers, ends by itself and needs no network: arguments and input.
ANSWERS = {
    "kos-discover": (["--methods"], b""),
    "kos-route": (["--from", "alpha", "--to", "charlie"], TOPOLOGY),
    "kos-send": (["--dry-run", "--to", "udp://127.0.0.1:9", "hello"], b""),
    "kos-relay": (["--print-config"], b""),
    "kos-lora": (["airtime", "--payload", "20"], b""),
    "kos-capture": (["report", "-"], capture()),
}

# A call that reads records and passes on what it does not know: arguments, a line that it consumes
# (or nothing), and the arguments it needs to end by itself.
FILTERS = {
    "kos-route": (["--from", "alpha", "--to", "bravo"], lines(link("alpha", "bravo"))),
    "kos-send": ([], b""),
    "kos-capture": (["topology", "-"], b""),
}

# What is wrong in a way that only this tool knows: arguments and the status.
MISUSES = {
    "kos-discover": [(["--method", "pigeon"], 2)],
    "kos-route": [(["--to", "b", "--metric", "colour"], 2), ([], 2)],
    "kos-send": [(["--to", "pigeon://x", "hello"], 2)],
    "kos-relay": [(["--listen", "pigeon://x"], 2)],
    "kos-lora": [(["airtime", "--payload", "20", "--sf", "99"], 2)],
    "kos-capture": [(["read", "no-such-file.pcap"], 3)],
}

"""How each tool is called when nothing about the call matters but that it works, and how it fails."""
from kit import lines, link

TOPOLOGY = lines(link("alpha", "bravo"), link("bravo", "charlie"))

# A call that answers, ends by itself and needs no network: arguments and input.
ANSWERS = {
    "kos-discover": (["--methods"], b""),
    "kos-route": (["--from", "alpha", "--to", "charlie"], TOPOLOGY),
    "kos-send": (["--dry-run", "--to", "udp://127.0.0.1:9", "hello"], b""),
    "kos-relay": (["--print-config"], b""),
    "kos-lora": (["airtime", "--payload", "20"], b""),
    "kos-capture": (["topology", "-"], TOPOLOGY),
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

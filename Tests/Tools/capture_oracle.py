"""What tshark says of a capture, packet by packet, beside what kos-capture says: time, length, addresses, ports
and protocols of the innermost layer that both take apart."""
import collections
import json
import subprocess

FIELDS = ["frame.time_epoch", "frame.len", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
          "udp.srcport", "udp.dstport", "tcp.srcport", "tcp.dstport", "sctp.srcport", "sctp.dstport"]
# What a message of ICMP quotes is not whom the packet is from.
QUOTING = {"icmp", "icmpv6"}
TRANSPORTS = {"udp", "tcp", "sctp"}

Told = collections.namedtuple("Told", "time length source destination ports protocols")


def told_by_tshark(path, *options, limit=None):
    command = ["tshark", "-n", "-r", str(path), *options, *(["-c", str(limit)] if limit else []), "-T", "fields",
               "-E", "occurrence=a", "-E", "aggregator=|"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return [innermost(dict(zip(FIELDS, line.split("\t")))) for line in done.stdout.splitlines()]


def innermost(line):
    """Of one packet: the last IP layer and the ports behind it."""
    layers = line["frame.protocols"].split(":")
    cut = next((place for place, name in enumerate(layers) if name in QUOTING), len(layers))
    layers = layers[:cut + 1]
    networks = [name for name in layers if name in ("ip", "ipv6")]
    source = destination = ports = None
    if networks:
        last, number = networks[-1], networks.count(networks[-1]) - 1
        ends = [line[f"{last}.{side}"].split("|") for side in ("src", "dst")]
        source, destination = (end[number] if number < len(end) else None for end in ends)
        behind = layers[len(layers) - 1 - layers[::-1].index(last):]
        over = next((name for name in behind if name in TRANSPORTS), None)
        if over:
            number = layers.count(over) - 1
            ends = [line[f"{over}.{side}"].split("|") for side in ("srcport", "dstport")]
            if all(number < len(end) and end[number] for end in ends):
                ports = tuple(int(end[number]) for end in ends)
    return Told(line["frame.time_epoch"], int(line["frame.len"]), source, destination, ports, layers)


def told_by_us(tool, path, *options, limit=None):
    done = subprocess.run([tool, "read", *options, *(["-c", str(limit)] if limit else []), str(path)],
                          capture_output=True, timeout=300)
    assert done.returncode in (0, 1, 3), done.stderr.decode()
    return [record for record in map(json.loads, done.stdout.splitlines()) if record["type"] == "frame"]


def differences(record, told):
    """What is not the same in one packet, by name."""
    found = []
    if record["timestamp"] is not None and told.time:
        seconds, _, fraction = told.time.partition(".")
        if not seconds.startswith("-"):
            nanos = int(seconds) * 10**9 + int((fraction + "0" * 9)[:9])
            if nanos != record["timestamp"] * 10**6 + record["timestampNanos"]:
                found.append("time")
    if record["lengthBytes"] != told.length:
        found.append("length")
    if told.source is not None and (record.get("source"), record.get("destination")) != (
            told.source, told.destination):
        found.append("addresses")
    ports = (record["sourcePort"], record["destinationPort"]) if "sourcePort" in record else None
    if told.ports is not None and ports != told.ports:
        found.append("ports")
    return found


class Comparison(collections.namedtuple("Comparison", "ours theirs")):
    """Both answers about one capture."""

    @property
    def wrong(self):
        """(number, what differs, ours, theirs)"""
        pairs = ((record, told, differences(record, told)) for record, told in zip(self.ours, self.theirs))
        return [(record["number"], what, record, told) for record, told, what in pairs if what]


def compare(tool, path, *options, limit=None):
    return Comparison(told_by_us(tool, path, limit=limit), told_by_tshark(path, *options, limit=limit))

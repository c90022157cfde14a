"""Datagrams through a relay beside coturn's, in one run: packets a second and CPU of the server for each, 200-byte payload.

    Tests/Benchmarks/run udp [TURNS]

To coturn they go as ChannelData over a bound channel, out as plain datagrams; to kos-relay as packets (unsigned JSON, some
600 octets), and out as such. One client in C for both (load_udp.c), its datagrams in flight bounded, losses counted.
"""
import json
import os
import secrets
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import pathlib
import time

from forwarding import LOAD, PAYLOAD, ROOT, PythonNode, Relay, cpu, free_port, served

COUNT = 200_000
WINDOW = 128
PROGRAM = LOAD.with_name("load_udp")
COOKIE = 0x2112A442


def measure(name, pid, sender, receiver, message, place):
    before = cpu(pid)
    done = subprocess.run(
        [PROGRAM, *map(str, [sender.fileno(), receiver.fileno(), COUNT, WINDOW, place])], input=message,
        stdout=subprocess.PIPE, check=True, pass_fds=[sender.fileno(), receiver.fileno()])
    sent, delivered, seconds = map(float, done.stdout.split())
    figure = {"benchmark": "udp", "server": name, "sent": int(sent), "delivered": round(delivered / sent, 4),
              "perSecond": round(delivered / seconds), "cpuMicroseconds": round((cpu(pid) - before) / delivered * 1e6, 3)}
    print(json.dumps(figure), flush=True)
    return figure


def bound(port=None):
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    found.bind(("127.0.0.1", 0))
    if port:
        found.connect(("127.0.0.1", port))
    found.settimeout(0.3)
    return found


def kos():
    folder = pathlib.Path(tempfile.mkdtemp())
    port = free_port()
    relay = Relay(folder, "relay", "--insecure", "--events", "none", "--heartbeat", "60s", "-o", "/dev/null",
                  listen=[f"udp://127.0.0.1:{port}"], announces=False)
    node, source = PythonNode(), PythonNode()
    receiver, sender = bound(port), bound(port)
    info = node.packet("*", {"kind": "nodeInfo", "role": "leaf", "capabilities": [], "addresses": [], "sequence": 1},
                       ttl=0, flags=(), kind="discovery")
    for _ in range(100):
        try:
            receiver.send(json.dumps(info, separators=(",", ":")).encode())
            while b'"ping"' not in receiver.recv(2048):
                pass
            break
        except OSError:
            time.sleep(0.05)
    packet = source.packet(node.id, PAYLOAD, flags=(), sign=False)
    packet["id"] = "0" * 8
    message = json.dumps(packet, separators=(",", ":")).encode()
    time.sleep(0.5)
    drained(receiver)
    figure = measure("kos-relay", relay.process.pid, sender, receiver, message, message.find(b"0" * 8))
    relay.kill()
    return figure


def drained(connection):
    try:
        while True:
            connection.recv(2048)
    except OSError:
        pass


def request(connection, kind, attributes):
    """A STUN request (RFC 8489) and the attributes of its answer."""
    name = secrets.token_bytes(12)
    body = b"".join(struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4) for number, value in attributes)
    for _ in range(20):
        try:
            connection.send(struct.pack("!HHI", kind, len(body), COOKIE) + name + body)
            answer = connection.recv(2048)
        except OSError:
            time.sleep(0.1)
            continue
        assert answer[8:20] == name and struct.unpack("!H", answer[:2])[0] == kind | 0x100, answer
        return
    raise SystemExit("coturn does not answer")


def coturn():
    port = free_port()
    server = served(["turnserver", "-n", "-L", "127.0.0.1", "-p", str(port), "--no-auth", "--no-tls", "--no-dtls", "--no-cli",
                     "--allow-loopback-peers", "--log-file", "/dev/null", "--pidfile", "/dev/null"])
    receiver, sender = bound(), bound(port)
    request(sender, 0x003, [(0x0019, bytes([17, 0, 0, 0]))])
    peer = receiver.getsockname()[1] ^ COOKIE >> 16
    address = struct.unpack("!I", socket.inet_aton("127.0.0.1"))[0] ^ COOKIE
    request(sender, 0x009, [(0x000C, struct.pack("!HH", 0x4000, 0)), (0x0012, struct.pack("!BBHI", 0, 1, peer, address))])
    message = struct.pack("!HH", 0x4000, len(PAYLOAD)) + PAYLOAD.encode()
    figure = measure("coturn", server.pid, sender, receiver, message, -1)
    server.kill()
    server.wait()
    return figure


def main():
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-O2", "-o", PROGRAM, ROOT / "Tests" / "Benchmarks" / "load_udp.c"], check=True)
    pairs = [(kos(), coturn()) for _ in range(turns)]
    rates = [statistics.median(pair[which]["perSecond"] for pair in pairs) for which in (0, 1)]
    print(json.dumps({"benchmark": "udp ratio", "load": os.getloadavg()[0], "rateToCoturn": round(rates[0] / rates[1], 2),
                      "limit": 1.5}), flush=True)


main()

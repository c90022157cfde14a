"""Forwarding beside nats-server, mosquitto and redis, all in one run: CPU of the server for each message.

One client process of raw sockets sends messages with a 200-byte payload, a bounded number in flight, and counts what
comes out by octets. CPU is the server's own, from schedstat, so that the client's cost and the machine's load stay
out of it. 1-1 is one sender and one receiver; 1-100 is one message to a hundred receivers, CPU a delivery.
"""
import base64
import json
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Tools"))
from mesh import PythonNode, Relay  # noqa: E402

PAYLOAD = "x" * 200
COUNT = {1: 200_000, 100: 5_000}
WINDOW = {1: 2000, 100: 60}
CHUNK = {1: 100, 100: 5}


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


def measure(name, pid, sender, receivers, messages, size, fan):
    """Sends all `messages`, waits for all of them at every receiver; a line of figures."""
    poll = select.epoll()
    by_number = {}
    for receiver in receivers:
        receiver.setblocking(False)
        poll.register(receiver, select.EPOLLIN)
        by_number[receiver.fileno()] = receiver
    quiet(receivers)
    wanted = len(messages) * len(receivers) * size
    window = WINDOW[fan] * len(receivers) * size
    sent = got = 0
    place = 0
    before = cpu(pid)
    started = last = time.monotonic()
    while got < wanted:
        while place < len(messages) and sent - got < window:
            block = messages[place:place + CHUNK[fan]]
            sender.sendall(b"".join(block))
            place += len(block)
            sent += len(block) * len(receivers) * size
        for number, _ in poll.poll(0.2):
            try:
                while octets := by_number[number].recv(1 << 18):
                    got += len(octets)
                    last = time.monotonic()
                    if len(octets) < 1 << 18:
                        break
            except BlockingIOError:
                pass
        if time.monotonic() - last > 3:
            break
    seconds = last - started
    deliveries = got / size
    figure = {"benchmark": "forwarding", "server": name, "pattern": f"1-{fan}", "messages": len(messages),
              "delivered": round(deliveries / len(receivers) / len(messages), 4),
              "perSecond": round(deliveries / seconds), "cpuMicroseconds": round((cpu(pid) - before) / deliveries * 1e6, 3)}
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
    messages = [wrap(front + b"%08x" % number + back) for number in range(1, COUNT[fan] + 1)]
    # The relay's quoted id and a comma more; the hop counts keep their one digit each.
    size = len(text) + len(json.dumps(source.id)) + 1 + (4 if transport == "ws" else 1)
    quiet(receivers)
    time.sleep(0.3)
    figure = measure(f"kos-relay {transport}", relay.process.pid, sender, receivers, messages, size, fan)
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
    messages = [b"PUB bench 200\r\n" + PAYLOAD.encode() + b"\r\n"] * COUNT[fan]
    figure = measure("nats-server", server.pid, sender, receivers, messages, len(b"MSG bench 1 200\r\n") + 202, fan)
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
    messages = [b"*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$200\r\n" + PAYLOAD.encode() + b"\r\n"] * COUNT[fan]
    size = len(b"*3\r\n$7\r\nmessage\r\n$5\r\nbench\r\n$200\r\n") + 202
    figure = measure("redis", server.pid, sender, receivers, messages, size, fan)
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
    figure = measure("mosquitto", server.pid, sender, receivers, [message] * COUNT[fan], len(message), fan)
    server.kill()
    server.wait()
    return figure


def main():
    only = sys.argv[1:] or ["tcp", "ws", "nats", "redis", "mosquitto"]
    run = {"tcp": lambda fan: kos("tcp", fan), "ws": lambda fan: kos("ws", fan), "nats": nats, "redis": redis,
           "mosquitto": mosquitto}
    for fan in [1, 100]:
        figures = {name: run[name](fan) for name in only}
        if "tcp" in figures and "nats" in figures:
            rate = figures["tcp"]["perSecond"]
            print(json.dumps({"benchmark": "forwarding ratios", "pattern": f"1-{fan}",
                              "rateToNats": round(rate / figures["nats"]["perSecond"], 2),
                              "rateToRedis": round(rate / figures["redis"]["perSecond"], 2),
                              "rateToMosquitto": round(rate / figures["mosquitto"]["perSecond"], 2)}), flush=True)


if __name__ == "__main__":
    main()

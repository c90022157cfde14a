"""A NATS server for tests, and clients by the hundred that move between relays."""
import asyncio
import json
import os
import random
import socket
import subprocess
import time

from custody import kind, receipt


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class NATSServer:
    """Debian's nats-server with JetStream, its data in a folder."""

    def __init__(self, folder, *arguments, port=None, config=None):
        self.folder = folder
        self.port = port or free_port()
        self.arguments = [*arguments, *(("-c", config) if config else ())]
        self.process = None
        self.start()

    @property
    def uri(self):
        return f"nats://127.0.0.1:{self.port}"

    def start(self):
        self.log = open(self.folder / "nats.log", "ab")
        self.process = subprocess.Popen(
            ["nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder / "js"),
             *self.arguments], stdout=self.log, stderr=self.log)
        end = time.monotonic() + 15
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                    if probe.recv(5) == b"INFO ":
                        return
            except OSError:
                pass
            assert self.process.poll() is None and time.monotonic() < end, "nats-server does not start"
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(15)
        self.log.close()


class Roamer:
    """A node that is at one relay and then at another, keeps what comes, each id once, and notes
    what was acknowledged of what it sent."""

    def __init__(self, node, ledger):
        self.node = node
        self.ledger = ledger
        self.home = None
        self.writer = None
        self.task = None
        self.isReady = asyncio.Event()

    async def attach(self, name, port):
        """Connects and logs in; tries until a relay is there."""
        await self.leave()
        self.home = name
        self.isReady.clear()
        self.task = asyncio.create_task(self.live(port))

    async def leave(self):
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        self.task = None
        self.writer = None
        self.home = None

    async def live(self, port):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
            except OSError:
                await asyncio.sleep(random.uniform(0.1, 0.5))
                continue
            try:
                self.writer = writer
                await self.read(reader)
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                self.writer = None
                writer.close()
            await asyncio.sleep(random.uniform(0.05, 0.2))

    async def read(self, reader):
        while line := await reader.readline():
            packet = json.loads(line)
            payload = packet["payload"]
            what = kind(packet)
            if what == "nodeInfo":
                self.write(self.node.greeting(packet))
                self.isReady.set()
            elif what == "ping":
                self.write(self.node.packet(packet["source"], {"kind": "pong", "stamp": payload["stamp"]}, ttl=0,
                                            flags=(), kind="heartbeat", sign=False))
            elif what in ("stored", "receipt"):
                self.ledger.acknowledge(payload["ref"])
            elif packet["metadata"]["type"] == "data":
                self.ledger.deliver(packet, self.node.id)
                self.write(receipt(self.node, packet))

    def write(self, packet):
        if self.writer:
            self.writer.write(json.dumps(packet).encode() + b"\n")

    def send(self, packet):
        self.ledger.sent[packet["id"]] = (self, packet)
        self.write(packet)


class Ledger:
    """What was sent, acknowledged and delivered. A destination knows a packet that it has had, as
    every node does: copies on the wire are counted beside what the application gets twice."""

    def __init__(self):
        self.sent = {}
        self.acknowledged = set()
        self.delivered = {}
        self.copies = 0
        self.astray = []

    def acknowledge(self, packet_id):
        self.acknowledged.add(packet_id)

    def deliver(self, packet, node):
        if packet["destination"] != node:
            self.astray.append(packet["id"])
        if packet["id"] in self.delivered:
            self.copies += 1
        self.delivered[packet["id"]] = node

    def resend(self):
        """What nobody has acknowledged is said again, as any sender does."""
        count = 0
        for packet_id, (roamer, packet) in self.sent.items():
            if packet_id not in self.acknowledged:
                roamer.write(packet)
                count += 1
        return count

    def lost(self):
        return self.acknowledged - self.delivered.keys()


async def roam(roamers, ports, seconds, rate, events=()):
    """Traffic at `rate` packets a second while nodes move; `events` are (at, call) in seconds."""
    started = time.monotonic()
    events = sorted(events, key=lambda event: event[0])
    moved = resent = started
    dice = random.Random(int(os.environ.get("SEED", "1")))
    while (now := time.monotonic()) < started + seconds:
        while events and events[0][0] <= now - started:
            await asyncio.to_thread(events.pop(0)[1])
        for _ in range(max(1, int(rate / 20))):
            source, target = dice.sample(roamers, 2)
            if source.writer:
                source.send(source.node.packet(target.node.id, {"n": len(source.ledger.sent)}, ttl=16))
        if now - moved > 0.1:
            moved = now
            roamer = dice.choice(roamers)
            name = dice.choice([each for each in ports if each != roamer.home])
            await roamer.attach(name, ports[name])
        if now - resent > 1:
            resent = now
            roamers[0].ledger.resend()
        await asyncio.sleep(0.05)
    for _, call in events:
        await asyncio.to_thread(call)

"""aiortc at the other end of a data channel: as the one that offers, and as the one that answers."""
import asyncio
import contextlib
import json
import socket
import subprocess
import urllib.error
import urllib.request

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from mesh import PythonNode


def give_an_address():
    """aiortc and browsers offer no loopback address: where there is no other, there shall be one, for documentation."""
    found = subprocess.run(["ip", "-o", "addr", "show", "scope", "global"], capture_output=True, text=True).stdout
    if not found:
        for line in ["link add kos0 type veth peer name kos1", "addr add 192.0.2.77/24 dev kos0",
                     "link set kos0 up", "link set kos1 up", "route add default dev kos0"]:
            subprocess.run(["ip", *line.split()], check=True)


def request(method, url, body=b"", kind="application/sdp"):
    """Status, headers and body, whatever the status."""
    wanted = urllib.request.Request(url, data=body or None, method=method, headers={"Content-Type": kind})
    try:
        with urllib.request.urlopen(wanted, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


class Channel:
    """A data channel of aiortc with what came over it."""

    def __init__(self, channel):
        self.channel = channel
        self.inbox = asyncio.Queue()
        self.opened = asyncio.Event()
        self.closed = asyncio.Event()
        channel.on("open", self.opened.set)
        channel.on("close", self.closed.set)
        channel.on("message", self.inbox.put_nowait)
        if channel.readyState == "open":
            self.opened.set()

    def send(self, packet):
        self.channel.send(json.dumps(packet) if isinstance(packet, dict) else packet)

    async def packet(self, wanted, patience=10):
        async with asyncio.timeout(patience):
            while True:
                message = await self.inbox.get()
                found = json.loads(message)
                if wanted(found):
                    return found

    async def login(self, node):
        """Both ends prove who they are (kos(7), LINKS)."""
        self.send(node.greeting())
        info = await self.packet(lambda each: is_node_info(each) and "answer" in each["payload"])
        self.send(node.greeting(info))
        return info["source"]


def is_node_info(packet):
    return isinstance(packet.get("payload"), dict) and packet["payload"].get("kind") == "nodeInfo"


def is_receipt(packet, sent):
    payload = packet.get("payload")
    return isinstance(payload, dict) and payload.get("kind") == "receipt" and payload["ref"] == sent["id"]


@contextlib.asynccontextmanager
async def offering(url, change=lambda sdp: sdp, change_answer=lambda sdp: sdp, channel=None):
    """aiortc offers; yields the connection and its channel, before they are up."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        made = Channel(connection.createDataChannel(**(channel or {"label": "kos", "protocol": "kos.v1"})))
        await connection.setLocalDescription(await connection.createOffer())
        offer = change(connection.localDescription.sdp)
        status, headers, answer = await asyncio.to_thread(request, "POST", url, offer.encode())
        assert status == 201, (status, answer)
        connection.location = headers["Location"]
        connection.answer = answer
        await connection.setRemoteDescription(RTCSessionDescription(change_answer(answer), "answer"))
        yield connection, made
    finally:
        await connection.close()


class Answerer:
    """An HTTP server that takes one offer at a time and answers it with aiortc; what its channels say is handed on."""

    def __init__(self, served, change=lambda sdp: sdp):
        self.served = served
        self.change = change
        self.connections = []
        self.offers = []
        self.deleted = []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for connection in self.connections:
            await connection.close()

    async def talk(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                if head.startswith("DELETE"):
                    self.deleted.append(head.split()[1])
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    continue
                answer = await self.answer(body.decode())
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\nLocation: /sessions/1\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(answer) + answer)
        writer.close()

    async def answer(self, offer):
        self.offers.append(offer)
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connections.append(connection)
        connection.on("datachannel", lambda channel: asyncio.ensure_future(self.served(Channel(channel))))
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return self.change(connection.localDescription.sdp).encode()


async def serve_as_node(channel, node=None):
    """A node behind a channel: logs in, and gives receipts."""
    node = node or PythonNode()
    while True:
        packet = json.loads(await channel.inbox.get())
        if is_node_info(packet):
            if packet["payload"]["wantsAnswer"]:
                channel.send(node.greeting(packet))
        elif "ack" in packet["metadata"]["flags"] and packet["destination"] == node.id:
            channel.send(node.packet(
                packet["source"], {"kind": "receipt", "ref": packet["id"], "destination": node.id}, flags=(), kind="control"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

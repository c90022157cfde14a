"""Clients for tests of custody: raw sockets, and a ledger of what was acknowledged and delivered."""
import json
import select
import socket
import time

from mesh import PythonNode, is_valid


class Client:
    """A plain node on a TCP connection: sends lines, answers what asks for a receipt."""

    def __init__(self, node, port, answers=True, greets=True, patience=10):
        self.node = node
        self.answers = answers
        self.rest = b""
        end = time.monotonic() + patience
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
                break
            except OSError:
                assert time.monotonic() < end, "no relay answers"
                time.sleep(0.01)
        self.socket.setblocking(True)
        self.greets = greets
        while self.greets:
            assert self.read(0.2) is not None and time.monotonic() < end, "the relay does not say who it is"

    def write(self, *packets):
        self.socket.sendall(b"".join(json.dumps(packet).encode() + b"\n" for packet in packets))

    def read(self, patience):
        """Packets that came within `patience` seconds; None when the connection is gone."""
        try:
            if not select.select([self.socket], [], [], patience)[0]:
                return []
            octets = self.socket.recv(1 << 18)
        except OSError:
            return None
        if not octets:
            return None
        self.rest += octets
        *whole, self.rest = self.rest.split(b"\n")
        packets = [json.loads(line) for line in whole]
        for packet in packets:
            if self.greets and kind(packet) == "nodeInfo":
                self.greets = False
                self.write(self.node.greeting(packet))
        self.attend(packets)
        return packets

    def attend(self, packets):
        """Echoes heartbeats, acknowledges data: what any node does."""
        for packet in packets:
            payload = packet["payload"]
            kind = payload.get("kind") if isinstance(payload, dict) else None
            if kind == "ping":
                self.write(self.node.packet(packet["source"], {"kind": "pong", "stamp": payload["stamp"]}, ttl=0,
                                            flags=(), kind="heartbeat", sign=False))
            elif packet["metadata"]["type"] == "data" and "ack" in packet["metadata"]["flags"] and self.answers:
                self.write(receipt(self.node, packet))

    def collect(self, wanted, patience=10):
        """Reads until `wanted` says of a packet that it is the one."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            packets = self.read(min(0.2, max(0, end - time.monotonic())))
            assert packets is not None, "the connection is gone"
            for packet in packets:
                if wanted(packet):
                    return packet
        raise AssertionError("it did not come")

    def close(self):
        self.socket.close()


def receipt(node, packet):
    back = [node.id] + [each for each in reversed(packet["route"]) if each != node.id]
    answer = node.packet(packet["source"], {
        "kind": "receipt", "ref": packet["id"], "destination": node.id, "status": "delivered",
        "hops": packet["metadata"]["hops"]}, ttl=32, flags=("route",), kind="control", sign=False)
    answer["route"] = back
    answer["metadata"]["priority"] = 0
    return node.signed(answer)


def kind(packet):
    payload = packet["payload"]
    return payload.get("kind") if isinstance(payload, dict) else None


def says(name, ref):
    return lambda packet: kind(packet) == name and packet["payload"]["ref"] == ref


class Accepted(Client):
    """A node on a connection that was accepted; it answers nothing but heartbeats."""

    def __init__(self, node, connection):
        self.node, self.socket, self.answers, self.greets, self.rest = node, connection, False, False, b""


class Inbox(Client):
    """A destination that keeps what comes, each id once, as every node does."""

    def __init__(self, *arguments, delivered=None, **options):
        self.delivered = {} if delivered is None else delivered
        self.copies = 0
        super().__init__(*arguments, **options)

    def attend(self, packets):
        for packet in packets:
            if packet["metadata"]["type"] == "data" and kind(packet) is None:
                assert is_valid(packet), packet
                if packet["id"] in self.delivered:
                    self.copies += 1
                self.delivered[packet["id"]] = packet
        super().attend(packets)

"""Relays to test against, and a node written in Python from the documents alone: rfc8785 and
cryptography judge what the tools sign."""
import base64
import contextlib
import json
import os
import select
import subprocess
import time
import uuid

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kit import tool

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(octets):
    number = int.from_bytes(octets, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(octets) - len(octets.lstrip(b"\0"))) + text


def unbase58(text):
    number = 0
    for character in text:
        number = number * 58 + ALPHABET.index(character)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def signed_octets(packet):
    """kos(7), PACKETS: what a signature covers."""
    covered = {key: value for key, value in packet.items()
               if key not in ("signature", "route", "type", "kos", "ref", "radio", "capture")}
    covered["metadata"] = {key: value for key, value in packet["metadata"].items()
                           if key not in ("ttl", "hops")}
    return b"kos-packet-v1\n" + rfc8785.dumps(covered)


def verify(packet):
    """Raises unless the packet is signed by the key that its source names."""
    octets = unbase58(packet["source"][1:])
    assert octets[:2] == b"\xed\x01" and len(octets) == 34
    key = Ed25519PublicKey.from_public_bytes(octets[2:])
    key.verify(base64.b64decode(packet["signature"]), signed_octets(packet))


def is_valid(packet):
    try:
        verify(packet)
        return True
    except InvalidSignature:
        return False


class PythonNode:
    def __init__(self, key_file=None):
        """With a key file the key is written there, for a relay to use."""
        self.key = Ed25519PrivateKey.generate()
        if key_file:
            key_file.write_bytes(self.key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            key_file.chmod(0o600)
        self.id = "z" + base58(b"\xed\x01" + self.key.public_key().public_bytes_raw())

    def packet(self, destination, payload, ttl=8, flags=("ack",), kind="data", sign=True):
        packet = {
            "id": str(uuid.uuid4()), "version": 1, "timestamp": int(time.time() * 1000),
            "source": self.id, "destination": destination, "payload": payload, "options": {},
            "route": [self.id],
            "metadata": {"hops": 0, "ttl": ttl, "priority": 3, "type": kind, "flags": list(flags)},
            "signature": None,
        }
        return self.signed(packet) if sign else packet

    def greeting(self, other=None, **more):
        """Who this is; in answer to the node info `other`, with the proof that it asks for."""
        payload = {"kind": "nodeInfo", "role": "leaf", "capabilities": [], "addresses": [],
                   "sequence": int(time.time() * 1000), "wantsAnswer": other is None,
                   "challenge": base64.b64encode(os.urandom(32)).decode(), **more}
        if other:
            payload["answer"] = other["payload"]["challenge"]
        return self.packet(other["source"] if other else "*", payload, ttl=0, flags=(), kind="discovery")

    def signed(self, packet):
        packet["signature"] = base64.b64encode(self.key.sign(signed_octets(packet))).decode()
        return packet


class Relay:
    """A running kos-relay; its records are read as they come."""

    def __init__(self, folder, name, *arguments, listen=("tcp://127.0.0.1:0",), stdin=subprocess.DEVNULL,
                 announces=True):
        self.folder = folder
        self.name = name
        self.socket = folder / f"{name}.sock"
        self.errors = open(folder / f"{name}.err", "wb")
        listening = [part for uri in listen for part in ("--listen", uri)]
        self.process = subprocess.Popen(
            [tool("kos-relay"), "--name", name, "--key-file", folder / f"{name}.pem",
             "--socket", self.socket, *listening, *arguments],
            stdout=subprocess.PIPE, stderr=self.errors, stdin=stdin,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder)})
        self.records = []
        self.rest = b""
        if not announces:
            # Its records go elsewhere: the ports are the ones that were asked for.
            self.ports = {uri.split(":")[0]: int(uri.split(":")[2].strip("/")) for uri in listen}
            return
        first = self.wait(lambda record: record["type"] == "peer" and record["metadata"].get("self"))
        self.id = first["nodeId"]
        self.ports = {each["type"]: each["port"] for each in first["addresses"]}

    def uri(self, transport="tcp"):
        path = "/" if transport == "ws" else ""
        return f"{transport}://127.0.0.1:{self.ports[transport]}{path}"

    def read(self, patience):
        if not select.select([self.process.stdout], [], [], patience)[0]:
            return False
        octets = self.process.stdout.read1(1 << 16)
        self.rest += octets
        *whole, self.rest = self.rest.split(b"\n")
        self.records += [json.loads(line) for line in whole]
        return bool(octets)

    def wait(self, wanted, patience=10):
        """The first record, old or new, for which `wanted` says yes."""
        end = time.monotonic() + patience
        seen = 0
        while True:
            for record in self.records[seen:]:
                seen += 1
                if wanted(record):
                    return record
            assert self.process.poll() is None or self.read(0), f"{self.name} ended"
            left = end - time.monotonic()
            assert left > 0, f"{self.name}: nothing like it in {self.records[-5:]}"
            self.read(min(left, 0.5))

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        rest, _ = self.process.communicate(timeout=15)
        self.records += [json.loads(line) for line in (self.rest + (rest or b"")).split(b"\n") if line]
        self.errors.close()
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=15)
        self.errors.close()


@contextlib.contextmanager
def five_relays(folder):
    """alpha - bravo - charlie - echo, alpha - delta - charlie, over tcp, ws and udp; the manual's network."""
    with contextlib.ExitStack() as stack:
        relays = {}

        def start(name, listen, *neighbours):
            links = [part for uri in neighbours for part in ("--connect", uri)]
            relays[name] = Relay(folder, name, *links, listen=listen)
            stack.callback(relays[name].stop)

        start("alpha", ["tcp://127.0.0.1:0", "ws://127.0.0.1:0"])
        start("bravo", ["ws://127.0.0.1:0"], relays["alpha"].uri())
        start("delta", ["tcp://127.0.0.1:0"], relays["alpha"].uri())
        start("charlie", ["udp://127.0.0.1:0"], relays["bravo"].uri("ws"), relays["delta"].uri())
        start("echo", ["tcp://127.0.0.1:0"], relays["charlie"].uri("udp"))
        yield relays


def await_topology(relays, home):
    """Waits until alpha tells of all five links in both directions."""
    end = time.monotonic() + 30
    while True:
        found = subprocess.run(
            [tool("kos-discover"), "-m", "bootstrap", "--bootstrap", relays["alpha"].uri(), "--links"],
            env={"HOME": str(home), "PATH": "/usr/bin"}, capture_output=True).stdout
        if sum(b'"type":"link"' in line and b'"bidirectional"' not in line for line in found.splitlines()) >= 10:
            return
        assert time.monotonic() < end, found
        time.sleep(0.1)

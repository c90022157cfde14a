"""Relays on a NATS backplane, judged by Debian's nats-server and python's nats client."""
import asyncio
import json
import os
import subprocess
import time

import nats
import pytest

from backplane import Ledger, NATSServer, Roamer, free_port, roam
from custody import Client, Inbox, says
from mesh import PythonNode, Relay
from test_relay_mesh import entrust, status, until, who

LONG = bool(os.environ.get("LONG"))


@pytest.fixture
def server(tmp_path):
    server = NATSServer(tmp_path)
    yield server
    server.stop()


def on_backplane(folder, name, uri, *arguments, **options):
    (folder / f"held-{name}").mkdir(exist_ok=True)
    return Relay(folder, name, "--backplane", uri, f"--custody={folder / f'held-{name}'}", *arguments, **options)


def await_backplane(*relays, patience=15):
    for relay in relays:
        relay.wait(lambda record: record["type"] == "relayEvent" and record["event"] == "switched"
                   and record["to"] == "backplane", patience)


def test_packets_cross_the_backplane_between_relays_without_a_link(tmp_path, run, server):
    one, two = on_backplane(tmp_path, "one", server.uri), on_backplane(tmp_path, "two", server.uri)
    await_backplane(one, two)
    here, there = Client(PythonNode(), one.ports["tcp"]), Inbox(PythonNode(), two.ports["tcp"])
    time.sleep(0.3)
    packet = here.node.packet(there.node.id, {"text": "over there"})
    here.write(packet)
    got = there.collect(lambda each: each["id"] == packet["id"])
    assert got["route"] == [here.node.id, one.id, two.id] and got["metadata"]["hops"] == 2
    # The receipt takes the same way back.
    here.collect(says("receipt", packet["id"]))
    # A packet for all goes to all, once.
    packet = here.node.packet("*", "all", flags=())
    here.write(packet)
    there.collect(lambda each: each["id"] == packet["id"])
    # What a relay is not linked to it still knows of.
    assert who(one, run)[there.node.id] == two.id
    # Nobody has this one: it is kept, and handed over when the node comes to the other relay.
    away = PythonNode()
    packets = entrust(one, away, 20)
    inbox = Inbox(away, two.ports["tcp"])
    until(lambda: inbox.read(0.05) is not None and len(inbox.delivered) == 20)
    assert set(inbox.delivered) == packets
    until(lambda: (inbox.read(0.05), status(one, run)["held"] == status(two, run)["held"] == 0)[1])
    assert one.stop() == 0 and two.stop() == 0


def test_the_subjects_are_as_documented(tmp_path, server):
    relay = on_backplane(tmp_path, "one", server.uri)
    await_backplane(relay)
    seen = []

    async def look():
        client = await nats.connect(server.uri)

        async def note(message):
            seen.append((message.subject, json.loads(message.data)))
        await client.subscribe("kos.v1.presence.>", cb=note)
        await client.flush()
        node = PythonNode()
        inbox = await asyncio.to_thread(Inbox, node, relay.ports["tcp"])

        async def eventually(check):
            end = time.monotonic() + 10
            while not check():
                assert time.monotonic() < end, seen
                await asyncio.sleep(0.05)
        await eventually(lambda: seen)
        subject, event = seen[0]
        assert subject == f"kos.v1.presence.{node.id}"
        assert event["event"] == "attached" and event["relay"] == relay.id and event["node"] == node.id
        assert event["keeps"] is True and abs(event["epoch"] / 1000 - time.time()) < 60
        bucket = await client.jetstream().key_value("kos_presence")
        assert (await bucket.status()).ttl == 45
        entry = json.loads((await bucket.get(node.id)).value)
        assert entry == event
        # A packet under the node's subject reaches it; under another's, the server says that nobody is there.
        sender = PythonNode()
        packet = sender.packet(node.id, "by subject", flags=())
        await client.publish(f"kos.v1.node.{node.id}", json.dumps(packet).encode())
        await asyncio.to_thread(inbox.collect, lambda each: each["id"] == packet["id"])
        with pytest.raises(nats.errors.NoRespondersError):
            await client.request(f"kos.v1.node.{PythonNode().id}", json.dumps(packet).encode(), timeout=5)
        packet = sender.packet("*", "to all", flags=())
        await client.publish("kos.v1.group.all", json.dumps(packet).encode())
        await asyncio.to_thread(inbox.collect, lambda each: each["id"] == packet["id"])
        # What is no packet is dropped, and the relay goes on.
        await client.publish(f"kos.v1.node.{node.id}", b"\xff{not a packet")
        answer = await client.request(f"kos.v1.relay.{relay.id}.ctl", b'{"kind":"ping"}', timeout=5)
        answer = json.loads(answer.data)
        assert answer["kind"] == "pong" and answer["relay"] == relay.id and answer["attached"] == 1
        await asyncio.to_thread(inbox.close)
        await eventually(lambda: seen[-1][1]["event"] == "detached")
        with pytest.raises(nats.js.errors.KeyNotFoundError):
            await bucket.get(node.id)
        await client.close()

    asyncio.run(look())
    relay.wait(lambda record: record["type"] == "relayEvent" and record.get("reason") == "malformed")
    assert relay.stop() == 0


def test_a_relay_proves_itself_to_the_server_with_its_key(tmp_path, run):
    """NKEY over TLS: the server knows the relay's key and nobody else."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    port = free_port()
    config = tmp_path / "nats.conf"

    def write(user):
        config.write_text(
            f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}\n'
            f'authorization {{ users: [ {{ nkey: {user} }} ] }}\n')
    # The example of NATS' own documentation: somebody else.
    write("UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4")
    server = NATSServer(tmp_path, port=port, config=config)
    uri = f"tls://127.0.0.1:{port}"
    relay = on_backplane(tmp_path, "one", uri, "--ca", certificate)
    end = time.monotonic() + 15
    while b"let the server know the user U" not in (tmp_path / "one.err").read_bytes():
        assert time.monotonic() < end, (tmp_path / "one.err").read_text()
        time.sleep(0.1)
    user = (tmp_path / "one.err").read_text().split("let the server know the user ")[1].split()[0].rstrip(";")
    assert relay.stop() == 0
    server.stop()
    write(user)
    server = NATSServer(tmp_path, port=port, config=config)
    relay = on_backplane(tmp_path, "one", uri, "--ca", certificate)
    await_backplane(relay)
    assert relay.stop() == 0
    # A server that proves nothing is not talked to.
    other = on_backplane(tmp_path, "two", uri)
    end = time.monotonic() + 15
    while b"backplane: tls://" not in (tmp_path / "two.err").read_bytes():
        assert time.monotonic() < end
        time.sleep(0.1)
    assert not any(record.get("to") == "backplane" for record in other.records)
    assert other.stop() == 0
    server.stop()


def test_without_the_server_the_links_go_on_and_it_is_taken_up_again(tmp_path, run, server):
    ids = [PythonNode(tmp_path / f"{name}.pem").id for name in ("one", "two")]
    one = on_backplane(tmp_path, "one", server.uri, "--mesh-with", *ids, "--heartbeat", "30s")
    two = on_backplane(tmp_path, "two", server.uri, "--mesh-with", *ids, "--heartbeat", "30s", "--connect", one.uri())
    lone = on_backplane(tmp_path, "lone", server.uri, "--heartbeat", "30s")
    await_backplane(one, two, lone)
    here, there = Client(PythonNode(), one.ports["tcp"]), Inbox(PythonNode(), two.ports["tcp"])
    far = Inbox(PythonNode(), lone.ports["tcp"])
    server.kill()
    for relay in (one, two, lone):
        for client in (here, there, far):
            client.read(0)
        event = relay.wait(lambda record: record.get("event") == "switched" and record["to"] == "mesh", 20)
        assert event["reason"].startswith("backplane lost")
    packet = here.node.packet(there.node.id, "by the link")
    here.write(packet)
    there.collect(lambda each: each["id"] == packet["id"])
    here.collect(says("receipt", packet["id"]))
    # Where no link leads it waits.
    packet = here.node.packet(far.node.id, "later")
    here.write(packet)
    here.collect(says("stored", packet["id"]))
    server.start()
    far.collect(lambda each: each["id"] == packet["id"], 40)
    until(lambda: (far.read(0.05), here.read(0.01), there.read(0.01), who(one, run).get(far.node.id) == lone.id)[-1], 45)

    for relay in (one, two, lone):
        assert relay.stop() == 0


def test_a_wrong_uri_is_refused(tmp_path, run):
    result = run("kos-relay", "--backplane", "http://example.org", "--listen", "tcp://127.0.0.1:0")
    assert result.returncode == 2 and b"no URI of a NATS server" in result.stderr


@pytest.mark.parametrize("count", [9000 if LONG else 150])
def test_nothing_is_lost_while_nodes_move_and_relays_and_the_server_die(tmp_path, run, server, count):
    """Three relays, so many nodes that move between them, traffic: a relay killed -9, NATS restarted."""
    names = ["one", "two", "three"]
    ports = {name: free_port() for name in names}
    relays = {}

    def start(name):
        relays[name] = on_backplane(
            tmp_path, name, server.uri, "--max-per-address", "0", "--heartbeat", "10s", "--events", "none",
            "-o", tmp_path / f"{name}.ndjson", listen=[f"tcp://127.0.0.1:{ports[name]}"], announces=False)

    for name in names:
        start(name)
    ledger = Ledger()
    seconds, rate = (120, 300) if LONG else (8, 60)

    async def scene():
        roamers = [Roamer(PythonNode(), ledger) for _ in range(count)]
        for number, roamer in enumerate(roamers):
            name = names[number % 3]
            await roamer.attach(name, ports[name])
            if number % 50 == 49:
                await asyncio.sleep(0.2)
        for roamer in roamers:
            await asyncio.wait_for(roamer.isReady.wait(), 120)
        await asyncio.sleep(2)
        await roam(roamers, ports, seconds, rate, [
            (seconds * 0.3, lambda: relays["two"].kill()), (seconds * 0.3 + 1, lambda: start("two")),
            (seconds * 0.6, server.kill), (seconds * 0.6 + 2, server.start)])
        quiet = time.monotonic()
        while (ledger.resend() or ledger.lost()) and time.monotonic() < quiet + 90:
            await asyncio.sleep(1)
        homes = {roamer.node.id: roamer.home for roamer in roamers}
        ids = {}
        for name in names:
            with open(tmp_path / f"{name}.ndjson") as file:
                ids[json.loads(file.readline())["nodeId"]] = name

        def wrong():
            known = who(relays["one"], run)
            return {node: (home, ids.get(known.get(node))) for node, home in homes.items()
                    if ids.get(known.get(node)) != home}

        async def await_presence():
            settled = time.monotonic()
            while left := await asyncio.to_thread(wrong):
                assert time.monotonic() < settled + 45, f"after 45 s {len(left)} are not where they are: {left}"
                await asyncio.sleep(1)
        await await_presence()
        for roamer in roamers:
            await roamer.leave()

    asyncio.run(scene())
    assert len(ledger.acknowledged) > 0.9 * len(ledger.sent)
    assert ledger.lost() == set() and ledger.astray == []
    print(f"{count} nodes: {len(ledger.sent)} sent, {len(ledger.acknowledged)} acknowledged, "
          f"{len(ledger.delivered)} delivered, {ledger.copies} copies on the wire")
    for relay in relays.values():
        assert relay.stop() == 0

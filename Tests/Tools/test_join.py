"""A relay joins a mesh, is told what the mesh is, tells that it is there, and leaves; what it says about packets that go
nowhere; what others may make it believe of the mesh."""
import json
import socket
import time

import pytest

from custody import Client, kind
from kit import records
from mesh import PythonNode, Relay, verify


@pytest.fixture
def two(tmp_path):
    """Two relays with a link between them."""
    # Whoever is busy writing here does not echo heartbeats meanwhile.
    one = Relay(tmp_path, "one", "--heartbeat", "60s")
    two = Relay(tmp_path, "two", "--heartbeat", "60s", "--connect", one.uri())
    two.wait(lambda record: record["type"] == "link" and record["event"] == "up")
    yield one, two
    two.stop()
    one.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def joined(relay):
    return relay.wait(lambda record: record["type"] == "joinResult", patience=20)


def who(relay, run):
    return {peer["nodeId"] for peer in records("kos-relay", run("kos-relay", "who", "--socket", relay.socket).stdout)}


def dropped(relay, run):
    """By reason; nothing while the relay is too busy to say."""
    found = records("kos-relay", run("kos-relay", "status", "--socket", relay.socket).stdout)
    return found[0]["dropped"] if found else {}


def until(check, patience=30):
    end = time.monotonic() + patience
    while not (found := check()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
    return found


def test_what_joining_came_to_is_told_with_what_failed(two, tmp_path):
    """Four bootstrap nodes: one that is there, on two transports; nobody; somebody else than was meant."""
    one, other = two
    silent = f"tcp://127.0.0.1:{free_port()}"
    stranger = f"{other.uri()}?peer={PythonNode().id}"
    three = Relay(tmp_path, "three", "--connect", silent, one.uri(), stranger)
    result = joined(three)
    assert result["success"] and result["connectedNodes"] == 1 and result["meshSize"] == 3
    assert set(result["failed"]) == {silent, stranger} and "refused" in result["failed"][silent]
    assert "error" not in result
    assert sum(record["type"] == "joinResult" for record in three.records) == 1
    assert three.stop() == 0


def test_joining_that_fails_is_told_and_tried_on(tmp_path):
    port = free_port()
    one = Relay(tmp_path, "one", "--connect", f"tcp://127.0.0.1:{port}")
    result = joined(one)
    assert not result["success"] and result["connectedNodes"] == 0 and result["meshSize"] == 1 and result["error"]
    late = Relay(tmp_path, "late", listen=[f"tcp://127.0.0.1:{port}"])
    one.wait(lambda record: record["type"] == "link" and record["event"] == "up" and record["destination"] == late.id,
             patience=20)
    assert one.stop() == 0 and late.stop() == 0


def test_the_mesh_is_told_who_comes_and_who_leaves(two, tmp_path, run):
    """The node at the other end knows of it, without having been asked, long before anything ages."""
    one, other = two
    three = Relay(tmp_path, "three", "--connect", one.uri())
    joined(three)
    until(lambda: who(other, run) == {one.id, other.id, three.id})
    assert three.stop() == 0
    until(lambda: who(other, run) == {one.id, other.id})


def test_no_error_is_about_an_error_and_there_are_only_so_many(two, run):
    one, _ = two
    client = Client(PythonNode(), one.ports["tcp"])
    nowhere = PythonNode().id
    data = client.node.packet(nowhere, "lost")
    errors = [client.node.packet(nowhere, {"kind": name, "ref": data["id"], "destination": nowhere}, kind="control", ttl=ttl)
              for name in ["destinationUnreachable", "ttlExceeded", "receipt"] for ttl in [8, 1]]
    client.write(*errors, data)
    answer = client.collect(lambda packet: kind(packet) in ("destinationUnreachable", "ttlExceeded", "routingError"))
    assert answer["payload"]["ref"] == data["id"], "the answer to the last one is the first"
    verify(answer)
    started = time.monotonic()
    before = until(lambda: dropped(one, run).get("noRoute"))
    flood = [client.node.packet(nowhere, number, sign=False) for number in range(1000)]
    client.write(*flood)
    until(lambda: dropped(one, run).get("noRoute") == before + 1000)
    count = 0
    while packets := client.read(0.5):
        count += sum(kind(packet) == "destinationUnreachable" for packet in packets)
    # A hundred at once, fifty a second after that.
    assert 50 <= count <= 110 + 50 * (time.monotonic() - started)
    client.close()


# Lies.

def announcement(node, links, sequence=None, role="relay"):
    """What a node says of its links: {destination: ms}."""
    payload = {"kind": "linkState", "role": role, "capabilities": [], "addresses": [],
               "sequence": sequence or int(time.time() * 1000),
               "links": [{"destination": destination, "transport": "tcp", "latency": latency, "reliability": 1}
                         for destination, latency in links.items()]}
    return node.packet("*", payload, ttl=32, flags=(), kind="routing")


def is_reached(client, target):
    """A packet may be dropped where a queue stands for long (RFC 8289); its sender repeats it then."""
    sent = set()

    def is_confirmed(packet):
        return kind(packet) == "receipt" and packet["payload"]["ref"] in sent
    for attempt in range(4):
        packet = client.node.packet(target.id, "still there?")
        sent.add(packet["id"])
        client.write(packet)
        try:
            return client.collect(is_confirmed, 10)
        except AssertionError:
            if attempt == 3:
                raise


def test_lies_about_links_change_nothing(two, run):
    """A neighbour claims a link to a node that says nothing of it, says things in that node's name, and repeats old things."""
    one, other = two
    honest, liar = Client(PythonNode(), one.ports["tcp"]), Client(PythonNode(), one.ports["tcp"])
    ghost = PythonNode()
    is_reached(honest, other)
    before = until(lambda: dropped(one, run) or {"none": 0})
    # Closer to everybody than anybody is, and to a node that does not know of it.
    liar.write(announcement(liar.node, {one.id: 0, other.id: 0, honest.node.id: 0, ghost.id: 0}))
    forged = announcement(ghost, {liar.node.id: 0})
    forged["payload"]["links"][0]["destination"] = one.id
    taken = announcement(ghost, {})
    taken["source"] = other.id
    unsigned = {**announcement(ghost, {one.id: 0}), "signature": None}
    liar.write(forged, taken, unsigned)

    def refused():
        now = dropped(one, run)
        return now.get("badSignature", 0) - before.get("badSignature", 0) == 2 and now.get("unsigned", 0) == 1
    until(refused)
    until(lambda: who(one, run) >= {one.id, other.id})
    assert ghost.id not in who(one, run) and ghost.id not in who(other, run)
    found = run("kos-discover", "-m", "bootstrap", "--bootstrap", one.uri(), "--links").stdout
    told = [json.loads(line) for line in found.splitlines()]
    lies = [record for record in told if record["type"] == "link" and liar.node.id in (record["source"], record["destination"])
            and {record["source"], record["destination"]} != {liar.node.id, one.id}]
    assert not lies
    # The packets of others take the ways that are there.
    is_reached(honest, other)
    assert not any(packet["metadata"]["type"] == "data" for packet in liar.read(0.3))
    honest.close()
    liar.close()


def test_a_flood_of_announcements_is_held_off_and_harms_nobody(two, run):
    """One neighbour that changes its mind without end, and brings a crowd of nodes that nobody has a link to."""
    one, other = two
    honest, flooder = Client(PythonNode(), one.ports["tcp"]), Client(PythonNode(), one.ports["tcp"])
    is_reached(honest, other)
    base = int(time.time() * 1000)
    own = [announcement(flooder.node, {one.id: number % 7 + 1}, base + number) for number in range(1000)]
    crowd = [announcement(PythonNode(), {}, base) for _ in range(5000)]
    for part in range(10):
        flooder.write(*own[part * 100:part * 100 + 100], *crowd[part * 500:part * 500 + 500])
        is_reached(honest, other)
    assert until(lambda: dropped(one, run).get("rateLimited")) >= 800
    # A node that comes to a table full of names finds its place in it.
    late = Relay(one.folder, "late", "--connect", one.uri())
    until(lambda: late.id in who(other, run), 20)
    is_reached(honest, late)
    assert late.stop() == 0
    honest.close()
    flooder.close()

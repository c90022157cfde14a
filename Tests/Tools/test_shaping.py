"""Queues and rates of a relay: who waits, what goes first, what is dropped and counted."""
import time

from custody import Client, kind
from kit import records
from mesh import PythonNode, Relay


def status(relay, run):
    result = run("kos-relay", "status", "--socket", relay.socket)
    return records("kos-relay", result.stdout)


class Sink(Client):
    """A neighbour that reads only when it is told to."""

    def __init__(self, relay):
        super().__init__(PythonNode(), relay.ports["tcp"], answers=False)
        self.collect(lambda packet: kind(packet) == "ping")


def burst(sender, target, count, priority, size=4000):
    packets = []
    for number in range(count):
        packet = sender.node.packet(target, {"n": number, "x": "x" * size}, flags=(), sign=False)
        packet["metadata"]["priority"] = priority
        packets.append(packet)
    sender.write(*packets)
    return packets


def drain(sink, patience=1.0):
    found = []
    while packets := sink.read(patience):
        found += [packet for packet in packets if packet["metadata"]["type"] == "data"]
    return found


def test_who_does_not_read_is_dropped_for_and_nobody_else(tmp_path, run):
    relay = Relay(tmp_path, "one", "--events", "none", "--max-queue", "200000", "--heartbeat", "60s")
    stalled, other = Sink(relay), Sink(relay)
    sender = Client(PythonNode(), relay.ports["tcp"], greets=False)
    burst(sender, stalled.node.id, 2000, 3)
    time.sleep(0.5)
    total, *links = status(relay, run)
    lengths = {link["peer"]: link["queueLength"] for link in links}
    assert 100_000 < lengths[stalled.node.id] <= 200_000
    assert lengths[other.node.id] == 0
    assert total["queueLength"] == lengths[stalled.node.id]
    dropped = total["dropped"]["queueFull"]
    assert dropped > 200
    # Another neighbour of the same sender gets everything, at once.
    sent = burst(sender, other.node.id, 200, 3)
    assert [packet["id"] for packet in drain(other)] == [packet["id"] for packet in sent]
    arrived = drain(stalled)
    total = status(relay, run)[0]
    # Every packet has come or was counted under its reason.
    assert len(arrived) + total["dropped"]["queueFull"] + total["dropped"].get("delayed", 0) == 2000
    assert total["queueLength"] == 0
    assert relay.stop() == 0


def test_the_urgent_overtakes_and_the_rest_shares(tmp_path, run):
    relay = Relay(tmp_path, "one", "--events", "none", "--max-queue", "8000000", "--heartbeat", "60s")
    sink = Sink(relay)
    sender = Client(PythonNode(), relay.ports["tcp"], greets=False)
    # Fills the sockets, then the queue.
    burst(sender, sink.node.id, 2500, 3)
    time.sleep(0.5)
    waiting = max(link["queueLength"] for link in status(relay, run)[1:])
    assert waiting > 1_000_000, waiting
    for priority in [7, 1, 0]:
        burst(sender, sink.node.id, 20, priority)
    time.sleep(0.2)
    arrived = drain(sink)
    order = [packet["metadata"]["priority"] for packet in arrived]
    last = {priority: len(order) - 1 - order[::-1].index(priority) for priority in [0, 1, 3, 7]}
    assert last[0] < last[1] < last[3], last
    # Bulk is not starved: it has come before normal traffic was through.
    assert last[7] < last[3], last
    assert relay.stop() == 0


def test_a_sender_over_its_rate_waits_and_loses_nothing(tmp_path, run):
    relay = Relay(tmp_path, "one", "--events", "none", "--rate", "1000", "--heartbeat", "60s")
    sink = Sink(relay)
    hasty = Client(PythonNode(), relay.ports["tcp"], greets=False)
    calm = Client(PythonNode(), relay.ports["tcp"], greets=False)
    started = time.monotonic()
    asked = burst(calm, sink.node.id, 5, 3, size=11)
    sent = burst(hasty, sink.node.id, 3000, 3, size=10)
    arrived = []
    while len(arrived) < 3005 and time.monotonic() < started + 20:
        arrived += [packet["id"] for packet in sink.read(0.2) or [] if packet["metadata"]["type"] == "data"]
    assert set(arrived) == {packet["id"] for packet in sent + asked} and len(arrived) == 3005
    assert [each for each in arrived if each in {packet["id"] for packet in sent}] == [packet["id"] for packet in sent]
    # A thousand at once and a thousand a second after that, and what a read takes too much.
    assert time.monotonic() - started > 1.2
    assert status(relay, run)[0]["dropped"] == {}
    assert relay.stop() == 0


def test_each_source_behind_a_relay_has_a_rate_of_its_own(tmp_path, run):
    core = Relay(tmp_path, "core", "--events", "none", "--rate", "20", "--heartbeat", "60s")
    edge = Relay(tmp_path, "edge", "--events", "none", "--heartbeat", "60s", "--connect", core.uri())
    edge.wait(lambda record: record["type"] == "link" and record["event"] == "up")
    hasty = Client(PythonNode(), edge.ports["tcp"], greets=False)
    calm = Client(PythonNode(), edge.ports["tcp"], greets=False)
    time.sleep(0.5)
    sent, asked = set(), set()
    for sender, count, ids in [(hasty, 300, sent), (calm, 10, asked)]:
        packets = [sender.node.packet(core.id, {"n": number}, flags=()) for number in range(count)]
        sender.write(*packets)
        ids |= {packet["id"] for packet in packets}
    end = time.monotonic() + 10
    while not asked <= (got := {
            record["id"] for record in core.records if record["type"] == "packet"}):
        assert time.monotonic() < end, len(got)
        core.read(0.2)
    time.sleep(0.5)
    core.read(0.2)
    got = {record["id"] for record in core.records if record["type"] == "packet"}
    assert 20 <= len(got & sent) <= 150
    assert status(core, run)[0]["dropped"]["rateLimited"] == len(sent - got)
    assert edge.stop() == 0 and core.stop() == 0

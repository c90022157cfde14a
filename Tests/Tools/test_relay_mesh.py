"""Relays that tell each other who is attached to them: nodes that move, custody that follows."""
import signal
import time

from custody import Client, Inbox, says
from kit import records
from mesh import PythonNode, Relay


def status(relay, run):
    return records("kos-relay", run("kos-relay", "status", "--socket", relay.socket).stdout)[0]


def who(relay, run):
    peers = records("kos-relay", run("kos-relay", "who", "--socket", relay.socket).stdout)
    return {peer["nodeId"]: peer["metadata"].get("relay") for peer in peers}


def until(check, patience=15):
    end = time.monotonic() + patience
    while not check():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def pair(folder, *arguments, kept=("one", "two")):
    """Two linked relays that believe each other, each with a journal where `kept` names it."""
    ids = [PythonNode(folder / f"{name}.pem").id for name in ("one", "two")]

    def more(name):
        if name not in kept:
            return ["--mesh-with", *ids]
        (folder / f"held-{name}").mkdir(exist_ok=True)
        return ["--mesh-with", *ids, f"--custody={folder / f'held-{name}'}"]
    one = Relay(folder, "one", *more("one"), *arguments)
    two = Relay(folder, "two", *more("two"), "--connect", one.uri(), *arguments)
    assert [one.id, two.id] == ids
    two.wait(lambda record: record["type"] == "link" and record["event"] == "up")
    return one, two


def entrust(relay, away, count):
    """So many packets for a node that is away, acknowledged by the relay."""
    sender = Client(PythonNode(), relay.ports["tcp"])
    packets = [sender.node.packet(away.id, {"n": number}) for number in range(count)]
    sender.write(*packets)
    waiting = {packet["id"] for packet in packets}

    def is_last(packet):
        payload = packet["payload"]
        if isinstance(payload, dict) and payload.get("kind") == "stored":
            assert payload["custodian"] == relay.id
            waiting.discard(payload["ref"])
        return not waiting

    sender.collect(is_last, 20)
    return {packet["id"] for packet in packets}


def test_custody_moves_to_the_relay_where_the_node_is(tmp_path, run):
    one, two = pair(tmp_path)
    away = PythonNode()
    packets = entrust(one, away, 100)
    # It comes to the other relay, and does not acknowledge anything yet.
    silent = Inbox(away, two.ports["tcp"], answers=False)
    until(lambda: (silent.read(0.05), status(one, run)["held"] == 0 and status(two, run)["held"] == 100)[1])
    for packet in packets:
        one.wait(lambda record: record.get("packetId") == packet and record["event"] == "forwarded"
                 and record.get("reason") == "custody" and record["to"] == two.id)
    silent.close()
    # The new custodian had it on disk before the old one let it go.
    one.kill()
    port = two.ports["tcp"]
    two.kill()
    two = Relay(tmp_path, "two", f"--custody={tmp_path / 'held-two'}", listen=[f"tcp://127.0.0.1:{port}"])
    inbox = Inbox(away, port)
    until(lambda: inbox.read(0.05) is not None and len(inbox.delivered) == 100)
    assert set(inbox.delivered) == packets
    until(lambda: (inbox.read(0.05), status(two, run)["held"] == 0)[1])
    # Copies on the wire are the price of a destination that is slow to answer; the node drops them.
    assert two.stop() == 0


def test_a_relay_that_leaves_hands_over_what_it_keeps(tmp_path, run):
    one, two = pair(tmp_path)
    away = PythonNode()
    packets = entrust(one, away, 100)
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(15) == 0
    assert status(two, run)["held"] == 100
    inbox = Inbox(away, two.ports["tcp"])
    until(lambda: inbox.read(0.05) is not None and len(inbox.delivered) == 100)
    assert set(inbox.delivered) == packets
    assert two.stop() == 0
    # Nothing of it is left where it was.
    again = Relay(tmp_path, "one", f"--custody={tmp_path / 'held-one'}")
    assert status(again, run)["held"] == 0
    assert again.stop() == 0


def test_without_another_custodian_the_packets_stay(tmp_path, run):
    one, two = pair(tmp_path, kept=("one",))
    away = PythonNode()
    packets = entrust(one, away, 10)
    inbox = Inbox(away, two.ports["tcp"])
    until(lambda: inbox.read(0.05) is not None and len(inbox.delivered) == 10)
    assert set(inbox.delivered) == packets
    until(lambda: (inbox.read(0.05), status(one, run)["held"] == 0)[1])
    assert one.stop() == 0 and two.stop() == 0


def test_a_node_that_moves_is_found_again_within_a_heartbeat(tmp_path, run):
    one, two = pair(tmp_path, "--heartbeat", "1s")
    moving, sender = PythonNode(), Client(PythonNode(), one.ports["tcp"])
    # The connection that it leaves behind stays open, and nobody reads from it.
    left = Inbox(moving, one.ports["tcp"])
    first = sender.node.packet(moving.id, "first")
    sender.write(first)
    left.collect(lambda each: each["id"] == first["id"])
    inbox = Inbox(moving, two.ports["tcp"])
    arrived = time.monotonic()
    # It is found when what is sent arrives at once, three times in a row.
    streak = 0
    while streak < 3:
        packet = sender.node.packet(moving.id, {"n": streak})
        sender.write(packet)
        inbox.read(0.2)
        streak = streak + 1 if packet["id"] in inbox.delivered else 0
        assert time.monotonic() < arrived + 20
    until(lambda: who(one, run).keys() >= {moving.id, sender.node.id, two.id})
    assert one.stop() == 0 and two.stop() == 0


def test_more_leaves_than_the_map_of_the_mesh_holds(tmp_path, run):
    """300 leaves at one relay: beyond 128 the other hears of them by claims, and believes those."""
    one, two = pair(tmp_path, "--max-per-address", "0", "--heartbeat", "30s", kept=())
    nodes = [Inbox(PythonNode(), one.ports["tcp"]) for _ in range(300)]
    names = {inbox.node.id for inbox in nodes}
    until(lambda: ([inbox.read(0) for inbox in nodes], {
        node for node, relay in who(two, run).items() if relay == one.id} >= names)[1], 30)
    sender = Client(PythonNode(), two.ports["tcp"])
    packets = [sender.node.packet(inbox.node.id, {"n": number}) for number, inbox in enumerate(nodes)]
    sender.write(*packets)
    until(lambda: ([inbox.read(0) for inbox in nodes], all(inbox.delivered for inbox in nodes))[1], 30)
    for inbox, packet in zip(nodes, packets):
        assert list(inbox.delivered) == [packet["id"]]
        inbox.close()
    # They have gone, and the other relay knows.
    until(lambda: not names & who(two, run).keys(), 30)
    assert two.stop() == 0 and one.stop() == 0


def test_nobody_but_a_trusted_relay_is_believed_about_others(tmp_path, run):
    """A stranger that says it is a relay claims somebody else's node: packets go on to the node."""
    relay = Relay(tmp_path, "one")
    victim, sender = Inbox(PythonNode(), relay.ports["tcp"]), Client(PythonNode(), relay.ports["tcp"])
    liar = PythonNode()
    stranger = Client(liar, relay.ports["tcp"], greets=False)
    info = stranger.collect(lambda each: each["payload"].get("kind") == "nodeInfo")
    stranger.write(liar.greeting(info, role="relay"))
    time.sleep(0.3)
    claim = liar.packet("*", {"kind": "attached", "sequence": int(time.time() * 1000), "keeps": True,
                              "nodes": [[victim.node.id, int(time.time() * 1000) + 3_600_000]], "sum": "0"},
                        kind="routing", flags=())
    stranger.write(claim)
    time.sleep(0.3)
    assert who(relay, run).get(victim.node.id) in (None, relay.id)
    packet = sender.node.packet(victim.node.id, "for you")
    sender.write(packet)
    victim.collect(lambda each: each["id"] == packet["id"])
    sender.collect(says("receipt", packet["id"]))
    assert relay.stop() == 0

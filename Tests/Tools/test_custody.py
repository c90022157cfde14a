"""Packets for nodes that are away: kept, acknowledged when they will last, delivered once."""
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

import pytest

from custody import Client, Inbox, kind, says
from kit import records
from mesh import PythonNode, Relay, verify

LONG = bool(os.environ.get("LONG"))


def keeper(folder, *arguments, port=0, name="keeper"):
    (folder / "held").mkdir(exist_ok=True)
    return Relay(folder, name, f"--custody={folder / 'held'}", *arguments, listen=[f"tcp://127.0.0.1:{port}"])


def status(relay, run):
    result = run("kos-relay", "status", "--socket", relay.socket)
    return records("kos-relay", result.stdout)[0]


def until(check, patience=10):
    end = time.monotonic() + patience
    while not check():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def test_a_packet_for_a_node_that_is_away_is_kept_and_delivered(tmp_path, run):
    relay = keeper(tmp_path)
    away, sender = PythonNode(), Client(PythonNode(), relay.ports["tcp"])
    packet = sender.node.packet(away.id, {"text": "later"})
    sender.write(packet)
    word = sender.collect(says("stored", packet["id"]))
    verify(word)
    assert word["source"] == relay.id == word["payload"]["custodian"]
    assert word["payload"]["destination"] == away.id
    event = relay.wait(lambda record: record["type"] == "relayEvent" and record["packetId"] == packet["id"])
    assert event["event"] == "queued"
    # A copy is acknowledged again, and kept once; a second later, as a sender would repeat it.
    time.sleep(1)
    sender.write(packet)
    sender.collect(says("stored", packet["id"]))
    assert status(relay, run)["held"] == 1
    inbox = Inbox(away, relay.ports["tcp"])
    got = inbox.collect(lambda each: each["id"] == packet["id"])
    verify(got)
    assert got["route"] == [sender.node.id, relay.id]
    verify(sender.collect(says("receipt", packet["id"])))
    until(lambda: status(relay, run)["held"] == 0)
    assert relay.stop() == 0
    again = keeper(tmp_path)
    assert status(again, run)["held"] == 0
    assert again.stop() == 0


def test_kos_send_says_who_keeps_the_packet(tmp_path, run):
    relay = keeper(tmp_path)
    away = PythonNode()
    result = run("kos-send", "--connect", relay.uri(), "-T", away.id, "hello")
    [answer] = records("kos-send", result.stdout)
    assert result.returncode == 0 and answer["success"] and answer["status"] == "stored"
    assert answer["custodian"] == relay.id
    plain = Relay(tmp_path, "plain")
    result = run("kos-send", "--retry", "0", "--connect", plain.uri(), "-T", away.id, "hello")
    [answer] = records("kos-send", result.stdout)
    assert result.returncode == 1 and answer["errorCode"] == "destinationUnreachable"
    inbox = Inbox(away, relay.ports["tcp"])
    assert inbox.collect(lambda each: each["metadata"]["type"] == "data")["payload"] == "hello"
    assert plain.stop() == 0 and relay.stop() == 0


def test_what_is_kept_outlives_the_relay_and_goes_urgent_first(tmp_path):
    relay = keeper(tmp_path)
    away, sender = PythonNode(), Client(PythonNode(), relay.ports["tcp"])
    packets = []
    for number in range(20):
        packet = sender.node.packet(away.id, {"n": number}, sign=False)
        packet["metadata"]["priority"] = number % 8
        packets.append(sender.node.signed(packet))
    sender.write(*packets)
    for packet in packets:
        sender.collect(says("stored", packet["id"])) if packet is packets[-1] else None
    time.sleep(0.3)
    relay.kill()
    relay = keeper(tmp_path)
    inbox = Inbox(away, relay.ports["tcp"])
    until(lambda: inbox.read(0.1) is not None and len(inbox.delivered) == 20)
    order = [packet["metadata"]["priority"] for packet in inbox.delivered.values()]
    assert order == sorted(order)
    assert relay.stop() == 0


def test_only_what_its_source_has_signed_is_kept_up_to_a_quota(tmp_path):
    relay = keeper(tmp_path, "--custody-quota", "3")
    away, sender = PythonNode(), Client(PythonNode(), relay.ports["tcp"])
    forged = sender.node.packet(away.id, "forged")
    forged["payload"] = "changed"
    sender.write(forged)
    event = relay.wait(lambda record: record["type"] == "relayEvent" and record["packetId"] == forged["id"])
    assert event["reason"] == "badSignature"
    packets = [sender.node.packet(away.id, {"n": number}) for number in range(4)]
    sender.write(*packets)
    answer = sender.collect(says("temporaryFailure", packets[3]["id"]))
    assert answer["payload"]["reason"] == "quota"
    # Names without a key have nobody who could sign for the packet.
    stray = sender.node.packet("n1", "nobody")
    sender.write(stray)
    sender.collect(says("destinationUnreachable", stray["id"]))
    assert relay.stop() == 0


def test_what_is_too_old_is_given_up_and_its_sender_told(tmp_path, run):
    relay = keeper(tmp_path, "--custody-time", "1s")
    away, sender = PythonNode(), Client(PythonNode(), relay.ports["tcp"])
    packet = sender.node.packet(away.id, "soon over")
    sender.write(packet)
    sender.collect(says("stored", packet["id"]))
    lost = sender.collect(says("custodyLost", packet["id"]))
    verify(lost)
    assert lost["payload"]["reason"] == "expired"
    assert status(relay, run)["held"] == 0
    assert relay.stop() == 0


def arrivals(target):
    """Ids of the packets that the relay `target` has handed to its application, in order."""
    while target.read(0):
        pass
    return [record["id"] for record in target.records if record["type"] == "packet"]


def acknowledged(packets):
    return {packet["payload"]["ref"] for packet in packets or [] if kind(packet) in ("stored", "receipt")}


def test_nothing_acknowledged_is_lost_when_relay_and_sender_are_killed(tmp_path):
    """kill -9 of the relay and of the sender in turn, more than 100 packets in flight each.

    The set of acknowledged ids is a subset of the delivered ones, and no id is delivered twice."""
    cycles = 1000 if LONG else 100
    seed = int(os.environ.get("SEED", "1"))
    dice = random.Random(seed)
    source = PythonNode()
    relay = keeper(tmp_path, "--heartbeat", "500ms")
    port = relay.ports["tcp"]
    target = Relay(tmp_path, "target", "--heartbeat", "500ms", "--events", "none", "--connect", relay.uri(),
                   listen=[])
    known, window, open_at_the_cut = set(), [], 0
    for cycle in range(cycles):
        # Away for most of the time: what comes then is kept.
        target.process.send_signal(signal.SIGCONT if cycle % 10 < 3 else signal.SIGSTOP)
        sender = Client(source, port, greets=False)
        window = [packet for packet in window if packet["id"] not in known]
        window += [source.packet(target.id, {"n": cycle}) for _ in range(120 - len(window))]
        sender.write(*window)
        end = time.monotonic() + dice.random() * 0.15
        while time.monotonic() < end:
            known |= acknowledged(sender.read(0.005))
        arrivals(target)
        if cycle % 2 == 0:
            relay.kill()
        while packets := sender.read(0):
            known |= acknowledged(packets)
        sender.close()
        open_at_the_cut += sum(packet["id"] not in known for packet in window)
        if cycle % 2 == 0:
            relay = keeper(tmp_path, "--heartbeat", "500ms", port=port)
    target.process.send_signal(signal.SIGCONT)
    until(lambda: known <= set(arrivals(target)), 30)
    # Whatever is still kept comes, and is no copy.
    time.sleep(1)
    delivered = arrivals(target)
    print(f"seed {seed}: {len(known)} acknowledged, {len(delivered)} delivered, {open_at_the_cut} open at a cut")
    assert len(delivered) == len(set(delivered)), f"SEED={seed}"
    assert known <= set(delivered), f"SEED={seed}"
    assert len(known) > 20 * cycles and open_at_the_cut > 10 * cycles
    assert relay.stop() == 0 and target.stop() == 0


def test_a_stopped_destination_gets_everything_when_it_goes_on(tmp_path):
    relay = keeper(tmp_path, "--heartbeat", "300ms")
    target = Relay(tmp_path, "target", "--heartbeat", "300ms", "--events", "none", "--connect", relay.uri(),
                   listen=[])
    relay.wait(lambda record: record["type"] == "link" and record["event"] == "up")
    target.process.send_signal(signal.SIGSTOP)
    sender = Client(PythonNode(), relay.ports["tcp"])
    packets = [sender.node.packet(target.id, {"n": number}) for number in range(50)]
    waiting = {packet["id"] for packet in packets}
    end = time.monotonic() + 20
    while waiting:
        # What a sender does: again until it is acknowledged.
        assert time.monotonic() < end
        sender.write(*[packet for packet in packets if packet["id"] in waiting])
        pause = time.monotonic() + 0.5
        while time.monotonic() < pause:
            waiting -= acknowledged(sender.read(0.05))
    target.process.send_signal(signal.SIGCONT)
    went_on = time.monotonic()
    until(lambda: {packet["id"] for packet in packets} <= set(arrivals(target)), 10)
    print(f"everything there {time.monotonic() - went_on:.2f} s after SIGCONT")
    time.sleep(0.5)
    assert sorted(arrivals(target)) == sorted(packet["id"] for packet in packets)
    assert relay.stop() == 0 and target.stop() == 0


class Partition:
    """nftables drops whatever goes to or from a port of this host."""

    def __init__(self, port):
        self.port = port

    def __enter__(self):
        rules = (f"table inet kos{self.port} {{ chain cut {{ type filter hook input priority 0; }}\n"
                 f"}}\nadd rule inet kos{self.port} cut tcp dport {self.port} drop\n"
                 f"add rule inet kos{self.port} cut tcp sport {self.port} drop\n")
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)

    def __exit__(self, *_):
        subprocess.run(["nft", "delete", "table", "inet", f"kos{self.port}"], check=True)


def test_custody_is_delivered_within_ten_seconds_of_a_partitions_end(tmp_path):
    target = Relay(tmp_path, "target", "--heartbeat", "500ms", "--events", "none")
    relay = keeper(tmp_path, "--heartbeat", "500ms", "--connect", target.uri())
    relay.wait(lambda record: record["type"] == "link" and record["event"] == "up")
    sender = Client(PythonNode(), relay.ports["tcp"])
    packets = []
    waiting = set()
    with Partition(target.ports["tcp"]):
        end = time.monotonic() + (60 if LONG else 8)
        while time.monotonic() < end:
            packets.append(sender.node.packet(target.id, {"n": len(packets)}))
            waiting.add(packets[-1]["id"])
            sender.write(*[packet for packet in packets if packet["id"] in waiting])
            pause = time.monotonic() + 0.3
            while time.monotonic() < pause:
                waiting -= acknowledged(sender.read(0.05))
        relay.wait(lambda record: record["type"] == "link" and record["event"] == "down")
        assert arrivals(target) == []
    healed = time.monotonic()
    kept = {packet["id"] for packet in packets} - waiting
    assert len(kept) > 5
    until(lambda: kept <= set(arrivals(target)), 10)
    print(f"{len(kept)} packets there {time.monotonic() - healed:.2f} s after the partition")
    time.sleep(0.5)
    delivered = arrivals(target)
    assert len(delivered) == len(set(delivered))
    assert relay.stop() == 0 and target.stop() == 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB."""
    place = tmp_path / "held"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_a_temporary_failure(tmp_path, small_disk):
    relay = keeper(tmp_path)
    away, sender = PythonNode(), Client(PythonNode(), relay.ports["tcp"])
    filler = small_disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    refused, kept = [], set()
    for number in range(12):
        packet = sender.node.packet(away.id, {"n": number, "much": "x" * 8000})
        sender.write(packet)
        answer = sender.collect(lambda each: kind(each) in ("stored", "temporaryFailure")
                                and each["payload"]["ref"] == packet["id"])
        verify(answer)
        if kind(answer) == "stored":
            kept.add(packet["id"])
        else:
            refused.append(packet)
    assert refused
    filler.unlink()
    # What came a moment ago is taken for a copy.
    time.sleep(1)
    sender.write(refused[0])
    sender.collect(says("stored", refused[0]["id"]))
    kept.add(refused[0]["id"])
    relay.kill()
    relay = keeper(tmp_path)
    inbox = Inbox(away, relay.ports["tcp"])
    until(lambda: inbox.read(0.1) is not None and kept <= set(inbox.delivered))
    time.sleep(0.3)
    inbox.read(0.2)
    assert set(inbox.delivered) == kept
    assert relay.stop() == 0


def test_a_mutilated_journal_is_told_and_never_delivered(tmp_path):
    """Bits flipped, pieces cut out or off, at places of the seed's choosing."""
    rounds = 1000 if LONG else 40
    seed = int(os.environ.get("SEED", "1"))
    dice = random.Random(seed)
    away, source = PythonNode(), PythonNode()
    packets = {}
    relay = keeper(tmp_path)
    sender = Client(source, relay.ports["tcp"])
    for number in range(60):
        packet = source.packet(away.id, {"n": number, "text": "x" * dice.randrange(2000)})
        packets[packet["id"]] = packet
    sender.write(*packets.values())
    stored = set()
    until(lambda: (stored.update(acknowledged(sender.read(0.1))), len(stored) == 60)[1])
    # Half of it in the database, half of it still in the write-ahead log.
    relay.kill()
    files = {path.name: path.read_bytes() for path in (tmp_path / "held").iterdir()}
    assert {"custody.sqlite", "custody.sqlite-wal", "custody.names"} <= set(files)
    settled = tmp_path / "settled.sqlite"
    settled.write_bytes(files["custody.sqlite"])
    (tmp_path / "settled.sqlite-wal").write_bytes(files["custody.sqlite-wal"])
    with sqlite3.connect(settled) as database:
        assert database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    whole = settled.read_bytes()
    losses = 0
    for number in range(rounds):
        place = tmp_path / "held"
        for path in place.iterdir():
            path.unlink()
        state = dict(files) if number % 2 else {"custody.names": files["custody.names"], "custody.sqlite": whole}
        victim = "custody.sqlite-wal" if number % 2 else "custody.sqlite"
        octets = bytearray(state[victim])
        for _ in range(dice.choice([1, 1, 3, 20])):
            at = dice.randrange(len(octets))
            match dice.randrange(4):
                case 0: octets[at] ^= 1 << dice.randrange(8)
                case 1: octets[at:at + 4096] = dice.randbytes(min(4096, len(octets) - at))
                case 2: del octets[at:]
                case 3: octets[at:at + 512] = bytes(min(512, len(octets) - at))
            if not octets:
                octets = bytearray(b"x")
        state[victim] = bytes(octets)
        for name, content in state.items():
            (place / name).write_bytes(content)
        relay = keeper(tmp_path)
        inbox = Inbox(away, relay.ports["tcp"])
        end = time.monotonic() + 5
        lost = {record["packetId"] for record in relay.records if record.get("reason") == "damaged"}
        while set(inbox.delivered) | lost != set(packets) and time.monotonic() < end:
            inbox.read(0.05)
            relay.read(0)
            lost = {record["packetId"] for record in relay.records if record.get("reason") == "damaged"}
        told = f"SEED={seed}, round {number}"
        for delivered in inbox.delivered.values():
            assert delivered["payload"] == packets[delivered["id"]]["payload"], told
        assert set(inbox.delivered) | lost == set(packets), told
        assert not set(inbox.delivered) & lost, told
        losses += len(lost)
        inbox.close()
        assert relay.stop() == 0
        said = (tmp_path / "keeper.err").read_text()
        assert bool(lost) <= ("custody:" in said), told
    print(f"{rounds} mutilations, {losses} of {rounds * 60} packets lost and named")
    assert losses

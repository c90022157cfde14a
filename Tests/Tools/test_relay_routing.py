"""Relays that find their ways by flooding, AODV, DSR, OLSR or the rule: a ring of four, one of which dies."""
import json
import os
import time

import pytest

from mesh import Relay

PROTOCOLS = ["flooding", "aodv", "dsr", "olsr", "auto"]


@pytest.fixture
def ring(tmp_path, request):
    """a - b - d - c - a, all by the protocol that the test names."""
    how = ["--routing", request.param, "--heartbeat", "300ms"]
    a = Relay(tmp_path, "a", *how)
    b = Relay(tmp_path, "b", *how, "--connect", a.uri())
    c = Relay(tmp_path, "c", *how, "--connect", a.uri())
    d = Relay(tmp_path, "d", *how, "--connect", b.uri(), "--connect", c.uri())
    relays = {"a": a, "b": b, "c": c, "d": d}
    yield request.param, relays
    for relay in relays.values():
        relay.stop()


def metrics(run, relay):
    answer = run("kos-relay", "status", "--socket", relay.socket, "-j")
    return json.loads(answer.stdout.splitlines()[0])


@pytest.mark.parametrize("ring", PROTOCOLS, indirect=True)
def test_packets_find_their_way_and_another_one(ring, run):
    protocol, relays = ring
    a, d = relays["a"], relays["d"]

    def send(text):
        return run("kos-send", "-t", "10s", "--retry", "5", "--connect", a.uri(), "-T", d.id, text)

    end = time.monotonic() + 20
    while send("first").returncode != 0:
        assert time.monotonic() < end
    arrived = d.wait(lambda record: record["type"] == "packet" and record["destination"] == d.id)
    # The sender, a, then b or c: three links.
    assert arrived["metadata"]["hops"] == 3
    by = next(name for name in "bc" if relays[name].id in arrived["route"])
    figures = metrics(run, a)["routing"]
    assert figures["mode"] == protocol
    if protocol in ("aodv", "dsr"):
        found = a.wait(lambda record: record["type"] == "relayEvent" and record["event"] == "discovered")
        assert found["to"] == d.id and found["hops"] == 2 and found["afterMs"] > 0
        assert figures["discoveries"] >= 1 and figures["discoveryMs"] <= figures["discoveryMaxMs"]
    if protocol in ("aodv", "dsr", "olsr"):
        assert figures["protocol"] == protocol and figures["messagesSent"] > 0 and figures["routes"] > 0
    if protocol == "flooding":
        assert figures["protocol"] == "flooding" and figures["messagesSent"] == 0
    relays.pop(by).kill()
    end = time.monotonic() + 15
    while send("second").returncode != 0:
        assert time.monotonic() < end
    other = "c" if by == "b" else "b"
    again = d.wait(lambda record: record["type"] == "packet" and relays[other].id in record["route"]
                   and record["payload"] == {"text": "second"} or "second" in json.dumps(record))
    assert again["metadata"]["hops"] == 3


@pytest.mark.parametrize("ring", ["aodv"], indirect=True)
def test_nobody_knows_a_stranger(ring, run):
    _, relays = ring
    stranger = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    result = run("kos-send", "-t", "20s", "--retry", "1", "--connect", relays["a"].uri(), "-T", stranger, "x")
    assert result.returncode == 1


def test_the_rule_switches_at_run_time(tmp_path, run):
    """Three relays that are all linked are dense: rule 4. A fourth at one of them makes them less so: rule 6."""
    def switched(to):
        return a.wait(lambda record: record["type"] == "relayEvent" and record["event"] == "switched"
                      and record["to"] == to, 30)
    a = Relay(tmp_path, "a", "--routing", "auto")
    b = Relay(tmp_path, "b", "--routing", "auto", "--connect", a.uri())
    c = Relay(tmp_path, "c", "--routing", "auto", "--connect", a.uri(), "--connect", b.uri())
    assert switched("olsr")["reason"] == "rule 4: density 1 is over 0.8"
    end = time.monotonic() + 15
    while metrics(run, a)["routing"].get("routes", 0) < 2:
        assert time.monotonic() < end
        time.sleep(0.2)
    d = Relay(tmp_path, "d", "--routing", "auto", "--connect", c.uri())
    assert switched("linkstate")["reason"] == "rule 6: no other rule applies"
    sent = run("kos-send", "-t", "10s", "--connect", a.uri(), "-T", d.id, "over")
    assert sent.returncode == 0
    assert [relay.stop() for relay in (d, c, b, a)] == [0, 0, 0, 0]


@pytest.mark.parametrize("mode", ["flooding", "aodv", "dsr", "olsr", "auto"])
def test_laws_hold_in_simulated_meshes(mode, run):
    """Lossy links, cuts, a partition, crashes, custody: what was acknowledged arrives, and nothing twice."""
    seeds = 40 if "LONG" in os.environ else 4
    result = run("kos-relay", "simulate", "--routing", mode, "--nodes", "12", "--seeds", str(seeds), "-j", timeout=600)
    assert result.returncode == 0, result.stdout
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["failed"] == 0 and summary["acknowledged"] > 0.5 * summary["sent"]

"""--follow: an answer for every change that changes it, equal to a fresh run; nothing flaps."""

import pytest
from route_oracle import kos_route, link, seeded


def latest(events):
    """The links that hold after the events."""
    state = {}
    for each in events:
        state[each["source"], each["destination"]] = each
    return [each for each in state.values() if each.get("event") != "down"]


@pytest.mark.parametrize("seed", range(20))
def test_every_answer_equals_a_fresh_run(seed):
    rng = seeded(f"follow {seed}")
    nodes = [f"n{i}" for i in range(7)]
    events = [link("n0", "n1", 1), link("n5", "n6", 1)]
    for _ in range(60):
        a, b = rng.sample(nodes, 2)
        event = "down" if rng.random() < 0.25 else "changed"
        events.append(link(a, b, rng.randint(1, 30), event=event))
    followed, _, _ = kos_route(events, "--follow", "-F", "n0", "-T", "n6", "-M", "latency")
    answers = []
    for length in range(1, len(events) + 1):
        now = latest(events[:length])
        records, _, _ = kos_route(now + [link("n0", "x"), link("x", "y")], "-F", "n0", "-T", "n6", "-M", "latency")
        value = records[0].get("latency") if records[0]["type"] == "route" else None
        if not answers or answers[-1] != value:
            answers.append(value)
    found = []
    for record in followed:
        value = record.get("latency") if record["type"] == "route" else None
        if not found or found[-1] != value:
            found.append(value)
    assert found == [a for i, a in enumerate(answers) if i or a is not None], f"seed={seed}"


def test_small_gains_do_not_flap():
    events = [link("a", "b", 10), link("a", "c", 5), link("c", "b", 4.5), link("a", "c", 1, event="changed")]
    latencies = [r["latency"] for r in kos_route(events, "--follow", "-F", "a", "-T", "b", "-M", "latency", "--min-gain", 0.2)[0]]
    assert latencies == [10, 5.5]
    latencies = [r["latency"] for r in kos_route(events, "--follow", "-F", "a", "-T", "b", "-M", "latency")[0]]
    assert latencies == [10, 9.5, 5.5]


def test_links_expire_behind_the_newest():
    events = [
        link("a", "b", 3, lastSeen=1000), link("a", "c", 1, lastSeen=60_000), link("c", "b", 9, lastSeen=70_000),
    ]
    records, status, _ = kos_route(events, "--follow", "-F", "a", "-T", "b", "-M", "latency", "--expire", "30s")
    assert [(r["type"], r.get("latency")) for r in records] == [("route", 3), ("error", None), ("route", 10)]
    assert status == 0


def test_a_peer_that_leaves_takes_its_links():
    gone = {"type": "peer", "kos": 1, "event": "left", "nodeId": "b", "addresses": [], "capabilities": [],
            "metadata": {"discoveryMethod": "mdns", "lastSeen": 1}}
    records, status, _ = kos_route([link("a", "b"), link("b", "c"), {"type": "note"}, gone], "--follow", "-F", "a", "-T", "c")
    assert [r["type"] for r in records] == ["route", "note", "error"]
    assert status == 1

"""Runs kos-route and recomputes its answers: the specification's score, brute force over simple paths."""

import json
import math
import os
import random
import subprocess

ROUTE = os.environ.get("KOS_ROUTE") or os.path.join(
    os.path.dirname(__file__), "..", "..", ".build", "release", "kos-route"
)
EPSILON = 1e-9


def kos_route(records, *arguments, check=None):
    """The records on stdout, the status and stderr of one run."""
    lines = records if isinstance(records, bytes) else "".join(
        (r if isinstance(r, str) else json.dumps(r, separators=(",", ":"))) + "\n" for r in records
    ).encode()
    run = subprocess.run([ROUTE, *map(str, arguments)], input=lines, capture_output=True, timeout=120)
    if check is not None:
        assert run.returncode == check, (run.returncode, run.stderr.decode(), arguments)
    return [json.loads(line) for line in run.stdout.splitlines()], run.returncode, run.stderr.decode()


def link(source, destination, latency=1.0, reliability=1.0, bandwidth=None, cost=None, **more):
    record = {
        "type": "link", "kos": 1, "source": source, "destination": destination,
        "transport": "udp", "latency": latency, "reliability": reliability, "bandwidth": bandwidth,
    }
    if cost is not None:
        record["cost"] = cost
    return record | more


def random_links(rng, nodes, links):
    """A directed graph without parallel links, every figure stated."""
    pairs = [(a, b) for a in range(nodes) for b in range(nodes) if a != b]
    return [
        link(
            f"n{a}", f"n{b}", latency=round(rng.uniform(0, 20), 2),
            reliability=round(rng.uniform(0.5, 1), 3), bandwidth=rng.choice([1e4, 1e5, 1e6, 1e7]),
            cost=round(rng.uniform(0, 10), 1),
        )
        for a, b in rng.sample(pairs, min(links, len(pairs)))
    ]


def simple_paths(links, source, target):
    """Every loop-free path as a list of links."""
    leaving = {}
    for each in links:
        leaving.setdefault(each["source"], []).append(each)

    def walk(node, seen, path):
        if node == target:
            yield list(path)
            return
        for each in leaving.get(node, []):
            if each["destination"] not in seen:
                path.append(each)
                yield from walk(each["destination"], seen | {each["destination"]}, path)
                path.pop()

    yield from walk(source, {source}, [])


def totals(path):
    """Latency, reliability, bandwidth, cost and hops of a path."""
    reliability = 1.0
    for each in path:
        reliability *= each["reliability"]
    return {
        "latency": sum(each["latency"] for each in path),
        "reliability": reliability,
        "bandwidth": min((each["bandwidth"] or math.inf for each in path), default=math.inf),
        "cost": sum(each.get("cost") or 0 for each in path),
        "hops": len(path),
    }


def score(t, max_latency, min_bandwidth):
    """The specification's scoreRoute with its default weights, by 100."""
    latency = 100 if t["latency"] == 0 else 0 if not max_latency else max(0, 100 - t["latency"] / max_latency * 100)
    bandwidth = 100 if t["bandwidth"] >= min_bandwidth else min(100, t["bandwidth"] / min_bandwidth * 100)
    return (
        latency * 0.3 + t["reliability"] * 100 * 0.3 + bandwidth * 0.2
        + max(0, 100 - t["hops"] * 10) * 0.1 + max(0, 100 - t["cost"]) * 0.1
    ) / 100


def dominates(a, b):
    """Whether `a` is at least as good in all five respects and better in one."""
    worse = (
        a["latency"] > b["latency"] + EPSILON or a["reliability"] < b["reliability"] - EPSILON
        or a["bandwidth"] < b["bandwidth"] or a["cost"] > b["cost"] + EPSILON or a["hops"] > b["hops"]
    )
    better = (
        a["latency"] < b["latency"] - EPSILON or a["reliability"] > b["reliability"] + EPSILON
        or a["bandwidth"] > b["bandwidth"] or a["cost"] < b["cost"] - EPSILON or a["hops"] < b["hops"]
    )
    return better and not worse


def random_limits(rng):
    """Options, and the same limits as a predicate on totals."""
    limits = {}
    if rng.random() < 0.5:
        limits["max-latency"] = round(rng.uniform(5, 60), 1)
    if rng.random() < 0.4:
        limits["min-reliability"] = round(rng.uniform(0.2, 0.95), 2)
    if rng.random() < 0.4:
        limits["min-bandwidth"] = rng.choice([1e4, 1e5, 1e6])
    if rng.random() < 0.4:
        limits["max-cost"] = round(rng.uniform(3, 30), 1)
    if rng.random() < 0.4:
        limits["max-hops"] = rng.randint(1, 6)
    if not limits:
        limits["max-hops"] = rng.randint(1, 6)

    def keeps(t):
        return (
            t["latency"] <= limits.get("max-latency", math.inf)
            and t["reliability"] >= limits.get("min-reliability", 0)
            and t["bandwidth"] >= limits.get("min-bandwidth", 0)
            and t["cost"] <= limits.get("max-cost", math.inf)
            and t["hops"] <= limits.get("max-hops", math.inf)
        )

    options = []
    for name, value in limits.items():
        text = f"{value}ms" if name == "max-latency" else f"{value:.0f}" if name == "min-bandwidth" else f"{value}"
        options += [f"--{name}", text]
    return limits, options, keeps


def path_of(route, links):
    """The links that a route record names; fails when one does not exist."""
    by_ends = {(each["source"], each["destination"]): each for each in links}
    node = route["source"]
    path = []
    for hop in route["hops"]:
        path.append(by_ends[node, hop["nodeId"]])
        node = hop["nodeId"]
    assert node == route["destination"]
    assert len({route["source"], *(h["nodeId"] for h in route["hops"])}) == len(path) + 1, "a loop"
    return path


def seeded(seed):
    return random.Random(f"kos-route {seed}")

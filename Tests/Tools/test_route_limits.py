"""Exact search under limits, judged by brute force over all simple paths."""

import pytest
from route_oracle import (
    EPSILON, dominates, kos_route, link, path_of, random_limits, random_links, score, seeded,
    simple_paths, totals,
)


def check(seed):
    rng = seeded(seed)
    nodes = rng.randint(3, 8)
    links = random_links(rng, nodes, rng.randint(nodes, 3 * nodes))
    named = {each[end] for each in links for end in ("source", "destination")}
    links += [link(each, "leaf") for each in {"n0", f"n{nodes - 1}"} - named]
    limits, options, keeps = random_limits(rng)
    target = f"n{nodes - 1}"
    every = list(simple_paths(links, "n0", target))
    feasible = [p for p in every if keeps(totals(p))]
    records, status, stderr = kos_route(links, "-F", "n0", "-T", target, *options)
    note = f"seed={seed} {options} {stderr}"
    assert len(records) == 1, note
    answer = records[0]
    if not feasible:
        assert (status, answer["type"], answer["code"]) == (1, "error", "noRoute"), note
        return 0
    assert (status, answer["type"]) == (0, "route"), f"{note} {answer}"
    found = totals(path_of(answer, links))
    assert keeps(found), note
    for name in ("latency", "reliability", "bandwidth", "cost"):
        assert answer[name] == pytest.approx(found[name], rel=1e-9, abs=1e-9), note
    widest = max(totals(p)["bandwidth"] for p in feasible)
    references = limits.get("max-latency"), limits.get("min-bandwidth", widest)
    best = max(score(totals(p), *references) for p in feasible)
    assert answer["score"] == pytest.approx(score(found, *references), abs=1e-9), note
    assert answer["score"] >= best - EPSILON, f"{note} best {best}"
    assert not any(dominates(totals(p), found) for p in feasible), note
    return 1


@pytest.mark.parametrize("block", range(20))
def test_route_whenever_one_exists(block):
    found = sum(check(block * 100 + each) for each in range(100))
    assert found > 0, "no case of the block had a route: the block proves nothing"


@pytest.mark.parametrize("seed", range(40))
def test_front_is_the_brute_force_front(seed):
    rng = seeded(f"front {seed}")
    nodes = rng.randint(4, 7)
    links = random_links(rng, nodes, 3 * nodes)
    target = f"n{nodes - 1}"
    every = [totals(p) for p in simple_paths(links, "n0", target)]
    front = [t for t in every if not any(dominates(other, t) for other in every)]
    records, _, _ = kos_route(links, "-F", "n0", "-T", target, "--pareto")
    if not every:
        assert records[0]["type"] == "error"
        return
    keys = sorted((round(t["latency"], 6), round(t["reliability"], 9), t["bandwidth"], round(t["cost"], 6)) for t in front)
    found = sorted((round(r["latency"], 6), round(r["reliability"], 9), r["bandwidth"], round(r["cost"], 6)) for r in records)
    assert sorted(set(found)) == sorted(set(keys)), f"seed={seed}"


@pytest.mark.parametrize("seed", range(40))
def test_via_passes_every_node(seed):
    rng = seeded(f"via {seed}")
    links = random_links(rng, 6, 16)
    via = rng.choice(["n1", "n2", "n3"])
    every = [p for p in simple_paths(links, "n0", "n5") if via in [l["destination"] for l in p]]
    records, status, _ = kos_route(links, "-F", "n0", "-T", "n5", "--via", via)
    assert (status == 0) == bool(every), f"seed={seed}"
    if every and status == 0:
        path = path_of(records[0], links)
        assert via in [l["destination"] for l in path]

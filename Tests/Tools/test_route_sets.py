"""Several routes under limits, and every question under --follow: judged by brute force and by fresh runs."""

import itertools

import pytest
from route_oracle import EPSILON, kos_route, link, path_of, random_limits, random_links, score, seeded, simple_paths, totals


def case(seed, nodes, links):
    rng = seeded(seed)
    records = random_links(rng, nodes, links)
    named = {each[end] for each in records for end in ("source", "destination")}
    records += [link(each, "leaf") for each in {"n0", f"n{nodes - 1}"} - named]
    limits, options, keeps = random_limits(rng)
    feasible = [p for p in simple_paths(records, "n0", f"n{nodes - 1}") if keeps(totals(p))]
    widest = max((totals(p)["bandwidth"] for p in feasible), default=0)
    references = limits.get("max-latency"), limits.get("min-bandwidth", widest)
    return records, options, feasible, lambda p: score(totals(p), *references)


@pytest.mark.parametrize("block", range(10))
def test_the_best_four_under_limits(block):
    several = 0
    for seed in range(block * 20, block * 20 + 20):
        records, options, feasible, rate = case(f"best four {seed}", 6, 16)
        found, status, stderr = kos_route(records, "-F", "n0", "-T", "n5", "-c", 4, *options)
        expected = sorted((rate(p) for p in feasible), reverse=True)[:4]
        note = f"seed={seed} {options} {stderr}"
        assert [r.get("score") for r in found] == (pytest.approx(expected, abs=1e-9) if expected else [None]), note
        paths = [path_of(r, records) for r in found if r["type"] == "route"]
        assert all(p in feasible for p in paths), note
        assert len({tuple(l["destination"] for l in p) for p in paths}) == len(paths), note
        several += len(expected) > 1
    assert several > 3, "the block proves nothing"


@pytest.mark.parametrize("kind", ["links", "nodes"])
@pytest.mark.parametrize("block", range(6))
def test_the_best_disjoint_pair_under_limits(block, kind):
    pairs = 0
    for seed in range(block * 20, block * 20 + 20):
        records, options, feasible, rate = case(f"pair {seed}", 6, 18)

        def apart(p, q):
            if kind == "links":
                return not {(l["source"], l["destination"]) for l in p} & {(l["source"], l["destination"]) for l in q}
            return not ({l["destination"] for l in p[:-1]} & {l["destination"] for l in q[:-1]}) and p != q

        best = max((rate(p) + rate(q) for p, q in itertools.combinations(feasible, 2) if apart(p, q)), default=None)
        found, status, _ = kos_route(records, "-F", "n0", "-T", "n5", "--disjoint", kind, *options)
        routes = [r for r in found if r["type"] == "route"]
        note = f"seed={seed} {options} {found}"
        if best is None:
            assert len(routes) == min(1, len(feasible)), note
            assert found[-1]["code"] == ("noDisjointRoute" if feasible else "noRoute"), note
            assert status == (5 if feasible else 1), note
            continue
        pairs += 1
        paths = [path_of(r, records) for r in routes]
        assert status == 0 and len(paths) == 2 and apart(*paths) and all(p in feasible for p in paths), note
        assert all(r.get("exact", True) for r in routes), note
        assert sum(rate(p) for p in paths) == pytest.approx(best, abs=EPSILON), note
    assert pairs > 3, "the block proves nothing"


def test_what_a_second_route_would_have_to_share_is_named():
    lines = [link("a", "b"), link("b", "c"), link("a", "d"), link("d", "c"), link("c", "e")]
    [route, error], status, _ = kos_route(lines, "-F", "a", "-T", "e", "--disjoint", "nodes")
    assert status == 5 and route["type"] == "route" and error["code"] == "noDisjointRoute" and "every route passes c" in error["message"]
    [_, error], status, _ = kos_route(lines, "-F", "a", "-T", "e", "--disjoint", "links")
    assert status == 5 and "every route passes c/e" in error["message"]
    found, status, _ = kos_route(lines, "-F", "a", "-T", "c", "--disjoint", "links", "-c", 3)
    assert status == 5 and len(found) == 3 and "2 routes of 3" in found[-1]["message"]


def test_a_scores_reference_is_the_best_candidate_where_none_was_given():
    for seed in range(40):
        rng = seeded(f"reference {seed}")
        records = random_links(rng, 6, 18)
        found, _, _ = kos_route(records, "-F", "n0", "-T", "n5", "-c", 4)
        if found[0]["type"] != "route":
            continue
        all_totals = [totals(path_of(r, records)) for r in found]
        best = min(t["latency"] for t in all_totals), max(t["bandwidth"] for t in all_totals)
        for route, t in zip(found, all_totals):
            assert route["score"] == pytest.approx(score(t, *best), abs=1e-9), f"seed={seed}"
            assert route["weight"] == pytest.approx(t["latency"] * 0.3 + t["cost"] * 0.1 + sum(
                (1 - l["reliability"]) * 30 for l in path_of(route, records))), f"seed={seed}"


FOLLOWED = [
    ("--max-latency", "30ms", "--min-bandwidth", "50k"), ("-c", "3", "-M", "latency"), ("--disjoint", "nodes", "-M", "latency"),
    ("--pareto",), ("-M", "score"), ("-M", "bandwidth"), ("--via", "n2"), ("-c", "2", "--max-hops", "3"), ("-a", "all", "-M", "latency"),
    ("--disjoint", "links", "--max-latency", "40ms", "--min-bandwidth", "20k"), ("-a", "dsr"),
]


@pytest.mark.parametrize("options", FOLLOWED, ids=lambda options: " ".join(options))
@pytest.mark.parametrize("seed", range(4))
def test_every_question_can_be_followed(seed, options):
    rng = seeded(f"followed {seed}")
    events = [link("n0", "n2", 9, bandwidth=1e6), link("n2", "n5", 9, bandwidth=1e6)]
    for _ in range(25):
        [each] = random_links(rng, 6, 1)
        events.append(each | {"event": "down" if rng.random() < 0.25 else "changed"})

    def plain(records):
        return [{k: v for k, v in r.items() if k not in ("timestamp", "confidence")} for r in records if r["type"] == "route"]

    followed, _, stderr = kos_route(events, "--follow", "-F", "n0", "-T", "n5", *options)
    fresh = [[]]
    for length in range(1, len(events) + 1):
        answer = plain(kos_route(events[:length] + [link("n0", "leaf"), link("leaf", "n5", event="down")], "-F", "n0", "-T", "n5", *options)[0])
        # The order of what came first decides between equals, and is another one here.
        if answer != fresh[-1]:
            fresh.append(answer)
    said = plain(followed)
    assert said or options == ("-a", "dsr"), stderr
    expected = [route for answer in fresh for route in answer]
    keys = [(r["latency"], r["score"], r["algorithm"]) for r in said]
    assert keys == [(r["latency"], r["score"], r["algorithm"]) for r in expected], f"seed={seed}"


def test_a_route_under_limits_is_left_only_for_a_better_one():
    events = [link("a", "b", 10), link("a", "c", 5), link("c", "b", 4.9), link("a", "c", 1, event="changed")]
    ask = ("--follow", "-F", "a", "-T", "b", "--max-latency", "50ms", "--weights", "latency=1,reliability=0,bandwidth=0,hops=0,cost=0")
    assert [r["latency"] for r in kos_route(events, *ask)[0]] == [10, 9.9, 5.9]
    assert [r["latency"] for r in kos_route(events, *ask, "--min-gain", 0.05)[0]] == [10, 5.9]


def test_a_node_to_avoid_may_come_later():
    events = [link("a", "b", 10), link("b", "d", 10), link("a", "c", 1), link("c", "d", 1)]
    assert [r["latency"] for r in kos_route(events, "--follow", "-F", "a", "-T", "d", "--avoid", "c", "-M", "latency")[0]] == [20]

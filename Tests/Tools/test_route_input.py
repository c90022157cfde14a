"""Bad and odd input: truthful status, valid records, no crash; prepared graphs refused when altered."""

import json

import pytest
from route_oracle import kos_route, link


def test_foreign_records_pass_in_their_place():
    records, status, _ = kos_route(
        ['{"type":"note","x":1.0,  "y":1e2}', link("a", "b"), '{"type":"error","kos":1,"code":"x"}', link("b", "c")],
        "-F", "a", "-T", "c")
    assert [r["type"] for r in records] == ["note", "error", "route"]
    assert status == 0
    only, _, _ = kos_route(['{"type":"note"}', link("a", "b")], "-F", "a", "-T", "b", "--only")
    assert [r["type"] for r in only] == ["route"]
    kept, _, _ = kos_route([link("a", "b")], "-F", "a", "-T", "b", "-k")
    assert [r["type"] for r in kept] == ["link", "route"]


@pytest.mark.parametrize("line", [
    "not json", '{"type":"link","kos":1,"source":"a"}', json.dumps(link("a", "a")),
    json.dumps(link("a", "b", latency=-1)), json.dumps(link("a", "b", reliability=1.1)),
    '{"type":"link","kos":1,"source":"a","destination":"b","transport":"udp","latency":NaN,"reliability":1}',
    json.dumps(link("x" * 129, "b")), json.dumps(link("", "b")), json.dumps(link("a", "b", transport="pigeon")),
    '{"type":"link","kos":2,"source":"a","destination":"b"}', '{"type":"link","source":"a","source":"b"}',
])
def test_a_bad_line_is_an_error_record_with_its_line(line):
    records, status, stderr = kos_route([link("s", "t"), line, link("t", "u")], "-F", "s", "-T", "u")
    assert [r["type"] for r in records] == ["error", "route"]
    assert records[0]["line"] == 2
    assert status == 5
    assert "stdin:2" in stderr
    records, status, _ = kos_route([line], "-F", "s", "-T", "u")
    assert status == 4


def test_statuses():
    assert kos_route([], "-T", "x")[1] == 4
    assert kos_route([link("a", "b")], "-T", "b", "-F", "nobody")[0][0]["code"] == "unknownNode"
    assert kos_route([link("a", "b")], "-T", "c", "-F", "a")[1] == 1
    assert kos_route([link("a", "b")], "-T", "c", "-T", "b", "-F", "a")[1] == 5
    assert kos_route([link("a", "b")], "-T", "a", "-F", "a")[0][0]["hops"] == []
    for wrong in (["-M", "latancy"], ["-a", "aodw"], ["--min-reliability", "2"], [], ["--min-bandwidth", "lots"]):
        assert kos_route([link("a", "b")], *(["-T", "b"] if wrong else []), *wrong)[1] == 2, wrong


def test_extreme_figures():
    huge = link("a", "b", latency=1e308, cost=1e308, bandwidth=None), link("b", "c", latency=1e308, cost=1e308)
    records, status, _ = kos_route(huge, "-F", "a", "-T", "c")
    assert records[0]["type"] in ("route", "error") and status in (0, 1)
    zero = [link("a", "b", latency=0, reliability=0), link("a", "c", 0), link("c", "b", 0, bandwidth=0), link("c", "d", 0)]
    assert kos_route(zero, "-F", "a", "-T", "b")[1] == 1
    answer = kos_route(zero, "-F", "a", "-T", "d", "--max-latency", "0", "--min-bandwidth", "0")[0][0]
    assert answer["latency"] == 0 and 0 <= answer["score"] <= 1
    names = ["é" * 64, "節" * 42, "𝕏" * 32, "a\u0301" * 40]
    records, status, _ = kos_route([link(x, y) for x, y in zip(names, names[1:])], "-F", names[0], "-T", names[-1])
    assert [h["nodeId"] for h in records[0]["hops"]] == names[1:] and status == 0


def test_a_hundred_thousand_duplicates():
    lines = [link("a", "b", latency=n % 97) for n in range(100_000)]
    [answer], status, _ = kos_route(lines, "-F", "a", "-T", "b", "-M", "latency")
    assert status == 0 and answer["latency"] == 99_999 % 97


def test_diagnosis_names_the_limit_and_the_gap():
    lines = [link("a", "b", 10, 0.9, 1e6), link("b", "c", 10, 0.9, 1e5)]
    message = kos_route(lines, "-F", "a", "-T", "c", "--max-latency", "15ms")[0][0]["message"]
    assert "20 ms" in message and "--max-latency is 15 ms" in message
    message = kos_route(lines, "-F", "a", "-T", "c", "--min-bandwidth", "1M")[0][0]["message"]
    assert "100000 bit/s" in message
    assert "--avoid" in kos_route(lines, "-F", "a", "-T", "c", "--avoid", "b")[0][0]["message"]
    answer = kos_route(lines, "-F", "c", "-T", "a")[0][0]
    assert "no link that leaves it" in answer["message"] or "has no link" in answer["message"]


@pytest.mark.parametrize("options, algorithm, rule", [
    (["--min-reliability", "0.995"], "dijkstra", "rule 1"), (["--max-latency", "50ms"], "astar", "rule 2"), ([], "dijkstra", "rule 6"),
])
def test_auto_says_which_rule(options, algorithm, rule):
    lines = [link("a", "b", 10, 1), link("b", "c", 10, 1), link("c", "d", 10, 1)]
    [answer], _, _ = kos_route(lines, "-F", "a", "-T", "d", "-a", "auto", *options)
    assert answer["algorithm"] == algorithm and answer["reason"].startswith(rule)


def test_auto_runs_the_protocol_that_the_rule_names():
    lines = [link(a, b, 10, 0.9) for a in "abcde" for b in "abcde" if a != b]
    [answer], _, _ = kos_route(lines, "-F", "a", "-T", "e", "-a", "auto")
    assert answer["algorithm"] == "olsr" and [h["nodeId"] for h in answer["hops"]] == ["e"]
    assert answer["reason"].startswith("rule 4") and "control frames" in answer["reason"]
    [answer], _, _ = kos_route([link("a", "b"), link("b", "c")] , "-F", "a", "-T", "c", "-a", "auto", "--multicast")
    assert answer["algorithm"] == "flooding" and answer["reason"].startswith("rule 5")
    moving = [link("a", "b", event="changed"), link("b", "c", event="changed"), link("c", "b", event="changed"), link("b", "a", event="changed")]
    [answer], _, _ = kos_route(moving, "-F", "a", "-T", "c", "-a", "auto")
    assert answer["algorithm"] == "aodv" and answer["reason"].startswith("rule 3")


def test_auto_does_not_lend_its_name_to_what_it_did_not_run():
    slow = [link(a, b, 500 if (a, b) == ("a", "e") else 10, 0.9) for a in "abcde" for b in "abcde" if a != b]
    [answer], _, _ = kos_route(slow, "-F", "a", "-T", "e", "-a", "auto", "--max-latency", "200ms")
    assert answer["latency"] <= 200 and answer["algorithm"] == "dijkstra"
    assert answer["reason"].startswith("rule 4") and "breaks the limits" in answer["reason"]
    many = [link(f"n{i}", f"n{j}") for i in range(202) for j in range(202) if i != j]
    [answer], _, _ = kos_route(many, "-F", "n0", "-T", "n7", "-a", "auto")
    assert answer["algorithm"] == "dijkstra" and "more than 200 nodes" in answer["reason"]


@pytest.mark.parametrize("algorithm", ["aodv", "dsr", "olsr", "flooding"])
def test_a_protocol_finds_a_way_or_says_that_it_found_none(algorithm):
    lines = [link(f"n{i}", f"n{i + 1}", 2, bidirectional=True) for i in range(5)]
    lines += [link("x", "y", 2, bidirectional=True)]
    [answer], status, _ = kos_route(lines, "-F", "n0", "-T", "n5", "-a", algorithm)
    assert status == 0 and answer["algorithm"] == algorithm and answer["reason"].startswith("simulated")
    assert [h["nodeId"] for h in answer["hops"]] == [f"n{i}" for i in range(1, 6)] and answer["latency"] == 10
    [answer], status, _ = kos_route(lines, "-F", "n0", "-T", "x", "-a", algorithm)
    assert status == 1 and answer["code"] == "noRoute" and algorithm in answer["message"]
    [answer], status, _ = kos_route(lines, "-F", "n0", "-T", "n5", "-a", algorithm, "--max-latency", "9ms")
    assert status == 1 and answer["code"] == "noRoute" and "breaks the limits" in answer["message"]


def test_verbose_names_the_candidates_and_their_scores():
    lines = [link("a", "b", 10, 0.9), link("b", "d", 10, 0.9), link("a", "c", 5, 0.5), link("c", "d", 5, 0.5)]
    [answer], _, stderr = kos_route(lines, "-F", "a", "-T", "d", "-v", "--max-latency", "50ms")
    said = [line for line in stderr.splitlines() if "candidate" in line]
    assert len(said) == 2 and said[0].endswith(": b d") and said[1].endswith(": c d")
    assert f"score {round(answer['score'], 6)}" in said[0] and "nodeDisjoint" in said[1]


def test_a_prepared_graph_answers_and_is_refused_when_altered(tmp_path):
    lines = [link(f"n{i}", f"n{(i * 7 + k) % 300}", latency=1 + (i * k) % 13) for i in range(300) for k in (1, 2, 5) if (i * 7 + k) % 300 != i]
    index = tmp_path / "graph.kos"
    kos_route(lines, "--prepare", index, "-M", "latency", check=0)
    for target in range(1, 300, 7):
        fresh = kos_route(lines, "-F", "n0", "-T", f"n{target}", "-M", "latency")
        found = kos_route(b"", "-F", "n0", "-T", f"n{target}", "-M", "latency", index)
        assert found[1] == fresh[1]
        assert found[0][0].get("latency") == fresh[0][0].get("latency")
    octets = bytearray(index.read_bytes())
    for place in range(8, len(octets), len(octets) // 50):
        octets[place] ^= 1
        index.write_bytes(octets)
        status = kos_route(b"", "-F", "n0", "-T", "n7", "-M", "latency", index)[1]
        assert status == 3, place
        octets[place] ^= 1
    index.write_bytes(octets[:-8])
    assert kos_route(b"", "-F", "n0", "-T", "n7", "-M", "latency", index)[1] == 3

"""Topologies at the edge of what can be: of one node, of millions of links, of strange names; in little memory."""

import json
import random
import resource
import subprocess
import sys

import pytest
from route_oracle import ROUTE, kos_route, link

# Writes N links of a grid, every one different: what is fed through a pipe is on no disk.
WRITER = """
import sys
count, nodes, out = int(sys.argv[1]), int(sys.argv[2]), sys.stdout
names = ['n%d' % i for i in range(nodes)]
left, step = count, 1
while left > 0:
    lines = ['{"type":"link","kos":1,"source":"%s","destination":"%s","transport":"udp","latency":%d,"reliability":0.99}\\n'
             % (names[i], names[(i + step) % nodes], 1 + (i * 7 + step) % 50) for i in range(min(nodes, left))]
    out.write(''.join(lines))
    left -= nodes
    step += 1
"""


def fed(count, nodes, space, *arguments):
    """Status, stdout, stderr and peak MB of kos-route fed `count` links under a limit of address space."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(count), str(nodes)], stdout=subprocess.PIPE)
    tool = subprocess.Popen([ROUTE, *arguments], stdin=writer.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit)
    writer.stdout.close()
    out, err = tool.communicate(timeout=600)
    writer.wait()
    return tool.returncode, out, err.decode()


def test_a_graph_that_does_not_fit_is_refused_and_nobody_is_killed():
    for space in (96 << 20, 160 << 20, 256 << 20):
        status, out, err = fed(1_500_000, 100_000, space, "-F", "n0", "-T", "n77", "-M", "latency")
        assert status in (0, 3), (space, status, err)
        if status == 3:
            assert "memory" in err and not out, err
    for question in (["-f", "dot"], ["-F", "n0", "--all"], ["-F", "n0", "-T", "n9", "--max-hops", "40"], ["--prepare", "/dev/null/x"]):
        for space in (160 << 20, 300 << 20):
            status, _, err = fed(300_000, 20_000, space, "-M", "latency", *question)
            assert status in (0, 3), (question, space, status, err)
    assert fed(1_500_000, 100_000, 96 << 20, "-F", "n0", "-T", "n77", "-M", "latency")[0] == 3
    status, out, _ = fed(1_500_000, 100_000, 2 << 30, "-F", "n0", "-T", "n77", "-M", "latency")
    assert status == 0 and json.loads(out)["destination"] == "n77"


def test_ten_million_links_in_two_gibibytes():
    status, out, err = fed(10_000_000, 1_000_000, 2 << 30, "-F", "n0", "-T", "n777", "-M", "latency")
    assert status in (0, 3), (status, err)
    if status == 0:
        assert json.loads(out)["destination"] == "n777"
    else:
        assert "memory" in err


def test_a_million_duplicates_are_one_link():
    line = '{"type":"link","kos":1,"source":"a","destination":"b","transport":"udp","latency":%d,"reliability":1}\n'
    lines = [line % (n % 97) for n in range(1_000_000)]
    [answer], status, _ = kos_route("".join(lines).encode(), "-F", "a", "-T", "b", "-M", "latency")
    assert status == 0 and answer["latency"] == 999_999 % 97
    answers, status, _ = kos_route("".join(lines[:20_000]).encode(), "--follow", "-F", "a", "-T", "b", "-M", "latency")
    assert status == 0 and len(answers) > 10_000


def test_one_node():
    peer = {"type": "peer", "kos": 1, "nodeId": "alone", "addresses": [], "capabilities": [],
            "metadata": {"discoveryMethod": "static", "lastSeen": 1, "self": True}}
    [answer], status, _ = kos_route([peer], "-F", "alone", "-T", "alone")
    assert status == 0 and answer["hops"] == [] and answer["latency"] == 0 and answer["reliability"] == 1
    assert kos_route([peer], "-F", "alone", "-T", "other")[1] == 1
    assert kos_route([peer], "--all")[1] == 1
    [figures], status, _ = kos_route([peer], "--analyze")
    assert status == 0 and figures["nodes"] == 1 and figures["reachablePairs"] == 0
    assert kos_route([peer], "--matrix")[1] in (0, 1)
    for options in (["-c", "3"], ["--pareto"], ["--disjoint", "nodes"], ["--max-latency", "1ms"], ["-a", "aodv"], ["-a", "all"]):
        found, status, _ = kos_route([peer], "-F", "alone", "-T", "alone", *options)
        assert status == 0 and found[0]["hops"] == [], options


ALPHABETS = ["abc", "éüß", "節点路", "𝕏𝒜😀", "مرحبا", "a\u0301o\u0308", "\u200d\ufeff\u202e", "\U0010ffff\ue000\ufffd", "\"\\/", " -_"]


@pytest.mark.parametrize("seed", range(20))
def test_names_of_128_characters_in_any_script(seed):
    rng = random.Random(f"names {seed}")
    names = set()
    while len(names) < 6:
        alphabet = rng.choice(ALPHABETS)
        text = "".join(rng.choice(alphabet) for _ in range(128))
        while len(text.encode()) > 128:
            text = text[:-1]
        names.add(text + "x" * (128 - len(text.encode())))
    names = sorted(names)
    lines = [link(a, b) for a, b in zip(names, names[1:])]
    text = "".join(json.dumps(each, ensure_ascii=seed % 2 == 0) + "\n" for each in lines).encode()
    [answer], status, stderr = kos_route(text, "-F", names[0], "-T", names[-1])
    assert status == 0 and [h["nodeId"] for h in answer["hops"]] == names[1:], f"seed={seed} {stderr}"


def test_limits_of_nothing_and_links_of_nothing():
    lines = [link("a", "b", 0, 1, None, 0), link("b", "c", 0, 0), link("b", "d", 1e308, 1, None, 1e308), link("d", "e", 1e308, 1, None, 1e308)]
    [answer], status, _ = kos_route(lines, "-F", "a", "-T", "b", "--max-latency", "0ms", "--min-bandwidth", "1G", "--min-reliability", "1")
    assert status == 0 and answer["bandwidth"] is None and 0 <= answer["score"] <= 1
    assert kos_route(lines, "-F", "a", "-T", "c")[1] == 1
    assert kos_route(lines, "-F", "a", "-T", "b", "--max-hops", "0")[1] == 1
    for options in ([], ["--max-cost", "5"], ["-M", "score"], ["-c", "2"], ["--pareto"], ["-M", "latency"]):
        found, status, _ = kos_route(lines, "-F", "a", "-T", "e", *options)
        assert status in (0, 1) and found, options
        assert all(abs(r.get("cost", 0)) < float("inf") for r in found), options


def test_a_prepared_graph_with_parts_of_another_is_refused(tmp_path):
    def index(name, shift):
        lines = [link(f"n{i}", f"n{(i + k) % 400}", 1 + (i * k + shift) % 13) for i in range(400) for k in (1, 7, 31)]
        kos_route(lines, "--prepare", tmp_path / name, "-M", "latency", check=0)
        return (tmp_path / name).read_bytes()
    one, other = index("one", 0), index("other", 5)
    assert len(one) == len(other) and one != other
    ask = ("-F", "n0", "-T", "n200", "-M", "latency")
    for cut in (160, 200, len(one) // 2, len(one) - 8):
        (tmp_path / "mixed").write_bytes(one[:cut] + other[cut:])
        _, status, stderr = kos_route(b"", *ask, tmp_path / "mixed")
        assert status == 3 and "checksum" in stderr, cut
    later = one[:8] + (2).to_bytes(8, "little") + one[16:]
    (tmp_path / "later").write_bytes(later)
    _, status, stderr = kos_route(b"", *ask, tmp_path / "later")
    assert status == 3 and "another version" in stderr
    assert kos_route(b"", "-F", "n0", "-T", "n200", "-M", "hops", tmp_path / "one")[1] == 2

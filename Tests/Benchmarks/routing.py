#!/usr/bin/env python3
"""Routing beside igraph, networkit, rustworkx, scipy and Boost: CPU time of the same work in the same run.

    Tests/Benchmarks/run routing [--graphs grid,geometric,ba] [--scale 1.0]

Needs numpy scipy igraph networkit rustworkx orjson (PyPI), g++ and libboost-dev (Debian). Generates the graphs
from fixed seeds. Prints one line of JSON a figure: ours, the peer and what it took, the ratio, the limit, and
whether it is met; every peer runs on one thread.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")
import igraph  # noqa: E402
import networkit  # noqa: E402
import numpy  # noqa: E402
import orjson  # noqa: E402
import rustworkx  # noqa: E402
import scipy.sparse  # noqa: E402
from scipy.sparse import csgraph  # noqa: E402

import routing_graphs  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
TOOL = os.path.join(ROOT, ".build", "release", "kos-route")
PAIRS = 10
MISSED = []


def cpu(body):
    start = time.process_time()
    result = body()
    return (time.process_time() - start) * 1e3, result


def tell(measure, graph, ours, limit, unit="ms", peer=None, theirs=None, at_least=False, note=None):
    """A line about one figure. The limit is one of the ratio where there is a peer, else of our figure."""
    ratio = ours / theirs if theirs else None
    value = ours if ratio is None else ratio
    met = value >= limit if at_least else value <= limit
    line = {"benchmark": "routing", "measure": measure, "graph": graph, "ours": round(ours, 4), "unit": unit}
    if peer:
        line |= {"peer": peer, "theirs": round(theirs, 4), "ratio": round(ratio, 5)}
    line |= {"limit": limit, "met": bool(met)}
    if note:
        line["note"] = note
    print(json.dumps(line), flush=True)
    if not met:
        MISSED.append(f"{measure} {graph}")


def program(folder, name):
    path = os.path.join(folder, name)
    subprocess.run([os.path.join(ROOT, "Tests", "compile"), os.path.join(HERE, "RoutingBench.swift"), path], check=True)
    return path


def searches(bench, path):
    """Measurements of our searches by name, and the pairs that they were asked for."""
    text = subprocess.run([bench, path], capture_output=True, text=True, check=True).stdout
    found, pairs = {}, []
    for line in text.splitlines():
        words = line.split()
        if words[0] == "pairs":
            pairs = [tuple(pair.split(":")) for pair in words[1:]]
        else:
            found.setdefault(words[0], {}).update(dict(zip(words[1::2], map(float, words[2::2]))))
    return found, pairs


def process(*arguments):
    """Milliseconds of CPU and of wall, and peak MB, of one run of the tool; what it wrote."""
    read, write = os.pipe()
    begin = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.dup2(write, 1)
        os.execv(TOOL, [TOOL, *map(str, arguments)])
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        text = pipe.read()
    _, status, usage = os.wait4(child, 0)
    wall = (time.perf_counter() - begin) * 1e3
    assert os.waitstatus_to_exitcode(status) == 0, (arguments, text)
    return (usage.ru_utime + usage.ru_stime) * 1e3, wall, usage.ru_maxrss / 1e3, text


def parse(path):
    ids, source, target, weight = {}, [], [], []
    with open(path, "rb") as file:
        for line in file:
            record = orjson.loads(line)
            source.append(ids.setdefault(record["source"], len(ids)))
            target.append(ids.setdefault(record["destination"], len(ids)))
            weight.append(record["latency"])
    return ids, numpy.array(source), numpy.array(target), numpy.array(weight)


def median(items, body):
    return statistics.median(cpu(lambda: body(*item))[0] for item in items)


def boost(folder, count, source, target, weight, starts):
    """Milliseconds of Boost.Graph's Dijkstra; None where it is not installed."""
    built = subprocess.run(["g++", "-O2", "-o", f"{folder}/boost", os.path.join(HERE, "routing_boost.cc")], capture_output=True)
    if built.returncode:
        return None
    with open(f"{folder}/graph", "wb") as out:
        numpy.array([count, len(source)], dtype=numpy.int32).tofile(out)
        source.astype(numpy.int32).tofile(out)
        target.astype(numpy.int32).tofile(out)
        weight.astype(float).tofile(out)
    run = subprocess.run([f"{folder}/boost", f"{folder}/graph", *map(str, starts)], capture_output=True, text=True, check=True)
    os.remove(f"{folder}/graph")
    return float(run.stdout)


def peers(folder, path, pairs, positions):
    """Milliseconds by measurement and library."""
    parsed, (ids, source, target, weight) = cpu(lambda: parse(path))
    count = len(ids)
    place = None
    if positions is not None:
        place = numpy.zeros((count, 2))
        for name, index in ids.items():
            place[index] = positions[int(name[1:])]
    pairs = [(ids[s], ids[t]) for s, t in pairs[:PAIRS]]
    found = {name: {} for name in ("load", "sssp", "pair", "astar", "yen5")}
    starts = [(s,) for s, _ in pairs[:5]]

    spent, matrix = cpu(lambda: scipy.sparse.csr_matrix((weight, (source, target)), (count, count)))
    found["load"]["scipy"] = parsed + spent
    found["sssp"]["scipy"] = median(starts, lambda s: csgraph.dijkstra(matrix, indices=s))
    del matrix

    def rust():
        graph = rustworkx.PyDiGraph(multigraph=False)
        graph.add_nodes_from(range(count))
        graph.add_edges_from(list(zip(source.tolist(), target.tolist(), weight.tolist())))
        return graph

    spent, graph = cpu(rust)
    found["load"]["rustworkx"] = parsed + spent
    found["sssp"]["rustworkx"] = median(starts, lambda s: rustworkx.dijkstra_shortest_path_lengths(graph, s, float))
    del graph

    spent, graph = cpu(lambda: networkit.GraphFromCoo((weight, (source, target)), n=count, weighted=True, directed=True))
    found["load"]["networkit"] = parsed + spent
    found["sssp"]["networkit"] = median(starts, lambda s: networkit.distance.Dijkstra(graph, s, False, False).run())
    found["pair"]["networkit"] = median(pairs, lambda s, t: networkit.distance.Dijkstra(graph, s, False, False, t).run())
    if place is not None:
        far = numpy.linalg.norm(place[source] - place[target], axis=1)
        rate = (weight[far > 0] / far[far > 0]).min() * (1 - 1e-9)

        def astar(s, t):
            bounds = numpy.linalg.norm(place - place[t], axis=1) * rate
            networkit.distance.AStar(graph, bounds, s, t, False).run()

        found["astar"]["networkit"] = median(pairs, astar)
    del graph

    spent, graph = cpu(lambda: igraph.Graph(n=count, edges=numpy.stack([source, target], axis=1), directed=True, edge_attrs={"w": weight}))
    found["load"]["igraph"] = parsed + spent
    found["sssp"]["igraph"] = median(starts, lambda s: graph.distances(s, weights="w"))
    if place is not None and count <= 200_000:
        found["yen5"]["igraph"] = median(pairs[:1], lambda s, t: graph.get_k_shortest_paths(s, t, 5, weights="w", output="epath"))
    del graph

    spent = boost(folder, count, source, target, weight, [s for s, in starts])
    if spent is not None:
        found["sssp"]["Boost"] = spent
    return found


def follow(folder, name, path, lines):
    """Changes a second that the tool takes in, from text to answers, beside a watched pair of nodes."""
    with open(path) as file:
        links = [line.split(',"latency":') for line in file]
    rng = random.Random(5)
    head = f"{folder}/follow-head"
    with open(head, "w") as out:
        out.write("".join(f'{ends},"latency":{rest}' for ends, rest in links))
    whole = f"{folder}/follow"
    with open(whole, "w") as out:
        with open(head) as file:
            out.write(file.read())
        for _ in range(lines):
            ends, rest = links[rng.randrange(len(links))]
            ms, tail = rest.split(",", 1)
            out.write(f'{ends},"latency":{float(ms) * rng.uniform(0.5, 1.5):.3f},"event":"changed",{tail}')
    ask = ("--follow", "-F", "n0", "-T", f"n{len(links) % 90000}", "-M", "latency")
    before = min(process(*ask, head)[0] for _ in range(2))
    after, _, _, text = min((process(*ask, whole) for _ in range(2)), key=lambda each: each[0])
    os.remove(head)
    os.remove(whole)
    return lines / (after - before) * 1e3, text.count(b'"type":"route"')


def one_graph(folder, bench, name, size):
    make = {"grid": routing_graphs.grid, "geometric": routing_graphs.geometric, "ba": routing_graphs.barabasi_albert}
    path = os.path.join(folder, f"{name}.ndjson")
    graph = make[name](size)
    routing_graphs.write_records(path, graph)
    positions = graph[2]
    note = f"{graph[1]} nodes, {len(graph[0][0])} links, {os.path.getsize(path) / 1e6:.0f} MB, load average {os.getloadavg()[0]:.1f}"
    own, pairs = searches(bench, path)
    theirs = peers(folder, path, pairs, positions)

    def fastest(measure):
        return min(theirs[measure].items(), key=lambda each: each[1])

    runs = [process("-F", pairs[0][0], "-T", pairs[0][1], "-M", "latency", path) for _ in range(3)]
    spent, peak = min(r[0] for r in runs), max(r[2] for r in runs)
    library, other = fastest("load")
    if name == "grid":
        tell("load, whole process", name, spent, 2500, note=f"{note}; {library} {other:.0f} ms, ratio {spent / other:.3f}")
        tell("load, peak memory", name, peak, 600, unit="MB")
    else:
        tell("load, whole process", name, spent, 1.0, peer=library, theirs=other, note=note)
    for library, other in sorted(theirs["sssp"].items(), key=lambda each: each[1]):
        tell("one source to all", name, own["sssp"]["median"], 0.85, peer=library, theirs=other)
    if name == "ba":
        tell("one pair, bidirectional", name, own["bidirectional"]["median"], 0.02, peer="networkit Dijkstra", theirs=theirs["pair"]["networkit"])
    else:
        tell("one pair, landmarks", name, own["alt"]["median"], 0.2, peer="networkit A*", theirs=theirs["astar"]["networkit"],
             note=f"tables made in {own['landmarks']['ms']:.0f} ms")
    if theirs["yen5"]:
        tell("five alternatives", name, own["yen5"]["median"], 0.02, peer="igraph", theirs=theirs["yen5"]["igraph"])
    if name != "grid":
        tell("under limits, median", name, own["limits"]["median"], 50, note=f"p95 {own['limits']['p95']:.1f} ms, {own['limits']['inexact']:.0f} inexact")
    if name == "geometric":
        tell("link changes, tree alone", name, own["changes"]["s"], 100_000, unit="1/s", at_least=True)
        rate, answers = follow(folder, name, path, 400_000)
        tell("link changes, --follow from text to answer", name, rate, 100_000, unit="1/s", at_least=True, note=f"{answers} answers")
    if name == "grid":
        index = os.path.join(folder, "grid.kos")
        spent = process("--prepare", index, "-M", "latency", path)[0]
        best = []
        for s, t in pairs[:PAIRS]:
            best.append(min(process("-F", s, "-T", t, "-M", "latency", index)[:2] for _ in range(3)))
        tell("prepared, whole process, wall", name, statistics.median(b[1] for b in best), 60,
             note=f"prepared in {spent:.0f} ms, {os.path.getsize(index) / 1e6:.0f} MB; CPU {statistics.median(b[0] for b in best):.1f} ms; slowest {max(b[1] for b in best):.1f} ms")
        os.remove(index)
    os.remove(path)


def small_graphs(folder, bench):
    for figures in (False, True):
        path = os.path.join(folder, "thousand.ndjson")
        routing_graphs.write_records(path, routing_graphs.geometric(1000), with_all_figures=figures)
        own, _ = searches(bench, path)
        tell("under limits, p95", "geometric of 1000" + (", with bandwidth and cost" if figures else ""), own["limits"]["p95"], 5,
             note=f"median {own['limits']['median']:.2f} ms, {own['limits']['inexact']:.0f} inexact")
    path = os.path.join(folder, "ten.ndjson")
    routing_graphs.write_records(path, routing_graphs.geometric(10, degree=6))
    with open(path) as file:
        ends = [json.loads(line) for line in file]
    runs = [process("-F", ends[0]["source"], "-T", ends[0]["destination"], path) for _ in range(30)]
    tell("ten nodes, whole process, wall", "geometric of 10", statistics.median(r[1] for r in runs), 15,
         note=f"CPU {statistics.median(r[0] for r in runs):.1f} ms, slowest {max(r[1] for r in runs):.1f} ms")


def figures(folder, bench, scale):
    """The constrained queries once more where every property differs."""
    path = os.path.join(folder, "figures.ndjson")
    routing_graphs.write_records(path, routing_graphs.geometric(int(100_000 * scale)), with_all_figures=True)
    own, _ = searches(bench, path)
    tell("under limits, median", "geometric, with bandwidth and cost", own["limits"]["median"], 50,
         note=f"p95 {own['limits']['p95']:.1f} ms, {own['limits']['inexact']:.0f} inexact")
    os.remove(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graphs", default="geometric,ba,grid")
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    networkit.setNumberOfThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        bench = program(folder, "bench")
        small_graphs(folder, bench)
        for name in options.graphs.split(","):
            size = {"grid": int(1000 * options.scale**0.5)}.get(name, int(100_000 * options.scale))
            one_graph(folder, bench, name, size)
        figures(folder, bench, options.scale)
    print(json.dumps({"benchmark": "routing", "missed": MISSED, "peakMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000}))
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())

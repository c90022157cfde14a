#!/usr/bin/env python3
"""Routing beside igraph, networkit, rustworkx and scipy: CPU time of the same work in the same run.

    Tests/Benchmarks/routing.py [--graphs grid,geometric,ba] [--scale 1.0] [--no-build]

Needs numpy scipy igraph networkit rustworkx orjson (PyPI). Builds kos-route and the searches for release,
generates the graphs from fixed seeds, and prints one line a measurement with the ratio to the best peer.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

import igraph
import networkit
import numpy
import orjson
import rustworkx
import scipy.sparse
from scipy.sparse import csgraph

import routing_graphs

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
PAIRS = 10


def cpu(body):
    start = time.process_time()
    result = body()
    return (time.process_time() - start) * 1e3, result


def build(folder):
    """The searches of the core as a program, against the release build."""
    subprocess.run(["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "kos-route"], cwd=ROOT, check=True)
    program = os.path.join(folder, "bench")
    subprocess.run([os.path.join(ROOT, "Tests", "compile"), os.path.join(HERE, "RoutingBench.swift"), program], check=True)
    return program


def ours(program, path):
    """Measurements of our searches by name, and the pairs that they were asked for."""
    text = subprocess.run([program, path], capture_output=True, text=True, check=True).stdout
    found, pairs = {}, []
    for line in text.splitlines():
        words = line.split()
        if words[0] == "pairs":
            pairs = [tuple(pair.split(":")) for pair in words[1:]]
        else:
            found[words[0]] = {k: float(v) for k, v in zip(words[1::2], words[2::2]) if v[-1].isdigit()}
            if words[1] == "ms":
                found[words[0]] = {"median": float(words[2])}
    return found, pairs


def tool(path):
    """CPU milliseconds and peak MB of one kos-route over the records."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        ["/usr/bin/env", os.path.join(ROOT, ".build/release/kos-route"), "-F", "n0", "-T", "n1", "-M", "latency", "-q", path],
        check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3, after.ru_maxrss / 1e3


def parse(path):
    ids, source, target, weight = {}, [], [], []
    with open(path, "rb") as file:
        for line in file:
            record = orjson.loads(line)
            source.append(ids.setdefault(record["source"], len(ids)))
            target.append(ids.setdefault(record["destination"], len(ids)))
            weight.append(record["latency"])
    return ids, numpy.array(source), numpy.array(target), numpy.array(weight)


def peers(path, pairs):
    """Milliseconds by measurement and library."""
    parsed, (ids, source, target, weight) = cpu(lambda: parse(path))
    count = len(ids)
    pairs = [(ids[s], ids[t]) for s, t in pairs]
    found = {name: {} for name in ("load", "sssp", "pair", "yen5")}
    nodes = [s for s, _ in pairs[:3]]

    def each(items, body):
        times = sorted(cpu(lambda: body(*item))[0] for item in items)
        return times[len(times) // 2]

    spent, matrix = cpu(lambda: scipy.sparse.csr_matrix((weight, (source, target)), (count, count)))
    found["load"]["scipy"] = parsed + spent
    found["sssp"]["scipy"] = each([(s,) for s in nodes], lambda s: csgraph.dijkstra(matrix, indices=s))

    def rust():
        graph = rustworkx.PyDiGraph(multigraph=False)
        graph.add_nodes_from(range(count))
        graph.add_edges_from(list(zip(source.tolist(), target.tolist(), weight.tolist())))
        return graph

    spent, graph = cpu(rust)
    found["load"]["rustworkx"] = parsed + spent
    found["sssp"]["rustworkx"] = each([(s,) for s in nodes], lambda s: rustworkx.dijkstra_shortest_path_lengths(graph, s, float))
    found["pair"]["rustworkx"] = each(pairs[:PAIRS], lambda s, t: rustworkx.dijkstra_shortest_path_lengths(graph, s, float, goal=t))
    del graph

    spent, graph = cpu(lambda: networkit.GraphFromCoo((weight, (source, target)), n=count, weighted=True, directed=True))
    found["load"]["networkit"] = parsed + spent
    found["sssp"]["networkit"] = each([(s,) for s in nodes], lambda s: networkit.distance.Dijkstra(graph, s, False, False).run())
    found["pair"]["networkit"] = each(pairs[:PAIRS], lambda s, t: networkit.distance.Dijkstra(graph, s, False, False, t).run())
    del graph

    spent, graph = cpu(lambda: igraph.Graph(n=count, edges=numpy.stack([source, target], axis=1), directed=True, edge_attrs={"w": weight}))
    found["load"]["igraph"] = parsed + spent
    found["sssp"]["igraph"] = each([(s,) for s in nodes], lambda s: graph.distances(s, weights="w"))
    found["pair"]["igraph"] = each(pairs[:PAIRS], lambda s, t: graph.distances(s, t, weights="w"))
    if count <= 200_000:
        found["yen5"]["igraph"] = each(pairs[:1], lambda s, t: graph.get_k_shortest_paths(s, t, 5, weights="w", output="epath"))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graphs", default="grid,geometric,ba")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--program", help="searches that are built already")
    options = parser.parse_args()
    networkit.setNumberOfThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        program = options.program or build(folder)
        for name in options.graphs.split(","):
            size = {"grid": int(1000 * options.scale**0.5)}.get(name, int(100_000 * options.scale))
            make = {"grid": routing_graphs.grid, "geometric": routing_graphs.geometric, "ba": routing_graphs.barabasi_albert}
            path = os.path.join(folder, f"{name}.ndjson")
            routing_graphs.write_records(path, make[name](size))
            print(f"# {name}: {os.path.getsize(path) / 1e6:.0f} MB, load average {os.getloadavg()[0]:.1f}")
            own, pairs = ours(program, path)
            spent, peak = tool(path)
            theirs = peers(path, pairs)
            rows = [("load", spent, "kos-route whole"), ("sssp", own["sssp"]["median"], "sweep"), ("yen5", own["yen5"]["median"], "yen5")]
            rows += [("pair", own[way]["median"], way) for way in ("dijkstra", "alt", "bidirectional")]
            for measure, mine, way in rows:
                for library, other in sorted(theirs[measure].items(), key=lambda each: each[1]):
                    print(f"{name} {measure:5} {way:15} {mine:9.2f} ms   {library:10} {other:9.2f} ms   ratio {mine / other:.4f}")
            print(f"{name} peak {peak:.0f} MB; limits median {own['limits'].get('median', 0):.2f} p95 {own['limits'].get('p95', 0):.2f} ms; "
                  f"changes {own['changes'].get('s', 0):.0f}/s; landmarks {own['landmarks']['median']:.0f} ms", flush=True)
            os.remove(path)


if __name__ == "__main__":
    sys.exit(main())

"""Seeded graphs for the routing benchmark, as link records and as arrays.

grid      side × side grid, both directions, with shortcuts between random nodes; positions
geometric random points in a square, linked within a radius, both directions; positions
ba        Barabási–Albert, m = 4, both directions; no positions
"""

import numpy


def grid(side, seed=1):
    rng = numpy.random.default_rng(seed)
    node = numpy.arange(side * side, dtype=numpy.int64).reshape(side, side)
    right = numpy.stack([node[:, :-1].ravel(), node[:, 1:].ravel()])
    down = numpy.stack([node[:-1, :].ravel(), node[1:, :].ravel()])
    extra = rng.integers(0, side * side, (2, 2 * side))
    extra = extra[:, extra[0] != extra[1]]
    one_way = numpy.concatenate([right, down, extra], axis=1)
    positions = numpy.stack(numpy.divmod(numpy.arange(side * side), side), axis=1) * 100.0
    latency = rng.uniform(1, 10, one_way.shape[1])
    far = numpy.linalg.norm(positions[one_way[0]] - positions[one_way[1]], axis=1) / 100
    return both_ways(one_way, latency * numpy.maximum(1, far)), side * side, positions


def geometric(count, degree=12, seed=2):
    from scipy.spatial import cKDTree

    rng = numpy.random.default_rng(seed)
    positions = rng.uniform(0, 100_000, (count, 2))
    radius = 100_000 * (degree / (numpy.pi * count)) ** 0.5
    pairs = cKDTree(positions).query_pairs(radius, output_type="ndarray").T
    far = numpy.linalg.norm(positions[pairs[0]] - positions[pairs[1]], axis=1)
    latency = far / 100 * rng.uniform(1, 2, pairs.shape[1]) + 0.5
    return both_ways(pairs, latency), count, positions


def barabasi_albert(count, m=4, seed=3):
    rng = numpy.random.default_rng(seed)
    ends = list(range(m))
    pairs = []
    for node in range(m, count):
        chosen = set()
        while len(chosen) < m:
            chosen.add(ends[rng.integers(0, len(ends))])
        for other in sorted(chosen):
            pairs.append((node, other))
            ends += [node, other]
    pairs = numpy.array(pairs, dtype=numpy.int64).T
    return both_ways(pairs, rng.uniform(1, 50, pairs.shape[1])), count, None


def both_ways(pairs, latency):
    source = numpy.concatenate([pairs[0], pairs[1]])
    target = numpy.concatenate([pairs[1], pairs[0]])
    latency = numpy.round(numpy.concatenate([latency, latency]), 3)
    return source, target, latency


def write_records(path, graph, with_positions=False, with_all_figures=False):
    """Writes the links as kOS records, on request the positions as peers before them, and a bandwidth and a cost too."""
    (source, target, latency), count, positions = graph
    rng = numpy.random.default_rng(9)
    reliability = numpy.round(rng.uniform(0.9, 1, len(source)), 3)
    with open(path, "w") as out:
        if with_positions and positions is not None:
            for node, (x, y) in enumerate(positions):
                out.write(
                    f'{{"type":"peer","kos":1,"nodeId":"n{node}","addresses":[],"capabilities":[],'
                    f'"position":{{"x":{x:.1f},"y":{y:.1f}}}}}\n'
                )
        bandwidth = rng.choice([64_000, 1_000_000, 5_000_000, 20_000_000, 100_000_000], len(source)).tolist()
        cost = numpy.round(rng.uniform(0, 1, len(source)), 2).tolist()
        for row, (s, t, ms, r) in enumerate(zip(source.tolist(), target.tolist(), latency.tolist(), reliability.tolist())):
            more = f',"bandwidth":{bandwidth[row]},"cost":{cost[row]}' if with_all_figures else ""
            out.write(
                f'{{"type":"link","kos":1,"source":"n{s}","destination":"n{t}","transport":"udp",'
                f'"latency":{ms},"reliability":{r}{more}}}\n'
            )

"""Distances, alternatives, disjoint routes and analysis, judged by networkx."""

import itertools
import json
import subprocess

import networkx
import pytest
from route_oracle import ROUTE, kos_route, link, path_of, seeded


def graph_of(links, undirected=False):
    graph = networkx.Graph() if undirected else networkx.DiGraph()
    for each in links:
        graph.add_edge(each["source"], each["destination"], weight=each["latency"])
    return graph


def some_links(seed):
    rng = seeded(f"graph {seed}")
    kind = seed % 3
    if kind == 0:
        graph = networkx.gnm_random_graph(rng.randint(5, 60), rng.randint(8, 150), seed=seed, directed=True)
    elif kind == 1:
        graph = networkx.random_geometric_graph(50, 0.25, seed=seed).to_directed()
    else:
        graph = networkx.barabasi_albert_graph(60, 2, seed=seed).to_directed()
    edges = [(a, b) for a, b in graph.edges if a != b]
    return [link(f"n{a}", f"n{b}", latency=rng.choice([0, 1, 2, 3, 5, 8, 13.5])) for a, b in edges]


@pytest.mark.parametrize("algorithm", ["dijkstra", "astar", "bidirectional"])
@pytest.mark.parametrize("seed", range(100))
def test_distance_equals_networkx(seed, algorithm):
    links = some_links(seed)
    graph = graph_of(links)
    rng = seeded(seed)
    source, target = rng.sample(sorted(graph.nodes), 2)
    records, status, _ = kos_route(links, "-F", source, "-T", target, "-M", "latency", "-a", algorithm)
    try:
        expected = networkx.dijkstra_path_length(graph, source, target)
    except networkx.NetworkXNoPath:
        assert (status, records[0]["code"]) == (1, "noRoute"), f"seed={seed}"
        return
    assert status == 0
    assert records[0]["latency"] == pytest.approx(expected)
    path_of(records[0], links)


@pytest.mark.parametrize("seed", range(100))
def test_all_equals_networkx(seed):
    links = some_links(seed)
    graph = graph_of(links)
    source = links[0]["source"]
    records, _, _ = kos_route(links, "-F", source, "--all", "-M", "latency", check=0)
    expected = networkx.single_source_dijkstra_path_length(graph, source)
    found = {r["destination"]: r["latency"] for r in records}
    assert found == pytest.approx({k: v for k, v in expected.items() if k != source})


@pytest.mark.parametrize("seed", range(20))
def test_matrix_equals_networkx(seed):
    links = some_links(seed)
    records, _, _ = kos_route(links, "--matrix", "-M", "latency", check=0)
    found = {(r["source"], t): v for r in records for t, v in r["sums"].items()}
    expected = {
        (s, t): v
        for s, row in networkx.all_pairs_dijkstra_path_length(graph_of(links)) for t, v in row.items() if s != t
    }
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(100))
def test_five_alternatives_equal_networkx(seed):
    links = [l | {"latency": l["latency"] + 0.25} for l in some_links(seed)]
    graph = graph_of(links)
    rng = seeded(seed)
    source, target = rng.sample(sorted(graph.nodes), 2)
    records, status, _ = kos_route(links, "-F", source, "-T", target, "-M", "latency", "-c", 5)
    try:
        paths = list(itertools.islice(networkx.shortest_simple_paths(graph, source, target, weight="weight"), 5))
    except networkx.NetworkXNoPath:
        assert status == 1
        return
    expected = [networkx.path_weight(graph, p, "weight") for p in paths]
    assert [r["latency"] for r in records] == pytest.approx(expected), f"seed={seed}"
    for route in records:
        path_of(route, links)


@pytest.mark.parametrize("kind", ["links", "nodes"])
@pytest.mark.parametrize("seed", range(100))
def test_disjoint_pair_is_cheapest(seed, kind):
    links = [l | {"latency": int(l["latency"]) + 1} for l in some_links(seed)]
    rng = seeded(seed)
    source, target = rng.sample(sorted(graph_of(links).nodes), 2)
    flow = networkx.DiGraph()
    flow.add_node((source, "out"), demand=-2)
    flow.add_node((target, "in"), demand=2)
    for node in graph_of(links).nodes:
        flow.add_edge((node, "in"), (node, "out"), capacity=2 if kind == "links" else 1, weight=0)
    for l in links:
        flow.add_edge((l["source"], "out"), (l["destination"], "in"), capacity=1, weight=l["latency"])
    records, status, _ = kos_route(links, "-F", source, "-T", target, "-M", "latency", "--disjoint", kind)
    routes = [r for r in records if r["type"] == "route"]
    try:
        expected = networkx.min_cost_flow_cost(flow)
    except networkx.NetworkXUnfeasible:
        assert len(routes) < 2, f"seed={seed}"
        return
    assert sum(r["latency"] for r in routes) == pytest.approx(expected), f"seed={seed}"
    assert len(routes) == 2
    paths = [path_of(r, links) for r in routes]
    used = [{(l["source"], l["destination"]) for l in p} for p in paths]
    assert not used[0] & used[1]
    if kind == "nodes":
        inner = [{l["destination"] for l in p[:-1]} for p in paths]
        assert not inner[0] & inner[1]


@pytest.mark.parametrize("seed", range(100))
def test_analysis_equals_networkx(seed):
    links = some_links(seed)
    directed, graph = graph_of(links), graph_of(links, undirected=True)
    [found], _, _ = kos_route(links, "--analyze", check=0)
    assert found["nodes"] == len(graph)
    assert found["components"] == networkx.number_connected_components(graph)
    assert found["strongComponents"] == networkx.number_strongly_connected_components(directed)
    assert found["articulationPoints"] == sorted(networkx.articulation_points(graph))
    assert [tuple(b) for b in found["bridges"]] == sorted(tuple(sorted(b)) for b in networkx.bridges(graph))
    reached = dict(networkx.all_pairs_shortest_path_length(directed))
    assert found["reachablePairs"] == sum(len(row) - 1 for row in reached.values())
    assert found["diameter"] == max(max(row.values()) for row in reached.values())
    assert found["density"] == pytest.approx(networkx.density(directed))
    between = networkx.betweenness_centrality(directed)
    for node in found["central"]:
        assert node["betweenness"] == pytest.approx(between[node["nodeId"]])


REAL = {
    "karate": networkx.karate_club_graph, "les miserables": networkx.les_miserables_graph,
    "florentine": networkx.florentine_families_graph, "davis": networkx.davis_southern_women_graph,
}


@pytest.mark.parametrize("name", REAL)
def test_real_topologies_equal_networkx(name):
    plain = REAL[name]()
    rng = seeded(name)
    links = []
    for a, b in plain.edges:
        ms = 1 + rng.randint(1, 40) / 4
        links += [link(str(a), str(b), ms), link(str(b), str(a), ms)]
    graph = graph_of(links)
    source = links[0]["source"]
    records, _, _ = kos_route(links, "-F", source, "--all", "-M", "latency", check=0)
    expected = networkx.single_source_dijkstra_path_length(graph, source)
    assert {r["destination"]: r["latency"] for r in records} == pytest.approx({k: v for k, v in expected.items() if k != source})
    [found], _, _ = kos_route(links, "--analyze", check=0)
    undirected = graph_of(links, undirected=True)
    assert found["articulationPoints"] == sorted(networkx.articulation_points(undirected))
    assert [tuple(b) for b in found["bridges"]] == sorted(tuple(sorted(b)) for b in networkx.bridges(undirected))
    assert found["diameter"] == networkx.diameter(undirected)
    between = networkx.betweenness_centrality(graph)
    for node in found["central"]:
        assert node["betweenness"] == pytest.approx(between[node["nodeId"]])
    for target in rng.sample(sorted(graph.nodes), 6):
        if target == source:
            continue
        records, _, _ = kos_route(links, "-F", source, "-T", target, "-M", "latency", "-c", 5, check=0)
        paths = itertools.islice(networkx.shortest_simple_paths(graph, source, target, weight="weight"), 5)
        assert [r["latency"] for r in records] == pytest.approx([networkx.path_weight(graph, p, "weight") for p in paths])
        count = len(list(networkx.node_disjoint_paths(undirected, source, target)))
        records, status, _ = kos_route(links, "-F", source, "-T", target, "-M", "latency", "--disjoint", "nodes", "-c", 9)
        assert len([r for r in records if r["type"] == "route"]) == min(9, count), target
        assert status == (0 if count >= 9 else 5)


@pytest.mark.parametrize("seed", range(9))
def test_documents_mean_the_same(seed):
    links = [l | {"latency": l["latency"] + 1} for l in some_links(seed)]
    graph = networkx.DiGraph()
    for l in links:
        graph.add_edge(l["source"], l["destination"], latency=l["latency"])
    texts = {
        "graphml": "\n".join(networkx.generate_graphml(graph)).encode(),
        "node-link": json.dumps(networkx.node_link_data(graph, edges="links"), indent=1).encode(),
        "node-link line": json.dumps(networkx.node_link_data(graph, edges="links")).encode(),
        "tsv": "".join(f"{l['source']}\t{l['destination']}\t{l['latency']}\n" for l in links).encode(),
    }
    for form in ("netjson", "dot", "graphml"):
        records = "".join(json.dumps(l) + "\n" for l in links).encode()
        run = subprocess.run([ROUTE, "-f", form], capture_output=True, input=records, check=True)
        texts[f"own {form}"] = run.stdout
    source = links[0]["source"]
    expected, _, _ = kos_route(links, "-F", source, "--all", "-M", "latency", check=0)
    expected = {r["destination"]: r["latency"] for r in expected}
    for name, text in texts.items():
        found, _, _ = kos_route(text, "-F", source, "--all", "-M", "latency", check=0)
        assert {r["destination"]: r["latency"] for r in found} == expected, f"{name} seed={seed}"
    parsed = networkx.parse_graphml(texts["own graphml"].decode())
    assert set(parsed.edges) == {(l["source"], l["destination"]) for l in links}

"""NetJSON that we write keeps the published schema, and netdiff reads it.

The constraints are those of the schemas network-graph and network-routes of github.com/netjson/netjson, said in
our own words (that repository states no licence): members of unknown name are allowed everywhere, arrays hold
no element twice.
"""

import json
import subprocess

import jsonschema
import netdiff
import pytest
from route_oracle import ROUTE, kos_route, link, random_links, seeded

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def objects(required, **members):
    return {"type": "object", "required": required.split(), "properties": members}


def document(name, inner, element):
    return objects(
        f"type protocol version metric {inner}", type={"enum": [name]}, protocol=TEXT, version=TEXT, revision=TEXT, metric=TEXT,
        router_id=TEXT, topology_id=TEXT, label=TEXT, **{inner: {"type": "array", "uniqueItems": True, "items": element}})


NODE = objects("id", id=TEXT, label=TEXT, properties={"type": "object"},
               local_addresses={"type": "array", "uniqueItems": True, "items": TEXT})
LINK = objects("source target cost", source=TEXT, target=TEXT, cost=NUMBER, cost_text=TEXT, properties={"type": "object"})
GRAPH = document("NetworkGraph", "links", LINK)
GRAPH["required"].append("nodes")
GRAPH["properties"]["nodes"] = {"type": "array", "uniqueItems": True, "items": NODE}
ROUTES = document("NetworkRoutes", "routes", objects(
    "destination next device cost", destination=TEXT, next=TEXT, device=TEXT, cost=NUMBER, source=TEXT, cost_txt=TEXT))


def written(records, *options):
    lines = "".join(json.dumps(r) + "\n" for r in records).encode()
    run = subprocess.run([ROUTE, "-f", "netjson", *options], input=lines, capture_output=True, check=True)
    return json.loads(run.stdout), run.stdout


def peer(node, *addresses):
    return {"type": "peer", "kos": 1, "nodeId": node, "capabilities": [], "position": {"latitude": 1.5, "longitude": 2},
            "addresses": [{"type": kind, "address": address, "port": port} for kind, address, port in addresses],
            "metadata": {"discoveryMethod": "static", "lastSeen": 1}}


@pytest.mark.parametrize("seed", range(20))
def test_a_graph_keeps_the_schema_and_netdiff_reads_it(seed):
    rng = seeded(f"netjson {seed}")
    records = random_links(rng, 8, 20)
    records += [records[0] | {"transport": "ws"}, link("é節", "𝕏", bandwidth=None)]
    records.append(peer("n1", ("udp", "10.0.0.1", 1), ("tcp", "10.0.0.1", 2), ("udp", "fe80::1", 1)))
    graph, text = written(records)
    jsonschema.validate(graph, GRAPH)
    assert {n["id"] for n in graph["nodes"]} >= {l[end] for l in graph["links"] for end in ("source", "target")}
    assert len(graph["links"]) == len(records) - 1
    read = netdiff.NetJsonParser(data=graph, directed=True).graph
    assert set(read.edges) == {(l["source"], l["destination"]) for l in records[:-1]}
    again, _ = written_from(text)
    assert again["links"] == graph["links"] and [n["id"] for n in again["nodes"]] == [n["id"] for n in graph["nodes"]]


def written_from(text):
    run = subprocess.run([ROUTE, "-f", "netjson"], input=text, capture_output=True, check=True)
    return json.loads(run.stdout), run.stdout


@pytest.mark.parametrize("seed", range(10))
def test_a_routing_table_keeps_the_schema_and_is_read_again(seed):
    rng = seeded(f"routes {seed}")
    records = random_links(rng, 8, 24)
    source = records[0]["source"]
    table, text = written(records, "-F", source, "--all", "-M", "latency")
    jsonschema.validate(table, ROUTES)
    routes, _, _ = kos_route(records, "-F", source, "--all", "-M", "latency", check=0)
    assert [(r["destination"], r["next"], r["cost"]) for r in table["routes"]] == [
        (r["destination"], r["hops"][0]["nodeId"], r["weight"]) for r in routes]
    assert table["router_id"] == source
    again, status, _ = kos_route(text, "-F", source, "--all", "-M", "latency")
    assert status == 0 and {r["destination"] for r in again} >= {r["next"] for r in table["routes"]}


def test_the_schema_refuses_what_it_should():
    graph, _ = written([link("a", "b")])
    for broken in ({"version": None}, {"links": [{"source": "a", "target": "b"}]}, {"type": "NetworkRoutes"}, {"nodes": [{"label": "x"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(graph | broken, GRAPH)

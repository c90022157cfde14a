"""kos-discover in the Mainline DHT, judged by a swarm of libtorrent nodes in both address layouts."""

import hashlib
import json
import os
import subprocess
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TOOL = os.path.join(os.environ.get("KOS_BIN", os.path.join(ROOT, ".build", "release")), "kos-discover")


class Swarm:
    def __init__(self, layout):
        self.entry = "127.0.77.1:6881" if layout == "subnet" else "127.0.1.1:6881"
        self.process = subprocess.Popen(
            ["/usr/bin/python3", os.path.join(HERE, "libtorrent_swarm.py"), layout],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module", params=["subnet", "apart"])
def swarm(request):
    swarm = Swarm(request.param)
    yield swarm
    swarm.close()


def discover(home, swarm, *arguments):
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [TOOL, "-m", "dht", "--dht-node", swarm.entry, "--dht-address", "127.0.99.1", *arguments],
        capture_output=True, text=True, timeout=60, env=environment)


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def base58(text):
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    value = 0
    for character in text:
        value = value * 58 + alphabet.index(character)
    return value.to_bytes(34, "big")


def test_announced_by_us_found_by_libtorrent_and_by_us(swarm, tmp_path):
    mesh = f"mesh-{time.time()}"
    result = discover(tmp_path, swarm, "-A", "--mesh", mesh, "--listen", "tcp://:47470",
                      "--capability", "relay", "-t", "20s", "-v")
    assert result.returncode == 0, result.stderr
    [announcement] = records(result.stdout)
    assert announcement["success"] is True and announcement["method"] == "dht"
    node = announcement["nodeId"]

    # libtorrent has checked the signature before it hands an item on.
    item = swarm.ask(f"get {base58(node[1:])[2:].hex()} kos")
    value = json.loads(item["value"])
    assert value["nodeId"] == node and value["capabilities"] == ["relay"]
    assert value["endpoints"] == ["tcp://127.0.99.1:47470"]
    peers = swarm.ask("peers " + hashlib.sha1(mesh.encode()).hexdigest())
    assert any("127.0.99.1" in peer for peer in peers), peers

    other = tmp_path / "other"
    other.mkdir()
    found = discover(other, swarm, "--mesh", mesh, "-t", "10s")
    assert found.returncode == 0, found.stderr
    assert [("127.0.99.1", 47470)] == [
        (a["address"], a["port"]) for peer in records(found.stdout) for a in peer["addresses"]]
    known = discover(other, swarm, "--until", node, "-t", "10s")
    assert known.returncode == 0, known.stderr
    [peer] = records(known.stdout)
    assert peer["nodeId"] == node and peer["metadata"]["signed"] is True
    assert peer["addresses"] == [{"type": "tcp", "address": "127.0.99.1", "port": 47470}]


def test_nobody_under_the_mesh_is_one(swarm, tmp_path):
    result = discover(tmp_path, swarm, "--mesh", "nobody-here", "-t", "10s")
    assert (result.returncode, result.stdout) == (1, "")


def test_the_table_is_kept_for_the_next_run(swarm, tmp_path):
    mesh = f"kept-{time.time()}"
    assert discover(tmp_path, swarm, "-A", "--mesh", mesh, "-t", "20s").returncode == 0
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    result = subprocess.run([TOOL, "-m", "dht", "--dht-address", "127.0.99.1", "--mesh", mesh, "-t", "10s"],
                            capture_output=True, text=True, timeout=30, env=environment)
    assert result.returncode == 0, result.stderr


def test_without_a_node_to_begin_with(tmp_path):
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    result = subprocess.run([TOOL, "-m", "dht"], capture_output=True, text=True, timeout=30, env=environment)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.count("\n") == 1 and "--dht-node" in result.stderr

"""kos-discover in the Mainline DHT, judged by a swarm of libtorrent nodes in both address layouts."""

import hashlib
import itertools
import json
import os
import subprocess
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TOOL = os.path.join(os.environ.get("KOS_BIN", os.path.join(ROOT, ".build", "release")), "kos-discover")


class Swarm:
    def __init__(self, layout):
        self.entry = {"subnet": "127.0.77.1:6881", "apart": "127.0.1.1:6881", "six": "[::1]:6881"}[layout]
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


# libtorrent bars an address that sends more than five packets a second: each run has its own.
OWN = (f"127.0.{third}.{fourth}" for third in itertools.count(99) for fourth in range(1, 255))


def command(swarm, own, *arguments):
    return [TOOL, "-m", "dht", "--dht-node", swarm.entry, "--dht-address", own, *arguments]


def discover(home, swarm, *arguments, own=None):
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.run(
        command(swarm, own or next(OWN), *arguments), capture_output=True, text=True, timeout=60,
        env=environment)


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def base58(text):
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    value = 0
    for character in text:
        value = value * 58 + alphabet.index(character)
    return value.to_bytes(34, "big")


def node_of(seed):
    """The node id of an Ed25519 key."""
    public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    value = int.from_bytes(b"\xed\x01" + public, "big")
    text = ""
    while value:
        value, rest = divmod(value, 58)
        text = alphabet[rest] + text
    return "z" + text


def put(swarm, name, value):
    """libtorrent signs and puts; while its tables fill a put may reach nobody."""
    end = time.monotonic() + 30
    while swarm.ask(f"put kos {name} " + json.dumps(value, separators=(",", ":")))["stored"] == 0:
        assert time.monotonic() < end, "nobody takes the item"


def test_an_item_that_libtorrent_signed(swarm, tmp_path):
    """Found under its key, believed since libtorrent's signature holds. First of all: a put waits long
    for nodes that were there and are gone."""
    node = node_of(hashlib.sha256(b"alpha").digest())
    value = {"capabilities": ["archive"], "endpoints": ["tcp://192.0.2.7:47470"], "nodeId": node,
             "timestamp": 1795337400000, "ttlMs": 600000}
    put(swarm, "alpha", value)
    found = discover(tmp_path, swarm, "--until", node, "-t", "10s")
    assert found.returncode == 0, found.stderr
    [peer] = records(found.stdout)
    assert peer["metadata"]["signed"] is True and peer["capabilities"] == ["archive"]
    # Bravo says that it is alpha.
    put(swarm, "bravo", value)
    other = node_of(hashlib.sha256(b"bravo").digest())
    forged = discover(tmp_path, swarm, "--until", other, "-t", "10s", "-v")
    assert (forged.returncode, forged.stdout) == (1, ""), forged.stderr
    assert "no announcement" in forged.stderr


def test_announced_by_us_found_by_libtorrent_and_by_us(swarm, tmp_path):
    mesh = f"mesh-{time.time()}"
    own = next(OWN)
    result = discover(tmp_path, swarm, "-A", "--mesh", mesh, "--listen", "tcp://:47470",
                      "--capability", "relay", "-t", "20s", "-v", own=own)
    assert result.returncode == 0, result.stderr
    [announcement] = records(result.stdout)
    assert announcement["success"] is True and announcement["method"] == "dht"
    node = announcement["nodeId"]

    # libtorrent has checked the signature before it hands an item on.
    item = swarm.ask(f"get {base58(node[1:])[2:].hex()} kos")
    value = json.loads(item["value"])
    assert value["nodeId"] == node and value["capabilities"] == ["relay"]
    assert value["endpoints"] == [f"tcp://{own}:47470"]
    peers = swarm.ask("peers " + hashlib.sha1(mesh.encode()).hexdigest())
    assert any(own in peer for peer in peers), peers

    other = tmp_path / "other"
    other.mkdir()
    found = discover(other, swarm, "--mesh", mesh, "-t", "10s")
    assert found.returncode == 0, found.stderr
    assert [(own, 47470)] == [
        (a["address"], a["port"]) for peer in records(found.stdout) for a in peer["addresses"]]
    known = discover(other, swarm, "--until", node, "-t", "10s")
    assert known.returncode == 0, known.stderr
    [peer] = records(known.stdout)
    assert peer["nodeId"] == node and peer["metadata"]["signed"] is True
    assert peer["addresses"] == [{"type": "tcp", "address": own, "port": 47470}]


def test_who_is_at_an_address_is_asked(swarm, tmp_path):
    """An address under the mesh's name is a relay's: its node info, signed, is what is told."""
    mesh = f"asked-{time.time()}"
    own = next(OWN)
    home = tmp_path / "relay"
    home.mkdir()
    environment = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PATH": os.environ["PATH"]}
    relay = subprocess.Popen(
        [os.path.join(os.path.dirname(TOOL), "kos-relay"), "--name", "gate", "--capability", "archive",
         "--listen", f"tcp://{own}:0"], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        started = json.loads(relay.stdout.readline())
        port = started["addresses"][0]["port"]
        told = discover(home, swarm, "-A", "--mesh", mesh, "--listen", f"tcp://:{port}", "-t", "20s",
                        own=own)
        assert told.returncode == 0, told.stderr
        other = tmp_path / "other"
        other.mkdir()
        found = discover(other, swarm, "--mesh", mesh, "-t", "10s")
        [peer] = records(found.stdout)
        assert peer["nodeId"] == started["nodeId"] and peer["metadata"]["signed"] is True
        assert peer["capabilities"] == ["archive"] and peer["metadata"]["name"] == "gate"
    finally:
        relay.terminate()
        relay.communicate(timeout=10)


@pytest.mark.parametrize("swarm", ["apart"], indirect=True)
def test_aria2_is_found(swarm, tmp_path):
    """Another implementation, of BEP 5 alone, announces a torrent; who looks under its hash finds it."""
    mesh = f"aria2-{time.time()}"
    digest = hashlib.sha1(mesh.encode()).hexdigest()
    process = subprocess.Popen(
        ["aria2c", f"magnet:?xt=urn:btih:{digest}", "--interface=127.0.77.100", "--enable-dht=true",
         "--enable-dht6=false", "--dht-listen-port=6999", "--listen-port=6998", f"--dir={tmp_path}",
         f"--dht-entry-point={swarm.entry}", f"--dht-file-path={tmp_path}/dht", "--bt-enable-lpd=false",
         "--quiet=true"], env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    try:
        end = time.monotonic() + 60
        addresses = []
        while time.monotonic() < end and ("127.0.77.100", 6998) not in addresses:
            found = discover(tmp_path, swarm, "--mesh", mesh, "-t", "10s")
            addresses = [(a["address"], a["port"]) for peer in records(found.stdout)
                         for a in peer["addresses"]]
        assert ("127.0.77.100", 6998) in addresses
    finally:
        process.terminate()
        process.wait(20)


def test_transmission_keeps_what_we_announce(tmp_path):
    """A DHT of one node of transmission's, which takes no items: the address is enough. It takes no
    loopback addresses, so it runs in a network namespace."""
    name = f"kosbt{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    inside = ["ip", "netns", "exec", name]
    process = None
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        for number in (1, 2, 3):
            subprocess.run(["ip", "-n", name, "addr", "add", f"10.99.0.{number}/32", "dev", "lo"], check=True)
        subprocess.run(["ip", "-n", name, "route", "add", "default", "dev", "lo", "src", "10.99.0.1"], check=True)
        folder = tmp_path / "transmission"
        folder.mkdir()
        (folder / "settings.json").write_text(json.dumps({
            "bind-address-ipv4": "10.99.0.1", "peer-port": 6881, "dht-enabled": True, "lpd-enabled": False,
            "port-forwarding-enabled": False}))
        (folder / "dht.bootstrap").write_text("10.99.0.2 6999\n")
        process = subprocess.Popen(
            [*inside, "transmission-cli", "-g", folder, "-w", folder, "-M", "-p", "6881",
             f"magnet:?xt=urn:btih:{'ab' * 20}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]})

        def ask(*arguments):
            return subprocess.run(
                [*inside, TOOL, "-m", "dht", "--dht-node", "10.99.0.1:6881", *arguments],
                capture_output=True, text=True, timeout=60,
                env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]})

        end = time.monotonic() + 60
        while True:
            told = ask("-A", "--mesh", "mesh of one", "--listen", "tcp://:4711", "--dht-address", "10.99.0.2",
                       "-t", "10s", "-v")
            if told.returncode == 0 or time.monotonic() > end:
                break
        assert told.returncode == 0, told.stderr
        found = ask("--mesh", "mesh of one", "--dht-address", "10.99.0.3", "-t", "10s")
        assert [("10.99.0.2", 4711)] == [
            (a["address"], a["port"]) for peer in records(found.stdout) for a in peer["addresses"]], found
    finally:
        if process:
            process.terminate()
            process.wait(20)
        subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.mark.parametrize("swarm", ["six"], indirect=True)
def test_over_ipv6(swarm, tmp_path):
    """BEP 32: a swarm that knows no IPv4 takes the address and the item, and gives both back."""
    mesh = f"six-{time.time()}"
    told = discover(tmp_path, swarm, "-A", "--mesh", mesh, "--listen", "tcp://:4716", "-t", "20s", own="::1")
    assert told.returncode == 0, told.stderr
    node = records(told.stdout)[0]["nodeId"]
    item = swarm.ask(f"get {base58(node[1:])[2:].hex()} kos")
    assert json.loads(item["value"])["nodeId"] == node
    other = tmp_path / "other"
    other.mkdir()
    found = discover(other, swarm, "--mesh", mesh, "-t", "10s", own="::1")
    assert found.returncode == 0, found.stderr
    assert [("::1", 4716)] == [
        (a["address"], a["port"]) for peer in records(found.stdout) for a in peer["addresses"]]


def test_nobody_under_the_mesh_is_one(swarm, tmp_path):
    result = discover(tmp_path, swarm, "--mesh", "nobody-here", "-t", "10s")
    assert (result.returncode, result.stdout) == (1, "")


def test_the_table_is_kept_for_the_next_run(swarm, tmp_path):
    mesh = f"kept-{time.time()}"
    told = discover(tmp_path, swarm, "-A", "--mesh", mesh, "-t", "20s", "-v")
    assert told.returncode == 0 and " 0 nodes took the address" not in told.stderr, told.stderr
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    result = subprocess.run(
        [TOOL, "-m", "dht", "--dht-address", next(OWN), "--mesh", mesh, "-t", "20s", "-vv"],
        capture_output=True, text=True, timeout=60, env=environment)
    assert result.returncode == 0, told.stderr + result.stderr


def test_a_held_announcement_is_a_node_that_answers(swarm, tmp_path):
    """A newcomer that knows nobody else learns the swarm from it."""
    own = next(OWN)
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        command(swarm, own, "-A", "--mesh", "held", "--dht-port", "6900", "--hold", "1h", "-t", "20s"),
        stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert json.loads(process.stdout.readline())["success"] is True
        assert swarm.ask(f"through {own} 6900") >= 3
    finally:
        process.terminate()
        assert process.wait(10) == 0
    process.stdout.close()


def test_without_a_node_to_begin_with(tmp_path):
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    result = subprocess.run([TOOL, "-m", "dht"], capture_output=True, text=True, timeout=30, env=environment)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.count("\n") == 1 and "--dht-node" in result.stderr

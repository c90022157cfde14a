"""OLSR and AODV on interfaces in network namespaces, beside Debian's babeld on the same links: a ring of four, and a
link that dies with or without the kernel's noticing."""
import itertools
import json
import os
import re
import subprocess
import time

import pytest

from kit import tool

LINKS = ["ab", "bd", "ac", "cd"]
NODES = "abcd"
COUNTER = itertools.count()


def sh(*command, check=True):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert not check or result.returncode == 0, (command, result.stderr)
    return result.stdout


class Ring:
    """a - b - d - c - a: a namespace a node, a veth pair a link, 10.9.0.N/32 at every end."""

    def __init__(self, folder):
        self.folder = folder
        self.prefix = f"kos{os.getpid()}x{next(COUNTER)}"
        self.processes = []
        for node in NODES:
            sh("ip", "netns", "add", self.space(node))
            sh(*self.inside(node), "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0",
               "net.ipv4.conf.default.rp_filter=0")
            sh("ip", "-n", self.space(node), "link", "set", "lo", "up")
        for one, other in LINKS:
            sh("ip", "-n", self.space(one), "link", "add", one + other, "type", "veth", "peer", "name", other + one,
               "netns", self.space(other))
            for node, name in ((one, one + other), (other, other + one)):
                sh("ip", "-n", self.space(node), "addr", "add", self.address(node) + "/32", "dev", name)
                sh("ip", "-n", self.space(node), "link", "set", name, "up")

    def space(self, node):
        return self.prefix + node

    def inside(self, node):
        return ["ip", "netns", "exec", self.space(node)]

    @staticmethod
    def address(node):
        return f"10.9.0.{NODES.index(node) + 1}"

    @staticmethod
    def interfaces(node):
        return [node + link.strip(node) for link in LINKS if node in link]

    def start(self, node, *command, output=None):
        self.processes.append(subprocess.Popen(
            [str(word) for word in [*self.inside(node), *command]], stdin=subprocess.DEVNULL,
            stdout=output or subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return self.processes[-1]

    def speak(self, protocol, *options):
        for node in NODES:
            with open(self.folder / f"{node}.ndjson", "wb") as output:
                self.start(node, tool("kos-relay"), "manet", "--protocol", protocol, "-i", *self.interfaces(node),
                           *options, output=output)

    def events(self, node):
        lines = (self.folder / f"{node}.ndjson").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def table(self, node, table):
        """{destination: device} of a routing table."""
        found = {}
        text = sh("ip", "-n", self.space(node), "-j", "route", "show", "table", table, check=False)
        # Of a table that nothing was ever put in, iproute2 writes half an array.
        for route in json.loads(text) if text.rstrip().endswith("]") else []:
            # babel's unreachable routes have no device.
            if re.fullmatch(r"10\.9\.0\.\d", route["dst"]) and route["protocol"] in ("75", "babel") and "dev" in route:
                found[route["dst"]] = route["dev"]
        return found

    def wait_for_port(self, port, patience=30):
        """Until every node listens for a protocol's messages."""
        end = time.monotonic() + patience
        while not all(sh(*self.inside(node), "ss", "-Hlun", "sport", "=", f":{port}").strip() for node in NODES):
            assert time.monotonic() < end
            time.sleep(0.05)

    def wait_for_routes(self, patience, table="main"):
        end = time.monotonic() + patience
        while any(len(self.table(node, table)) < 3 for node in NODES):
            assert time.monotonic() < end, {node: self.table(node, table) for node in NODES}
            time.sleep(0.1)

    def ping(self, count=1, wait=0.2):
        command = [*self.inside("a"), "ping", "-c", count, "-i", 0.05, "-W", wait, self.address("d")]
        text = sh(*command, check=False)
        received = re.search(r"(\d+) received", text)
        if not received:
            # Without any route to take, ping ends at once and counts nothing.
            time.sleep(0.05)
            return 0
        return int(received[1])

    def heal(self, patience):
        """Seconds until a reaches d again."""
        start = time.monotonic()
        while not self.ping():
            assert time.monotonic() - start < patience, self.events("a")[-5:]
        taken = time.monotonic() - start
        # For whoever measures: pytest -s. A loaded machine must not make it a failure.
        print(f"{self.folder.name}: a reaches d after {taken:.2f} s")
        return taken

    def way(self):
        """The neighbour by which a reaches d."""
        text = sh("ip", "-n", self.space("a"), "route", "get", self.address("d"))
        return re.search(r"dev a([bc])", text)[1]

    def silence(self, node):
        """The link between a and the node carries nothing any more, and nobody is told."""
        device = node + "a"
        chains = "".join(
            f"chain {name} {{ type filter hook {hook} priority 0; {side} {device} drop; }}\n"
            for name, hook, side in [("i", "input", "iifname"), ("o", "output", "oifname"),
                                     ("f", "forward", "oifname"), ("g", "forward", "iifname")])
        rules = f"table inet t {{\n{chains}}}\n"
        subprocess.run([*self.inside(node), "nft", "-f", "-"], input=rules.encode(), check=True)

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=10)
        for node in NODES:
            sh("ip", "netns", "del", self.space(node), check=False)


@pytest.fixture
def ring(tmp_path):
    made = []

    def make(name):
        folder = tmp_path / name
        folder.mkdir()
        made.append(Ring(folder))
        return made[-1]

    yield make
    for each in made:
        each.close()


def babel(ring):
    for node in NODES:
        ring.start(node, "babeld", "-h", "1", "-H", "1", "-t", "42", "-S", ring.folder / f"{node}.state", "-I",
                   ring.folder / f"{node}.pid", "-L", ring.folder / f"{node}.log", *ring.interfaces(node))


def decoded(capture, protocol):
    def ask(display):
        return sh("tshark", "-r", capture, "-Y", display).splitlines()
    assert ask("_ws.malformed") == []
    return len(ask(protocol))


def test_olsr_beside_babel(ring):
    told, silent = ring("told"), ring("silent")
    # The silent ring runs at the same time: it only waits.
    silent.speak("olsr", "--no-link-notice")
    told.speak("olsr")
    babel(told)
    capture = told.folder / "olsr.pcap"
    told.start("d", "tcpdump", "-U", "-i", "db", "-w", capture, "udp", "port", "698")
    told.wait_for_routes(60)
    told.wait_for_routes(60, table="42")
    silent.wait_for_routes(60)
    assert told.ping(10, wait=5) == 10 and silent.ping(10, wait=5) == 10
    assert told.events("a")[0]["type"] == "routeEvent"

    silent.silence(silent.way())
    lost = told.way()
    sh("ip", "-n", told.space(lost), "link", "set", lost + "a", "down")
    assert told.heal(3) < 3
    assert silent.heal(12) < 12
    # What is left is a line, with one way from everybody to everybody: babel's and ours.
    end = time.monotonic() + 40
    while True:
        ours = {node: told.table(node, "main") for node in NODES}
        theirs = {node: told.table(node, "42") for node in NODES}
        if ours == theirs and all(len(table) == 3 for table in ours.values()):
            break
        assert time.monotonic() < end, (ours, theirs)
        time.sleep(0.2)
    for process in told.processes:
        process.terminate()
    for process in told.processes:
        process.wait(timeout=10)
    assert all(told.table(node, "main") == {} for node in NODES)
    assert decoded(capture, "olsr") > 5


def test_aodv_finds_and_repairs(ring):
    mesh = ring("aodv")
    mesh.speak("aodv", "--prefix", "10.9.0.0/16")
    capture = mesh.folder / "aodv.pcap"
    mesh.start("a", "tcpdump", "-U", "-i", "ab", "-w", capture, "udp", "port", "654")
    mesh.wait_for_port(654)
    # Nobody has asked for anything: there is no route.
    assert mesh.table("a", "main") == {}
    mesh.heal(15)
    end = time.monotonic() + 10
    while not (found := [event for event in mesh.events("a") if event["event"] == "discovered"]):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert found[0]["destination"] == "10.9.0.4/32" and found[0]["hops"] == 2 and found[0]["afterMs"] > 0
    assert mesh.ping(20, wait=5) == 20
    # What is used stays; 3 s are ACTIVE_ROUTE_TIMEOUT.
    for _ in range(8):
        time.sleep(0.5)
        assert mesh.ping(wait=5) == 1
    lost = mesh.way()
    sh("ip", "-n", mesh.space(lost), "link", "set", lost + "a", "down")
    mesh.heal(15)
    assert mesh.way() != lost
    # And what is not used goes: a fresh route after 6 s, MY_ROUTE_TIMEOUT.
    end = time.monotonic() + 30
    while mesh.address("d") in mesh.table("a", "main"):
        assert time.monotonic() < end
        time.sleep(0.2)
    assert decoded(capture, "aodv") > 3


def test_networks_behind_a_node_are_told_of(ring):
    mesh = ring("hna")
    for node in NODES:
        with open(mesh.folder / f"{node}.ndjson", "wb") as output:
            more = ["--network", "192.168.7.0/24"] if node == "d" else []
            mesh.start(node, tool("kos-relay"), "manet", "-i", *mesh.interfaces(node), *more, output=output)
    end = time.monotonic() + 25
    while "192.168.7.0/24" not in sh("ip", "-n", mesh.space("a"), "route"):
        assert time.monotonic() < end
        time.sleep(0.2)
    told = [event for event in mesh.events("a") if event["destination"] == "192.168.7.0/24"]
    assert told[0]["event"] == "up" and told[0]["hops"] == 2


@pytest.mark.parametrize("arguments, message", [
    ([], "no interface is named"),
    (["-i", "nosuch0"], "nosuch0 is no interface"),
    (["-i", "lo", "--protocol", "rip"], "--protocol is olsr or aodv"),
    (["-i", "lo", "--network", "x"], "--network x is no network"),
])
def test_wrong_calls_say_why(run, arguments, message):
    result = run("kos-relay", "manet", *arguments)
    assert result.returncode in (2, 3) and message.encode() in result.stderr

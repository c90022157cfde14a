"""kos-discover --bootstrap against running relays: who they are, and with --links what they know."""

import contextlib
import json
import os
import select
import socket
import subprocess
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("KOS_BIN", os.path.join(ROOT, ".build", "release"))


def environment(folder):
    folder.mkdir(exist_ok=True)
    return {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": os.environ["PATH"]}


class Relay:
    def __init__(self, folder, name, *arguments):
        self.log = open(folder / f"{name}.err", "w")
        self.process = subprocess.Popen(
            [os.path.join(BIN, "kos-relay"), "--name", name, "--listen", "tcp://127.0.0.1:0",
             "--capability", "relay", *arguments],
            stdout=subprocess.PIPE, stderr=self.log, env=environment(folder / name))
        assert select.select([self.process.stdout], [], [], 10)[0], "the relay says nothing"
        self.record = json.loads(self.process.stdout.readline())
        self.node = self.record["nodeId"]
        self.uri = "tcp://127.0.0.1:%d" % self.record["addresses"][0]["port"]

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=10)
        self.log.close()


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Three relays in a row."""
    folder = tmp_path_factory.mktemp("relays")
    with contextlib.ExitStack() as stack:
        relays = []
        for name in ["one", "two", "three"]:
            link = ["--connect", relays[-1].uri] if relays else []
            relay = Relay(folder, name, *link)
            stack.callback(relay.stop)
            relays.append(relay)
        yield relays


def discover(tmp_path, *arguments, stdin=subprocess.DEVNULL, **options):
    return subprocess.run([os.path.join(BIN, "kos-discover"), *arguments], capture_output=True, text=True,
                          timeout=30, env=environment(tmp_path / "home"),
                          **({"input": options["input"]} if "input" in options else {"stdin": stdin}))


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def until(condition, seconds=15):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.2)
    return value


def test_one_relay_is_asked_who_it_is(chain, tmp_path):
    result = discover(tmp_path, "-m", "bootstrap", "--bootstrap", chain[0].uri, "-t", "10s")
    assert result.returncode == 0, result.stderr
    [peer] = records(result.stdout)
    assert peer["nodeId"] == chain[0].node and peer["event"] == "found"
    assert peer["capabilities"] == ["relay"] and peer["metadata"]["name"] == "one"
    assert peer["metadata"]["signed"] is True and peer["metadata"]["discoveryMethod"] == "bootstrap"
    assert peer["metadata"]["rttMs"] > 0
    assert peer["addresses"][0] == chain[0].record["addresses"][0]


def test_links_bring_the_whole_mesh(chain, tmp_path):
    def survey():
        result = discover(tmp_path, "-m", "bootstrap", "--bootstrap", chain[0].uri, "--links", "-t", "10s")
        assert result.returncode == 0, result.stderr
        found = records(result.stdout)
        links = {(r["source"], r["destination"]) for r in found if r["type"] == "link"}
        return found, links
    one, two, three = (relay.node for relay in chain)
    found, links = until(lambda: (s := survey()) and (two, three) in s[1] and s)
    peers = {r["nodeId"]: r for r in found if r["type"] == "peer"}
    [me] = [node for node, r in peers.items() if r["metadata"].get("self")]
    assert set(peers) == {one, two, three, me}
    assert links == {(me, one), (one, two), (two, one), (two, three), (three, two)}


def test_some_relays_may_fail_but_not_all(chain, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = "tcp://127.0.0.1:%d" % closed.getsockname()[1]
        some = discover(tmp_path, "-m", "bootstrap", "--bootstrap", nobody, "--bootstrap", chain[1].uri,
                        "-t", "10s")
        none = discover(tmp_path, "-m", "bootstrap", "--bootstrap", nobody, "-t", "10s")
    assert some.returncode == 0 and len(records(some.stdout)) == 1
    assert some.stderr.count("\n") == 1 and nobody in some.stderr
    assert (none.returncode, none.stdout) == (3, "")
    assert nobody in none.stderr


def test_peer_records_on_standard_input_are_asked_and_the_rest_passes(chain, tmp_path):
    peer = json.dumps(chain[2].record)
    note = '{"type":"note","text":"mine",  "n":1.10}'
    result = discover(tmp_path, "-m", "bootstrap", "-t", "10s", "-", input=f"{note}\n{peer}\n")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == note
    assert [r["nodeId"] for r in records("\n".join(lines[1:]))] == [chain[2].node]


def test_static_peers_are_listed_as_they_are(tmp_path):
    peer = {"nodeId": "bravo", "addresses": [{"type": "udp", "address": "10.0.0.9", "port": 1}],
            "capabilities": ["store"], "metadata": {"discoveryMethod": "capture", "lastSeen": 1}}
    result = discover(tmp_path, "-m", "static", "-", input=json.dumps(peer) + "\n")
    assert result.returncode == 0, result.stderr
    [record] = records(result.stdout)
    assert record["nodeId"] == "bravo" and record["metadata"]["discoveryMethod"] == "static"
    assert record["addresses"] == peer["addresses"]


@pytest.mark.parametrize("arguments, code", [
    (["--no-such"], 2), (["-m", "smoke"], 2), (["-c", "0"], 2), (["extra"], 2), (["-W", "-A"], 2),
    (["--scope", "moon"], 2), (["-m", "bootstrap"], 3), (["-m", "bluetooth"], 3), (["-m", "gossip"], 3),
    (["--help"], 0), (["--version"], 0), (["-m", "static"], 1),
])
def test_statuses(tmp_path, arguments, code):
    result = discover(tmp_path, *arguments)
    assert result.returncode == code, result.stderr
    if code in (2, 3):
        assert result.stdout == "" and result.stderr.count("\n") == 1


def test_relays_of_a_file(chain, tmp_path):
    """URIs and peer records, a line each; comments are left out, a line that is neither is named."""
    path = tmp_path / "relays"
    peer = json.dumps({"type": "peer", "timestamp": 1, "nodeId": chain[1].node, "capabilities": [],
                       "addresses": chain[1].record["addresses"],
                       "metadata": {"discoveryMethod": "static", "lastSeen": 1}})
    path.write_text(f"# ours\n{chain[0].uri}  # the first\n\n{peer}\n")
    result = discover(tmp_path, "--bootstrap", f"file:{path}", "-m", "bootstrap")
    assert result.returncode == 0, result.stderr
    assert {record["nodeId"] for record in records(result.stdout)} == {r.node for r in chain[:2]}
    path.write_text(f"{chain[0].uri}\nnowhere\n")
    broken = discover(tmp_path, "--bootstrap", f"file:{path}", "-m", "bootstrap")
    assert broken.returncode == 2 and f"{path}:2: " in broken.stderr, broken.stderr
    missing = discover(tmp_path, "--bootstrap", f"file:{path}.not", "-m", "bootstrap")
    assert missing.returncode == 2 and "cannot be read" in missing.stderr


@pytest.fixture
def names(tmp_path):
    """dnsmasq on an address of its own; `ask(arguments, records)` runs kos-discover with it."""
    address = f"127.53.{os.getpid() % 250}.{os.getpid() // 250 % 250 + 1}"
    running = []

    def ask(arguments, *lines, answers=True):
        if answers:
            server = subprocess.Popen(
                ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                 "--no-daemon", "--bind-interfaces", f"--listen-address={address}", "--port=53",
                 "--local=/example.org/", *lines], stderr=subprocess.PIPE, text=True)
            running.append(server)
            for line in server.stderr:
                if "started" in line:
                    break
            else:
                raise AssertionError("dnsmasq did not start")
        resolver = tmp_path / "resolv.conf"
        resolver.write_text(f"nameserver {address}\noptions timeout:1 attempts:1\n")
        script = f"mount --bind {resolver} /etc/resolv.conf && exec \"$@\""
        return subprocess.run(
            ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh",
             os.path.join(BIN, "kos-discover"), *arguments], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=30, env=environment(tmp_path / "home"))

    yield ask
    for server in running:
        server.terminate()
        server.wait(5)
        server.stderr.close()


def test_relays_of_a_domain(chain, names):
    """SRV and TXT records as dnsmasq serves them; a relay that both name is asked once."""
    port = int(chain[0].uri.rsplit(":", 1)[1])
    result = names(["--bootstrap", "dns:example.org", "-m", "bootstrap", "-v"],
                   f"--srv-host=_kos._tcp.example.org,gate.example.org,{port},10,5",
                   "--host-record=gate.example.org,127.0.0.1",
                   f"--txt-record=_kos._tcp.example.org,endpoints={chain[1].uri}")
    assert result.returncode == 0, result.stderr
    assert {record["nodeId"] for record in records(result.stdout)} == {r.node for r in chain[:2]}
    assert "names 2 relays" in result.stderr


@pytest.mark.parametrize("domain,answers,words", [
    ("example.org", True, "there is no _kos._tcp.example.org"),
    ("empty.example.org", True, "has no SRV record"),
    ("example.org", False, "no name server answer"),
])
def test_a_domain_that_names_no_relay(names, domain, answers, words):
    result = names(["--bootstrap", f"dns:{domain}", "-m", "bootstrap"],
                   "--host-record=_kos._tcp.empty.example.org,127.0.0.1", answers=answers)
    assert (result.returncode, result.stdout) == (3, ""), result.stderr
    assert words in result.stderr, result.stderr


def test_some_of_a_domain_and_a_relay(chain, names):
    """The domain has none, the relay that was named answers: not a failure."""
    result = names(["--bootstrap", "dns:example.org", "--bootstrap", chain[0].uri, "-m", "bootstrap"])
    assert [record["nodeId"] for record in records(result.stdout)] == [chain[0].node]
    assert "there is no" in result.stderr and result.returncode == 0

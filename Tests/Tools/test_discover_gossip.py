"""kos-discover in gossip clusters, judged by Serf's agents on loopback addresses."""
import base64
import itertools
import json
import os
import random
import re
import signal
import subprocess
import time

import pytest

from kit import tool

NETWORKS = itertools.count(os.getpid() % 200 * 256 + random.randrange(200))


class Cluster:
    """Addresses of one cluster, and who runs on them."""

    def __init__(self, folder, key=None):
        self.folder = folder
        self.network = next(NETWORKS)
        self.key = key
        self.running = {}
        self.used = 0
        if key:
            (folder / "keyring").write_text(json.dumps([key]))

    def address(self, name):
        number = int(name[1:]) + (100 if name[0] == "k" else 0)
        return f"127.{64 + self.network // 256 % 128}.{self.network % 256}.{number}"

    def serf(self, name, *more, join=None):
        address = self.address(name)
        arguments = ["serf", "agent", f"-node={name}", f"-bind={address}:7946",
                     f"-rpc-addr={address}:7373", "-profile=lan", *more]
        if self.key:
            arguments.append(f"-encrypt={self.key}")
        for other in join or []:
            arguments.append(f"-retry-join={self.address(other)}")
        if join:
            arguments.append("-retry-interval=1s")
        log = open(self.folder / f"{name}.log", "ab")
        self.running[name] = subprocess.Popen(arguments, stdout=log, stderr=log)
        wait_for(lambda: self.ask(name, "info").returncode == 0)

    def ask(self, name, *arguments):
        return subprocess.run(
            ["serf", arguments[0], f"-rpc-addr={self.address(name)}:7373", *arguments[1:]],
            capture_output=True, text=True, timeout=30)

    def members(self, name):
        result = self.ask(name, "members", "-format=json")
        return {each["name"]: each for each in json.loads(result.stdout)["members"]} if result.stdout else {}

    def status(self, name, of):
        return self.members(name).get(of, {}).get("status")

    def environment(self, name):
        home = self.folder / f"home-{name}"
        home.mkdir(exist_ok=True)
        return {"HOME": str(home), "PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(home)}

    def options(self, *seeds):
        options = ["-m", "gossip"]
        for seed in seeds:
            options += ["--gossip-join", self.address(seed)]
        if self.key:
            options += ["--gossip-keyring", str(self.folder / "keyring")]
        return options

    def discover(self, *arguments, name="k99"):
        return subprocess.run(
            [tool("kos-discover"), *map(str, arguments)], capture_output=True, text=True,
            timeout=60, env=self.environment(name))

    def start(self, name, *arguments, join):
        """A kOS node that stays; its records go to a file."""
        self.used += 1
        path = self.folder / f"{name}.{self.used}.out"
        with open(path, "wb") as output, open(self.folder / f"{name}.err", "ab") as errors:
            self.running[name] = subprocess.Popen(
                [tool("kos-discover"), *self.options(*join), "--gossip-bind", self.address(name),
                 "-v", *arguments], stdout=output, stderr=errors, env=self.environment(name))
        self.running[name].path = path
        return path

    def kill(self, name, how=signal.SIGKILL):
        process = self.running.pop(name)
        process.send_signal(how)
        process.wait(20)

    def close(self):
        for name in list(self.running):
            self.kill(name)


def wait_for(check, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {check}")


def records(text):
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


def view(path):
    """Who is there, as the records of a watch tell."""
    there = {}
    for record in records(path.read_text()):
        if record["type"] != "peer":
            continue
        if record["event"] == "left":
            there.pop(record["nodeId"], None)
        else:
            there[record["nodeId"]] = record
    return there


def key():
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture(params=["plain", "encrypted"])
def cluster(request, tmp_path):
    cluster = Cluster(tmp_path, key() if request.param == "encrypted" else None)
    yield cluster
    cluster.close()


@pytest.fixture
def plain(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()


def test_members_are_peers_and_an_onlooker_is_nobody(cluster):
    cluster.serf("s1", "-tag", "role=relay", "-tag", "zone=north")
    cluster.serf("s2", join=["s1"])
    wait_for(lambda: len(cluster.members("s1")) == 2)
    result = cluster.discover(*cluster.options("s1"))
    assert result.returncode == 0, result.stderr
    peers = {record["nodeId"]: record for record in records(result.stdout)}
    assert set(peers) == {"s1", "s2"}
    assert peers["s1"]["capabilities"] == ["relay"]
    assert peers["s1"]["addresses"] == [{"type": "tcp", "address": cluster.address("s1"), "port": 7946}]
    assert peers["s1"]["metadata"]["txt"] == {"role": "relay", "zone": "north"}
    assert peers["s1"]["metadata"]["discoveryMethod"] == "gossip"
    assert set(cluster.members("s1")) == {"s1", "s2"}


def test_serf_lists_us_with_tags_and_sees_us_leave(cluster):
    cluster.serf("s1")
    cluster.serf("s2", join=["s1"])
    path = cluster.start("k1", "-A", "--capability", "relay", "--name", "alpha", "--listen", "tcp://:47470",
                         "--hold", "1h", join=["s1"])
    announcement = wait_for(lambda: records(path.read_text()))[0]
    assert announcement["success"] is True and announcement["method"] == "gossip"
    node = announcement["nodeId"]
    wait_for(lambda: cluster.status("s2", node) == "alive")
    member = cluster.members("s2")[node]
    assert member["addr"] == f"{cluster.address('k1')}:7946"
    assert member["tags"]["role"] == "relay" and member["tags"]["name"] == "alpha"
    found = cluster.discover(*cluster.options("s2"), "--until", node)
    assert found.returncode == 0, found.stderr
    [peer] = [record for record in records(found.stdout) if record["nodeId"] == node]
    assert peer["metadata"]["signed"] is True and peer["metadata"]["name"] == "alpha"
    assert peer["addresses"] == [{"type": "tcp", "address": cluster.address("k1"), "port": 47470}]
    cluster.kill("k1", signal.SIGTERM)
    wait_for(lambda: cluster.status("s1", node) == "left")
    wait_for(lambda: cluster.status("s2", node) == "left")


def test_serf_sees_us_die_and_come_back(cluster):
    cluster.serf("s1")
    cluster.serf("s2", join=["s1"])
    path = cluster.start("k1", "-A", "--hold", "1h", join=["s1"])
    node = wait_for(lambda: records(path.read_text()))[0]["nodeId"]
    wait_for(lambda: cluster.status("s2", node) == "alive")
    cluster.kill("k1")
    wait_for(lambda: cluster.status("s1", node) == "failed")
    wait_for(lambda: cluster.status("s2", node) == "failed")
    cluster.start("k1", "-A", "--hold", "1h", join=["s1"])
    wait_for(lambda: cluster.status("s1", node) == "alive")
    wait_for(lambda: cluster.status("s2", node) == "alive")


@pytest.mark.parametrize("member", [[], ["--gossip-member"]], ids=["onlooker", "member"])
def test_we_see_them_change_leave_and_die(cluster, member):
    cluster.serf("s1")
    for name in ["s2", "s3"]:
        cluster.serf(name, join=["s1"])
    path = cluster.start("k1", "-W", *member, join=["s1"])
    wait_for(lambda: set(view(path)) == {"s1", "s2", "s3"})
    cluster.ask("s2", "tags", "-set", "role=sensor")
    wait_for(lambda: view(path)["s2"]["capabilities"] == ["sensor"])
    assert view(path)["s2"]["event"] == "changed"
    cluster.ask("s2", "leave")
    wait_for(lambda: "s2" not in view(path))
    cluster.kill("s3")
    wait_for(lambda: "s3" not in view(path), 60)
    reasons = {each["nodeId"]: each["reason"] for each in records(path.read_text())
               if each["type"] == "peer" and each["event"] == "left"}
    assert reasons == {"s2": "goodbye", "s3": "unreachable"}
    cluster.kill("k1", signal.SIGINT)
    assert records(path.read_text())[-1]["type"] == "summary"


def test_we_acknowledge_queries_and_pass_events_on(plain):
    """Serf asks all of its members whether they can be reached; its event goes round through us."""
    plain.serf("s1")
    for name in ["k1", "k2"]:
        plain.start(name, "-W", "--gossip-member", join=["s1"])
    wait_for(lambda: len(plain.members("s1")) == 3)
    assert plain.ask("s1", "event", "deploy", "now").returncode == 0
    for name in ["k1", "k2"]:
        events = wait_for(lambda: [record for record in records(plain.running[name].path.read_text())
                                   if record["type"] == "userEvent"])
        assert [(event["name"], event["payload"]) for event in events] == [("deploy", "now")]
    result = plain.ask("s1", "reachability")
    assert "Successfully contacted all live nodes" in result.stdout, result.stdout


def test_a_relay_is_a_member(cluster):
    """kos-relay is listed with its announcement, tells of members, and takes leave when it ends."""
    cluster.serf("s1", "-tag", "role=sensor")
    output = cluster.folder / "relay.out"
    with open(output, "wb") as file, open(cluster.folder / "relay.err", "wb") as errors:
        relay = subprocess.Popen(
            [tool("kos-relay"), "--name", "gate", "--listen", "tcp://127.0.0.1:0", "--socket", "none",
             *cluster.options("s1")[2:], "--gossip-bind", cluster.address("k1")],
            stdout=file, stderr=errors, env=cluster.environment("k1"))
    cluster.running["k1"] = relay
    node = wait_for(lambda: records(output.read_text()))[0]["nodeId"]
    wait_for(lambda: cluster.status("s1", node) == "alive")
    tags = cluster.members("s1")[node]["tags"]
    assert tags["name"] == "gate" and tags["role"] == "relay" and tags["nodeId"] == node
    wait_for(lambda: "s1" in view(output))
    assert view(output)["s1"]["capabilities"] == ["sensor"]
    found = cluster.discover(*cluster.options("s1"), "--until", node)
    [peer] = [record for record in records(found.stdout) if record["nodeId"] == node]
    assert peer["metadata"]["signed"] is True and peer["addresses"][0]["port"] > 0
    cluster.kill("k1", signal.SIGTERM)
    wait_for(lambda: cluster.status("s1", node) == "left")


def test_relays_that_find_each_other_connect(cluster):
    """Two relays in the cluster of a Serf agent: one link, which the one with the lower id has made."""
    cluster.serf("s1")
    outputs = {}
    for name in ["k1", "k2"]:
        outputs[name] = cluster.folder / f"{name}.out"
        with open(outputs[name], "wb") as file, open(cluster.folder / f"{name}.err", "wb") as errors:
            cluster.running[name] = subprocess.Popen(
                [tool("kos-relay"), "--name", name, "--listen", "tcp://127.0.0.1:0", "--socket", "none",
                 "--key-file", cluster.folder / f"{name}.pem",
                 *cluster.options("s1")[2:], "--gossip-bind", cluster.address(name)],
                stdout=file, stderr=errors, env=cluster.environment(name))
    ids = {name: wait_for(lambda: records(outputs[name].read_text()))[0]["nodeId"] for name in outputs}

    def links(name):
        return {record["destination"]: record.get("address") for record in records(outputs[name].read_text())
                if record["type"] == "link" and record["event"] == "up"}
    wait_for(lambda: ids["k2"] in links("k1") and ids["k1"] in links("k2"))
    low, high = sorted(["k1", "k2"], key=ids.get)
    # Whoever called knows where the other listens.
    assert links(low)[ids[high]] and not links(high)[ids[low]]
    for name in outputs:
        cluster.kill(name, signal.SIGTERM)


def test_one_member_of_two_is_enough(plain):
    plain.serf("s1")
    result = plain.discover(*plain.options("s9", "s1"))
    assert result.returncode == 0, result.stderr
    assert [record["nodeId"] for record in records(result.stdout)] == ["s1"]
    assert result.stderr.count("\n") == 1 and plain.address("s9") in result.stderr


def test_nobody_there(plain):
    result = plain.discover(*plain.options("s9"))
    assert (result.returncode, result.stdout) == (3, "")
    result = plain.discover(*plain.options("s9"), "-A", "--gossip-bind", plain.address("k1"))
    assert result.returncode == 3
    [announcement] = records(result.stdout)
    assert announcement["success"] is False and "no gossip peer answered" in announcement["error"]
    result = plain.discover("-m", "gossip")
    assert (result.returncode, result.stdout) == (3, "") and "--gossip-join" in result.stderr


def test_another_key_and_no_key_open_nothing(tmp_path):
    cluster = Cluster(tmp_path, key())
    try:
        cluster.serf("s1")
        other = tmp_path / "other"
        other.write_text(key() + "\n")
        for options in [["--gossip-keyring", other], []]:
            result = cluster.discover("-m", "gossip", "--gossip-join", cluster.address("s1"), *options)
            assert (result.returncode, result.stdout) == (3, ""), result.stderr
        ring = tmp_path / "ring"
        ring.write_text(json.dumps([key(), cluster.key]))
        # The second key of a ring opens what others seal; the first one seals, and they lack it.
        result = cluster.discover("-m", "gossip", "--gossip-join", cluster.address("s1"), "--gossip-keyring", ring)
        assert result.returncode == 3
        ring.write_text(json.dumps([cluster.key, key()]))
        result = cluster.discover("-m", "gossip", "--gossip-join", cluster.address("s1"), "--gossip-keyring", ring)
        assert result.returncode == 0, result.stderr
        other.write_text("no key\n")
        result = cluster.discover(*cluster.options("s1")[:-1], other)
        assert result.returncode == 3 and "no key ring" in result.stderr
    finally:
        cluster.close()


def test_the_cluster_turns_the_key_ring(tmp_path):
    """Serf installs a key, uses it and removes the old one; a member of ours obeys, lists what it has, says
    no where Serf would, and keeps the ring for its next run."""
    cluster = Cluster(tmp_path, key())
    old, new = cluster.key, key()
    try:
        cluster.serf("s1")
        path = cluster.start("k1", "-W", "--gossip-member", join=["s1"])
        wait_for(lambda: len(cluster.members("s1")) == 2)

        def keys(*arguments):
            result = cluster.ask("s1", "keys", *arguments)
            return result.returncode, result.stdout + result.stderr

        def counts():
            return dict(re.findall(r"(\S{44}) +\[(\d+/\d+)\]", keys("-list")[1]))

        assert counts() == {old: "2/2"}
        assert keys(f"-use={new}")[0] != 0  # nobody has it
        assert keys(f"-install={new}")[0] == 0
        assert counts() == {old: "2/2", new: "2/2"}
        assert json.loads((tmp_path / "keyring").read_text()) == [old, new]
        assert keys(f"-use={new}")[0] == 0
        refused = keys(f"-remove={new}")  # the one that seals
        assert refused[0] != 0 and "2" in refused[1], refused
        assert keys(f"-remove={old}")[0] == 0
        assert counts() == {new: "2/2"}
        assert json.loads((tmp_path / "keyring").read_text()) == [new]
        cluster.ask("s1", "tags", "-set", "role=sensor")
        wait_for(lambda: view(path)["s1"]["capabilities"] == ["sensor"])
        found = cluster.discover(*cluster.options("s1"))
        assert found.returncode == 0 and {"s1"} < {each["nodeId"] for each in records(found.stdout)}
    finally:
        cluster.close()


def test_views_agree_after_random_kills(cluster):
    """Three agents of Serf and three of ours; any may be killed, and comes back."""
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    names = ["s1", "s2", "s3", "k1", "k2", "k3"]
    ids = {}

    def start(name):
        others = [other for other in names if other != name]
        if name[0] == "s":
            cluster.serf(name, join=others)
            ids[name] = name
        else:
            path = cluster.start(name, "-W", "--gossip-member", join=others)
            wait_for(lambda: path.read_text() != "")
            if name not in ids:
                result = cluster.discover("-A", "-m", "gossip", name=name)
                ids[name] = records(result.stdout)[0]["nodeId"]

    def seen_by(name):
        if name[0] == "s":
            return {each["name"] for each in cluster.members(name).values() if each["status"] == "alive"}
        return set(view(cluster.running[name].path)) | {ids[name]}

    for name in names:
        start(name)
    everybody = set(ids.values())
    wait_for(lambda: all(seen_by(name) == everybody for name in names), 60)
    for _ in range(20 if os.environ.get("LONG") else 4):
        name = dice.choice(names)
        cluster.kill(name)
        time.sleep(dice.choice([0.5, 2, 8]))
        start(name)
        time.sleep(dice.choice([0.1, 1, 4]))
    try:
        wait_for(lambda: all(seen_by(name) == everybody for name in names), 75)
    except AssertionError:
        lost = {name: sorted(everybody - seen_by(name)) for name in names}
        raise AssertionError(f"seed {seed}: {lost} of {ids}")

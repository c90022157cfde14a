"""kos-discover over mDNS between two hosts, judged by avahi-browse, avahi-publish and python-zeroconf."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time

import pytest

from avahi_hosts import Wire, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(os.environ.get("KOS_BIN", os.path.join(ROOT, ".build", "release")), "kos-discover")


@pytest.fixture(scope="module")
def wire():
    with Wire() as wire:
        yield wire


@pytest.fixture(autouse=True)
def silence(wire):
    """Each test starts without a name in the caches. A goodbye leaves one there for a second; one that was
    lost, since the network was down, for more than an hour: then the daemons begin anew."""

    def is_silent():
        return not seen_by_avahi(wire.b) and not seen_by_avahi(wire.a)

    end = time.monotonic() + 4
    while not is_silent():
        if time.monotonic() > end:
            for host in (wire.a, wire.b):
                host.stop_avahi()
                host.start_avahi()
            return wait_for("silence", is_silent)
        time.sleep(0.1)


def environment(tmp_path, host):
    folder = tmp_path / host.side
    folder.mkdir(exist_ok=True)
    return ["env", "-i", f"HOME={folder}", "PATH=" + os.environ["PATH"]]


def discover(host, tmp_path, *arguments, timeout=30):
    return host.run(environment(tmp_path, host) + [TOOL, *arguments], timeout=timeout)


def records(text):
    return [json.loads(line) for line in text.splitlines()]


@contextlib.contextmanager
def running(host, command):
    process = host.popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=10)


class Lines:
    """Reads records of a process one by one, with a deadline."""

    def __init__(self, process):
        self.file = process.stdout
        self.buffer = b""

    def next(self, seconds=10.0):
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.file], [], [], left)[0], "no record in time"
            chunk = os.read(self.file.fileno(), 65536)
            assert chunk, "the tool ended"
            self.buffer += chunk
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def until(self, condition, seconds=10.0):
        end = time.monotonic() + seconds
        while True:
            record = self.next(max(0.01, end - time.monotonic()))
            if condition(record):
                return record


@contextlib.contextmanager
def announced(host, tmp_path, *arguments):
    """kos-discover -A --hold in the background; yields its first announcement record."""
    command = environment(tmp_path, host) + [TOOL, "-A", "--hold", "10m", *arguments]
    with running(host, command) as process:
        yield process, Lines(process).next()


def published(host, name, *txt, type="_kos._tcp", port="4711"):
    return running(host, ["avahi-publish", "-s", name, type, port, *txt])


def seen_by_avahi(host, type="_kos._tcp"):
    """Resolved rows of avahi-browse: (name, address, port, TXT). It waits without an end for a name that went
    while it was being resolved, so it is asked again."""
    for _ in range(3):
        with contextlib.suppress(subprocess.TimeoutExpired):
            text = host.run(["avahi-browse", "-rtp", type], timeout=10).stdout
            break
    else:
        raise AssertionError("avahi-browse does not end")
    rows = []
    for line in text.splitlines():
        if line.startswith("="):
            parts = line.split(";", 9)
            rows.append((parts[3], parts[7], int(parts[8]), parts[9]))
    return rows


def test_avahi_browse_sees_our_announcement(wire, tmp_path):
    with announced(wire.a, tmp_path, "--listen", "ws://:47480", "--capability", "relay",
                   "--capability", "store") as (_, announcement):
        assert announcement["type"] == "announcement" and announcement["success"] is True
        node = announcement["nodeId"]
        rows = wait_for("avahi-browse sees it", lambda: seen_by_avahi(wire.b))
    assert {row[0] for row in rows} == {node}
    assert {row[2] for row in rows} == {47480}
    assert "10.77.0.1" in {row[1] for row in rows}
    for row in rows:
        assert f'"nodeId={node}"' in row[3] and '"capabilities=relay,store"' in row[3]
        assert '"endpoints=ws://:47480/"' in row[3] and '"signature=' in row[3]


def test_zeroconf_sees_us_and_verifies_the_signature(wire, tmp_path):
    script = """
import json, sys, time, threading
from zeroconf import Zeroconf, ServiceBrowser
found = threading.Event()
class Listener:
    def add_service(self, zc, type, name):
        info = zc.get_service_info(type, name, 3000)
        print(json.dumps({"name": name, "port": info.port, "addresses": info.parsed_addresses(),
              "txt": {k.decode(): v.decode() for k, v in info.properties.items()}}), flush=True)
        found.set()
    def update_service(self, *_): pass
    def remove_service(self, *_): pass
zc = Zeroconf(interfaces=["10.77.0.2"])
browser = ServiceBrowser(zc, "_kos._tcp.local.", Listener())
found.wait(10)
zc.close()
"""
    with announced(wire.a, tmp_path, "--capability", "relay") as (_, announcement):
        wire.b.stop_avahi()
        try:
            result = wire.b.run([sys.executable, "-c", script])
        finally:
            wire.b.start_avahi()
    assert result.stdout, result.stderr
    seen = json.loads(result.stdout.splitlines()[0])
    txt = seen["txt"]
    assert seen["name"] == announcement["nodeId"] + "._kos._tcp.local."
    assert txt["nodeId"] == announcement["nodeId"]

    import base64
    import hashlib

    import rfc8785
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = base58(txt["nodeId"][1:])[2:]
    assert txt["keyHash"] == hashlib.sha256(key).hexdigest()[:32]
    signed = {"nodeId": txt["nodeId"], "capabilities": txt["capabilities"].split(","),
              "endpoints": txt["endpoints"].split(","), "timestamp": int(txt["timestamp"]),
              "ttlMs": int(txt["ttlMs"])}
    message = b"kos-announcement-v1\n" + rfc8785.dumps(signed)
    Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(txt["signature"]), message)


def base58(text):
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    value = 0
    for character in text:
        value = value * 58 + alphabet.index(character)
    return value.to_bytes(34, "big")


def test_one_record_a_peer_over_both_ip_versions(wire, tmp_path):
    with announced(wire.a, tmp_path, "--listen", "tcp://:47470", "--listen", "udp://:47470",
                   "--capability", "relay") as (_, announcement):
        wait_for("both versions", lambda: len(seen_by_avahi(wire.b)) >= 2)
        result = discover(wire.b, tmp_path)
    assert result.returncode == 0, result.stderr
    peers = records(result.stdout)
    assert [peer["type"] for peer in peers] == ["peer"], peers
    peer = peers[0]
    assert peer["nodeId"] == announcement["nodeId"] and peer["event"] == "found"
    assert peer["capabilities"] == ["relay"]
    assert peer["metadata"]["signed"] is True and peer["metadata"]["discoveryMethod"] == "mdns"
    kinds = {(address["type"], ":" in address["address"]) for address in peer["addresses"]}
    assert kinds == {("tcp", False), ("udp", False), ("tcp", True), ("udp", True)}
    assert {address["interface"] for address in peer["addresses"]} == {"ve0"}
    assert peer["addresses"][0]["address"] == "10.77.0.1"


def test_we_see_avahi_publish(wire, tmp_path):
    with published(wire.a, "Küche · dot.name\\", "nodeId=kitchen", "capabilities=route,send"):
        wait_for("avahi", lambda: seen_by_avahi(wire.b))
        result = discover(wire.b, tmp_path, "-m", "mdns")
    assert result.returncode == 0, result.stderr
    [peer] = records(result.stdout)
    assert peer["nodeId"] == "kitchen" and peer["capabilities"] == ["route", "send"]
    assert peer["metadata"]["name"] == "Küche · dot.name\\"
    assert "signed" not in peer["metadata"]
    assert {address["port"] for address in peer["addresses"]} == {4711}


def test_we_see_zeroconf(wire, tmp_path):
    script = """
import socket, sys
from zeroconf import Zeroconf, ServiceInfo
zc = Zeroconf(interfaces=["10.77.0.1"])
zc.register_service(ServiceInfo("_kos._tcp.local.", "python._kos._tcp.local.", port=4712,
    addresses=[socket.inet_aton("10.77.0.1")], server="python-host.local.",
    properties={"nodeId": "python", "capabilities": "store"}))
print("up", flush=True)
sys.stdin.read()
zc.close()
"""
    wire.a.stop_avahi()
    try:
        process = wire.a.popen([sys.executable, "-c", script], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "up\n"
        result = discover(wire.b, tmp_path)
        process.communicate("", timeout=10)
    finally:
        wire.a.start_avahi()
    [peer] = records(result.stdout)
    assert peer["nodeId"] == "python" and peer["capabilities"] == ["store"]
    assert [(a["address"], a["port"]) for a in peer["addresses"]] == [("10.77.0.1", 4712)]


def test_a_forged_announcement_is_not_believed(wire, tmp_path):
    with announced(wire.a, tmp_path, "--capability", "relay") as (_, announcement):
        node = announcement["nodeId"]
        wait_for("avahi", lambda: seen_by_avahi(wire.b))
    forged = ["kos=1", f"nodeId={node}", "capabilities=evil", "endpoints=tcp://:1",
              "timestamp=1795337400000", "ttlMs=120000", "signature=" + "A" * 86 + "=="]
    with published(wire.a, "impostor", *forged):
        wait_for("avahi", lambda: any(row[0] == "impostor" for row in seen_by_avahi(wire.b)))
        result = discover(wire.b, tmp_path, "-v")
    assert result.returncode == 1 and result.stdout == ""
    assert "not believed: forged" in result.stderr


def test_until_ends_at_once_and_quietly(wire, tmp_path):
    with published(wire.a, "bravo", "nodeId=bravo"):
        wait_for("avahi", lambda: seen_by_avahi(wire.b))
        begin = time.monotonic()
        result = discover(wire.b, tmp_path, "-q", "--until", "bravo", "-t", "5s")
        took = time.monotonic() - begin
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert took < 0.9, took  # avahi's own "all for now" comes after a second
    result = discover(wire.b, tmp_path, "-q", "--until", "nobody", "-t", "1s")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")


def test_nobody_there_is_one(wire, tmp_path):
    result = discover(wire.b, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")


def test_count_and_filters(wire, tmp_path):
    with published(wire.a, "one", "nodeId=alpha-1", "capabilities=relay"), \
            published(wire.a, "two", "nodeId=alpha-2", "capabilities=store"), \
            published(wire.a, "three", "nodeId=beta-1", "capabilities=store"):
        wait_for("avahi", lambda: len({row[0] for row in seen_by_avahi(wire.b)}) == 3)
        names = lambda *a: sorted(r["nodeId"] for r in records(discover(wire.b, tmp_path, *a).stdout))
        assert names() == ["alpha-1", "alpha-2", "beta-1"]
        assert names("--node", "alpha-*") == ["alpha-1", "alpha-2"]
        assert names("--capability", "store") == ["alpha-2", "beta-1"]
        assert len(names("-c", "2")) == 2
        assert names("--scope", "local") == []
        assert names("--scope", "lan") == ["alpha-1", "alpha-2", "beta-1"]
        assert names("--require-signed") == []


def test_other_service_types(wire, tmp_path):
    with published(wire.a, "printer", "pdl=x", type="_ipp._tcp", port="631"):
        wait_for("avahi", lambda: seen_by_avahi(wire.b, "_ipp._tcp"))
        assert discover(wire.b, tmp_path).returncode == 1
        [peer] = records(discover(wire.b, tmp_path, "--service", "_ipp._tcp").stdout)
        assert peer["nodeId"] == "printer" and peer["capabilities"] == ["service"]
        everything = records(discover(wire.b, tmp_path, "--service", "any").stdout)
        assert "printer" in {peer["nodeId"] for peer in everything}
        for domain, code in [("local", 0), ("elsewhere.example", 1)]:
            result = discover(wire.b, tmp_path, "--service", "_ipp._tcp", "--domain", domain)
            assert result.returncode == code, result


def test_watch_tells_of_joining_changing_and_leaving(wire, tmp_path):
    watch = environment(tmp_path, wire.b) + [TOOL, "--watch"]
    with running(wire.b, watch) as process:
        lines = Lines(process)
        with published(wire.a, "foxtrot", "nodeId=foxtrot", "capabilities=relay"):
            joined = lines.next()
            assert joined["nodeId"] == "foxtrot" and joined["event"] in ("joined", "found")
        left = lines.next()
        assert (left["event"], left["reason"], left["addresses"]) == ("left", "goodbye", [])
        assert left["metadata"]["firstSeen"] == joined["metadata"]["firstSeen"]
        with published(wire.a, "golf", "nodeId=golf"):
            assert lines.next()["event"] == "joined"
        assert lines.next()["event"] == "left"
        process.send_signal(signal.SIGINT)
        summary = lines.next()
        assert summary["type"] == "summary" and summary["tool"] == "kos-discover"
        assert process.wait(5) == 0


def test_watch_survives_restarts_of_its_daemon(wire, tmp_path):
    watch = environment(tmp_path, wire.b) + [TOOL, "--watch"]
    for number, hotel, india in [(signal.SIGTERM, "hotel", "india"), (signal.SIGKILL, "motel", "indigo")]:
        with running(wire.b, watch) as process, published(wire.a, hotel, f"nodeId={hotel}"):
            lines = Lines(process)
            lines.until(lambda record: record["nodeId"] == hotel)
            wire.b.stop_avahi(number)
            time.sleep(0.3)
            wire.b.start_avahi()
            with published(wire.a, india, f"nodeId={india}"):
                record = lines.until(lambda record: record["nodeId"] in (hotel, india), 30)
                assert (record["event"], record["nodeId"]) == ("joined", india)
            record = lines.until(lambda record: record["event"] != "changed")
            assert (record["event"], record["nodeId"]) == ("left", india)


def test_an_announcement_survives_restarts_of_its_daemon(wire, tmp_path):
    with announced(wire.a, tmp_path) as (process, announcement):
        for number in (signal.SIGTERM, signal.SIGKILL):
            wait_for("avahi-browse sees it", lambda: seen_by_avahi(wire.b))
            wire.a.stop_avahi(number)
            wire.b.stop_avahi()  # and with it the name in its cache
            wire.b.start_avahi()
            assert not seen_by_avahi(wire.b)
            wire.a.start_avahi()
            rows = wait_for("it is there again", lambda: seen_by_avahi(wire.b), 30)
            assert {row[0] for row in rows} == {announcement["nodeId"]}
        assert process.poll() is None


def test_where_one_method_of_two_fails_the_status_is_five(wire, tmp_path):
    result = discover(wire.a, tmp_path, "-A", "-m", "mdns,dht")
    assert result.returncode == 5, result.stderr
    told = {record["method"]: record["success"] for record in records(result.stdout)}
    assert told == {"mdns": True, "dht": False}
    assert result.stderr.count("\n") == 1 and "--dht-node" in result.stderr


def test_the_reader_leaves_and_the_watch_ends_quietly(wire, tmp_path):
    with published(wire.a, "juliett", "nodeId=juliett"):
        wait_for("avahi", lambda: seen_by_avahi(wire.b))
        line = " ".join(environment(tmp_path, wire.b)) + f" {TOOL} --watch"
        result = wire.b.run(["sh", "-c", f"{{ {line}; echo $? >&2; }} | (read l; echo \"$l\")"],
                            timeout=10)
    assert json.loads(result.stdout)["nodeId"] == "juliett"
    assert result.stderr == "0\n"


def test_announcing_is_withdrawn_at_the_end_of_hold(wire, tmp_path):
    watch = environment(tmp_path, wire.b) + [TOOL, "--watch"]
    with running(wire.b, watch) as process:
        lines = Lines(process)
        with announced(wire.a, tmp_path) as (announcer, announcement):
            joined = lines.next()
            assert joined["nodeId"] == announcement["nodeId"]
            announcer.send_signal(signal.SIGTERM)
            assert announcer.wait(5) == 0
        left = lines.until(lambda record: record["event"] != "changed")
        assert (left["event"], left["reason"]) == ("left", "goodbye")


def test_renewal_updates_txt_in_place_without_news(wire, tmp_path):
    watch = environment(tmp_path, wire.b) + [TOOL, "--watch"]
    stamp = lambda: {row[3].split('"timestamp=')[1].split('"')[0] for row in seen_by_avahi(wire.b)}
    with running(wire.b, watch) as process:
        lines = Lines(process)
        with announced(wire.a, tmp_path, "--ttl", "3s"):
            assert lines.next()["type"] == "peer"
            first = wait_for("avahi", stamp)
            wait_for("a renewed timestamp", lambda: stamp() and stamp() != first)
        assert lines.next()["event"] == "left"  # and nothing in between


@contextlib.contextmanager
def silenced(host):
    """A host whose packets do not leave it: no goodbye, no answer."""
    rules = "table inet kos { chain out { type filter hook output priority 0; oifname ve0 drop; }; }\n"
    assert host.run(["nft", "-f", "-"], input=rules).returncode == 0
    try:
        yield
    finally:
        host.run(["nft", "delete", "table", "inet", "kos"])


def test_a_host_that_falls_silent_is_unreachable_and_comes_back(wire, tmp_path):
    """Avahi lists it for two minutes more; its announcement holds for six seconds."""
    watch = environment(tmp_path, wire.b) + [TOOL, "--watch"]
    with running(wire.b, watch) as process:
        lines = Lines(process)
        with announced(wire.a, tmp_path, "--ttl", "6s") as (_, announcement):
            assert lines.next()["nodeId"] == announcement["nodeId"]
            with silenced(wire.a):
                left = lines.next(20)
                assert (left["event"], left["reason"]) == ("left", "unreachable")
                assert seen_by_avahi(wire.b)
            assert lines.next(40)["event"] == "joined"
        assert lines.until(lambda record: record["event"] == "left")["reason"] == "goodbye"


def test_after_a_change_of_the_network_peers_are_asked(wire, tmp_path):
    """An hour to live, but the network is another one: whoever is silent has left."""
    watch = environment(tmp_path, wire.b) + [TOOL, "--watch", "-v"]
    with running(wire.b, watch) as process, published(wire.a, "kilo", "nodeId=kilo"):
        lines = Lines(process)
        with announced(wire.a, tmp_path, "--ttl", "1h", "--listen", "tcp://:4712") as (_, announcement):
            assert {lines.next()["nodeId"], lines.next()["nodeId"]} == {"kilo", announcement["nodeId"]}
            with silenced(wire.a):
                assert wire.b.run(["ip", "addr", "add", "10.78.0.2/24", "dev", "ve0"]).returncode == 0
                try:
                    gone = [lines.next(20), lines.next(20)]
                finally:
                    wire.b.run(["ip", "addr", "del", "10.78.0.2/24", "dev", "ve0"])
                assert {(r["event"], r["reason"]) for r in gone} == {("left", "unreachable")}


def test_what_does_not_fit_is_asked_of_the_node(wire, tmp_path):
    """Thirty long capabilities: the announcement names some, the relay's node info all."""
    names = [f"capability-number-{number}" for number in range(30)]
    listed = [word for name in names for word in ("--capability", name)]
    command = environment(tmp_path, wire.a) + [
        os.path.join(os.path.dirname(TOOL), "kos-relay"), "--socket", "none",
        "--listen", f"tcp://{wire.a.address}:4713", *listed]
    with running(wire.a, command) as relay:
        assert Lines(relay).next()["event"] == "found"
        with announced(wire.a, tmp_path, "--listen", "tcp://:4713", *listed):
            wait_for("avahi", lambda: seen_by_avahi(wire.b))
            assert "capability-number-29" not in str(seen_by_avahi(wire.b))
            # On a busy machine it is written before the node has answered, and again when it has.
            first, *later = records(discover(wire.b, tmp_path).stdout)
            assert {each["nodeId"] for each in later} <= {first["nodeId"]} and len(later) < 2
            peer = (later or [first])[0]
            assert sorted(peer["capabilities"]) == sorted(names)
            assert peer["metadata"]["signed"] is True


def test_a_relay_announces_itself_and_takes_leave(wire, tmp_path):
    command = environment(tmp_path, wire.a) + [
        os.path.join(os.path.dirname(TOOL), "kos-relay"), "--socket", "none", "--announce", "--name", "gate",
        "--listen", "tcp://:4714", "--capability", "archive"]
    watch = environment(tmp_path, wire.b) + [TOOL, "--watch"]
    with running(wire.b, watch) as process, running(wire.a, command) as relay:
        node = Lines(relay).next()["nodeId"]
        lines = Lines(process)
        joined = lines.next()
        assert joined["nodeId"] == node and joined["metadata"]["signed"] is True
        assert joined["metadata"]["name"] == "gate" and joined["capabilities"] == ["archive"]
        assert wire.a.address in [address["address"] for address in joined["addresses"]]
        relay.send_signal(signal.SIGTERM)
        left = lines.next()
        assert (left["event"], left["reason"]) == ("left", "goodbye")
        assert relay.wait(10) == 0


def test_without_a_daemon(wire, tmp_path):
    wire.b.stop_avahi()
    try:
        asked = discover(wire.b, tmp_path, "-m", "mdns")
        auto = discover(wire.b, tmp_path)
        survey = {r["name"]: r for r in records(discover(wire.b, tmp_path, "--methods").stdout)}
        announce = discover(wire.b, tmp_path, "-A")
    finally:
        wire.b.start_avahi()
    assert (asked.returncode, asked.stdout) == (3, "")
    assert asked.stderr.count("\n") == 1 and "Avahi daemon is not running" in asked.stderr
    assert (auto.returncode, auto.stdout) == (1, "")
    assert auto.stderr.count("\n") == 1 and "Avahi daemon is not running" in auto.stderr
    assert survey["mdns"]["available"] is False and "not running" in survey["mdns"]["reason"]
    assert announce.returncode == 3 and records(announce.stdout)[0]["success"] is False


def test_without_the_library(wire, tmp_path):
    """libavahi-client hidden, as on a host that never had it: the other methods are still there."""
    library = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True).stdout
    [path] = {line.split()[-1] for line in library.splitlines() if "libavahi-client.so.3 " in line}

    def hidden(*arguments):
        script = f'mount --bind /dev/null {path} && exec "$@"'
        return wire.b.run(
            [*environment(tmp_path, wire.b), "unshare", "-m", "sh", "-c", script, "sh", TOOL, *arguments])
    asked = hidden("-m", "mdns")
    assert (asked.returncode, asked.stdout) == (3, "")
    assert asked.stderr.count("\n") == 1 and "libavahi-client" in asked.stderr
    survey = {r["name"]: r for r in records(hidden("--methods").stdout)}
    assert survey["mdns"]["available"] is False and "libavahi-client3" in survey["mdns"]["reason"]
    assert survey["bootstrap"]["available"] is True


def test_methods(wire, tmp_path):
    result = discover(wire.b, tmp_path, "--methods")
    survey = {record["name"]: record for record in records(result.stdout)}
    assert result.returncode == 0 and survey["mdns"]["available"] is True
    assert set(survey) == {"mdns", "dht", "bluetooth", "lora", "bootstrap", "gossip", "static"}
    for record in survey.values():
        assert record["available"] or record["reason"]


def test_the_name_is_changed_when_it_is_taken(wire, tmp_path):
    with published(wire.b, "same-name", "nodeId=other"):
        wait_for("avahi", lambda: any(row[0] == "same-name" for row in seen_by_avahi(wire.a)))
        with announced(wire.a, tmp_path, "--name", "same-name") as (_, announcement):
            rows = wait_for("the other name", lambda: [
                row for row in seen_by_avahi(wire.b) if row[0] == r"same-name\032\0352"])
            assert f'"nodeId={announcement["nodeId"]}"' in rows[0][3]

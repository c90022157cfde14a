"""What whoever operates a relay does to it: metrics, lists, bans, the service manager, the end."""
import contextlib
import json
import signal
import socket
import subprocess
import time
import urllib.request

import pytest
from aioice import stun
from prometheus_client.parser import text_string_to_metric_families

from kit import records, tool
from mesh import PythonNode, Relay


@contextlib.contextmanager
def relays(*started):
    try:
        yield
    finally:
        for relay in started:
            relay.stop()


def up(relay, other=None):
    return relay.wait(lambda record: record["type"] == "link" and record["event"] == "up"
                      and (other is None or record["destination"] == other.id))


def down(relay, other):
    return relay.wait(lambda record: record["type"] == "link" and record["event"] == "down"
                      and record["destination"] == other.id)


def test_prometheus_reads_the_metrics(tmp_path, run):
    one = Relay(tmp_path, "one", listen=["ws://127.0.0.1:0", "tcp://127.0.0.1:0"])
    two = Relay(tmp_path, "two", "--connect", one.uri())
    with relays(two, one):
        up(one, two)
        assert run("kos-send", "--connect", one.uri(), "-T", "two", "x").returncode == 0
        def scrape():
            with urllib.request.urlopen(f"http://127.0.0.1:{one.ports['ws']}/metrics") as answer:
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                text = answer.read().decode()
            return {family.name: family for family in text_string_to_metric_families(text)}
        end = time.monotonic() + 10
        while (families := scrape())["kos_mesh_nodes"].samples[0].value < 2 and time.monotonic() < end:
            time.sleep(0.05)
        sent = {sample.labels["peer"]: sample.value for sample in families["kos_sent_packets"].samples}
        assert sent[two.id] > 0
        assert families["kos_mesh_nodes"].samples[0].value >= 2
        assert families["kos_mesh_connectivity_ratio"].samples[0].value == 1
        assert families["kos_round_trip_seconds"].samples[0].value < 1
        status = records("kos-relay", run("kos-relay", "status", "--socket", one.socket).stdout)
        assert len(families["kos_received_bytes"].samples) == len(status) - 1


def test_six_figures_of_each_neighbour_and_of_the_mesh(tmp_path, run):
    """Latency, loss, throughput, route discovery time, availability, connectivity, in records and for Prometheus."""
    one = Relay(tmp_path, "one", "--heartbeat", "500ms", listen=["ws://127.0.0.1:0"])
    two = Relay(tmp_path, "two", "--connect", one.uri("ws"))
    with relays(one):
        with relays(two):
            up(one, two)
            end = time.monotonic() + 10
            while True:
                whole, link = records("kos-relay", run("kos-relay", "status", "--socket", one.socket).stdout)
                if whole.get("throughputBps", 0) > 0 and whole["nodes"] == 2:
                    break
                assert time.monotonic() < end, whole
                time.sleep(0.1)
            for record in (whole, link):
                assert 0 < record["rttMs"] < 1000 and 0 <= record["lossRatio"] < 0.5
                assert record["availability"] == 1 and 0 < record["discoveryMs"] < 5000
            assert link["throughputBps"] > 0 and link["peer"] == two.id and whole["connectivity"] == 1
            with urllib.request.urlopen(f"http://127.0.0.1:{one.ports['ws']}/metrics") as answer:
                families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
            for name in ["round_trip_seconds", "loss_ratio", "throughput_bytes_per_second", "discovery_seconds",
                         "availability_ratio", "connectivity_ratio"]:
                assert len(families[f"kos_mesh_{name}"].samples) == 1, name
            for name in ["round_trip_seconds", "loss_ratio", "throughput_bytes_per_second", "peer_discovery_seconds",
                         "availability_ratio"]:
                assert [sample.labels["peer"] for sample in families[f"kos_{name}"].samples] == [two.id], name
        # It has gone: for a growing share of the time it was not there.
        end = time.monotonic() + 10
        while True:
            [whole] = records("kos-relay", run("kos-relay", "status", "--socket", one.socket).stdout)
            if whole["availability"] < 1 and whole["nodes"] == 1:
                break
            assert time.monotonic() < end, whole
            time.sleep(0.1)


def test_who_is_in_the_mesh_and_a_ban(tmp_path, run):
    one = Relay(tmp_path, "one", listen=["ws://127.0.0.1:0"])
    two = Relay(tmp_path, "two", "--connect", one.uri("ws"))
    with relays(two, one):
        up(one, two)

        def who():
            found = records("kos-relay", run("kos-relay", "who", "--socket", one.socket).stdout)
            return {peer["nodeId"] for peer in found}
        end = time.monotonic() + 10
        while who() != {one.id, two.id} and time.monotonic() < end:
            time.sleep(0.05)
        assert who() == {one.id, two.id}
        [answer] = records("kos-relay", run("kos-relay", "ban", "two", "--socket", one.socket).stdout)
        assert answer["reason"] == "denied" and answer["from"] == two.id
        last = down(one, two)
        assert last["transport"] == "ws" and last["latency"] < 1000
        denied = one.wait(lambda record: record["type"] == "relayEvent" and record.get("reason") == "denied")
        assert denied
        [error] = records("kos-relay", run("kos-relay", "ban", "nobody", "--socket", one.socket).stdout)
        assert error["type"] == "error" and error["code"] == "unknownNode"


@pytest.mark.parametrize("entry", ["node", "127.0.0.0/8"])
def test_denied_neighbours_are_refused(tmp_path, entry):
    two = Relay(tmp_path, "two")
    (tmp_path / "deny").write_text(f"# not these\n\n{two.id if entry == 'node' else entry}  # really\n")
    one = Relay(tmp_path, "one", "--deny", tmp_path / "deny", "--connect", two.uri())
    with relays(one, two):
        refused = one.wait(lambda record: record["type"] == "relayEvent" and record["event"] == "dropped")
        assert refused["reason"] == "denied"
        assert not any(record["type"] == "link" for record in one.records)


def test_reload_takes_the_lists_anew_and_keeps_who_is_allowed(tmp_path):
    """SIGHUP: one neighbour is no longer allowed, the other's connection stays."""
    two, three = Relay(tmp_path, "two"), Relay(tmp_path, "three")
    allow = tmp_path / "allow"
    allow.write_text(f"{two.id}\n{three.id}\n")
    one = Relay(tmp_path, "one", "--allow", allow, "--connect", two.uri(), three.uri())
    with relays(one, two, three):
        up(one, two), up(one, three)
        allow.write_text("no such thing\n")
        one.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert b"not reloaded" in (tmp_path / "one.err").read_bytes()
        assert not any(record["type"] == "link" and record["event"] == "down" for record in one.records)
        allow.write_text(f"{two.id}\n")
        one.process.send_signal(signal.SIGHUP)
        assert down(one, three)
        one.read(0.3)
        assert not any(record["type"] == "link" and record["event"] == "down" and record["destination"] == two.id
                       for record in one.records)


def test_a_list_with_a_mistake_is_named_with_its_line(tmp_path, run):
    (tmp_path / "deny").write_text("10.0.0.0/8\n10.0.0.0/33\n")
    result = run("kos-relay", "--deny", tmp_path / "deny", "--listen", "tcp://127.0.0.1:0")
    assert result.returncode == 2 and b"line 2" in result.stderr and b"10.0.0.0/33" in result.stderr
    assert run("kos-relay", "--deny", tmp_path / "none", "--listen", "tcp://127.0.0.1:0").returncode != 0


@pytest.mark.parametrize("is_abstract", [False, True])
def test_the_service_manager_is_told(tmp_path, is_abstract):
    """sd_notify(3): ready, signs of life, reloading and ready again, stopping."""
    name = f"@{tmp_path}/notify" if is_abstract else f"{tmp_path}/notify"
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind("\0" + name[1:] if is_abstract else name)
    manager.settimeout(10)
    process = subprocess.Popen(
        [tool("kos-relay"), "--listen", "tcp://127.0.0.1:0", "--key-file", tmp_path / "key.pem", "--socket", "none"],
        stdout=subprocess.DEVNULL,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin", "NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"})
    try:
        def next_but_life():
            while (words := manager.recv(4096).decode()) == "WATCHDOG=1":
                pass
            return dict(line.split("=", 1) for line in words.split("\n"))
        assert next_but_life()["READY"] == "1"
        assert [manager.recv(4096) for _ in range(2)] == [b"WATCHDOG=1"] * 2
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        process.send_signal(signal.SIGHUP)
        reloading = next_but_life()
        assert reloading["RELOADING"] == "1"
        assert before <= int(reloading["MONOTONIC_USEC"]) / 1e6 + 0.001 <= time.clock_gettime(time.CLOCK_MONOTONIC) + 0.1
        assert next_but_life()["READY"] == "1"
        process.send_signal(signal.SIGTERM)
        assert next_but_life() == {"STOPPING": "1"}
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        manager.close()


def test_what_is_on_its_way_arrives_before_the_end(tmp_path):
    """A reader that is slow to take a megabyte has all of it after the relay was told to stop."""
    one = Relay(tmp_path, "one", "--insecure", "--events", "none")
    reader = socket.create_connection(("127.0.0.1", one.ports["tcp"]))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    sender = socket.create_connection(("127.0.0.1", one.ports["tcp"]))
    try:
        node, other = PythonNode(), PythonNode()
        # The relay learns where `node` is from a packet of its.
        reader.sendall(json.dumps(node.packet(one.id, "here", flags=())).encode() + b"\n")
        one.wait(lambda record: record["type"] == "packet")
        sent = [other.packet(node.id, "x" * 40000, flags=()) for _ in range(20)]
        sender.sendall(b"".join(json.dumps(packet).encode() + b"\n" for packet in sent))
        time.sleep(0.5)
        one.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        got = b""
        while chunk := reader.recv(1 << 20):
            got += chunk
        ids = [json.loads(line)["id"] for line in got.splitlines() if b"xxxx" in line]
        assert ids == [packet["id"] for packet in sent]
        # It leaves it to its neighbours to close, for a moment; a second signal would end it at once.
        assert one.process.wait(15) == 0
        one.stop()
    finally:
        reader.close()
        sender.close()


def test_sockets_of_the_service_manager_are_taken(tmp_path, run):
    """Socket activation: a tcp, a ws and a udp socket are passed; the relay opens none itself."""
    opened = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0)),
              socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
    opened[2].bind(("127.0.0.1", 0))
    script = ("import os, sys\n"
              "fds = [os.dup(int(fd)) for fd in sys.argv[1].split(',')]\n"
              "for place, fd in enumerate(fds): os.dup2(fd, 100 + place)\n"
              "for place in range(3): os.dup2(100 + place, 3 + place, inheritable=True)\n"
              "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='3', LISTEN_FDNAMES='a:b-ws:c')\n"
              "os.execv(sys.argv[2], sys.argv[2:])\n")
    process = subprocess.Popen(
        ["python3", "-c", script, ",".join(str(each.fileno()) for each in opened), tool("kos-relay"), "--name", "one",
         "--key-file", tmp_path / "key.pem", "--socket", "none"],
        stdout=subprocess.PIPE, pass_fds=[each.fileno() for each in opened], env={"HOME": str(tmp_path), "PATH": "/usr/bin"})
    try:
        record = json.loads(process.stdout.readline())
        ports = {each["type"]: each["port"] for each in record["addresses"]}
        assert ports == dict(zip(["tcp", "ws", "udp"], (each.getsockname()[1] for each in opened)))
        for kind, port in ports.items():
            path = "/" if kind == "ws" else ""
            assert run("kos-send", "-T", f"{kind}://127.0.0.1:{port}{path}", kind).returncode == 0
    finally:
        process.terminate()
        assert process.wait(15) == 0
        process.stdout.close()
        for each in opened:
            each.close()


@pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_stun_tells_a_peer_its_address(tmp_path, family, host):
    """Judged by aioice's STUN messages: the mapped address is the one that the socket has."""
    uri = f"udp://{host}:0" if family == socket.AF_INET else "udp://[::1]:0"
    one = Relay(tmp_path, "one", listen=[uri])
    with relays(one), socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.bind((host, 0))
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        client.sendto(bytes(request), (host, one.ports["udp"]))
        answer = stun.parse_message(client.recv(2048))
        assert answer.message_class == stun.Class.RESPONSE and answer.transaction_id == request.transaction_id
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == client.getsockname()[:2]
        # An attribute that must be understood and is not: error 420, and its type.
        raw = bytearray(bytes(request)) + b"\x7f\x01\x00\x04abcd"
        raw[3] = 8
        client.sendto(raw, (host, one.ports["udp"]))
        error = client.recv(2048)
        assert error[:2] == b"\x01\x11" and b"\x00\x0a\x00\x02\x7f\x01" in error
        # Cut off or malformed ones get no answer, and the relay lives.
        client.sendto(bytes(request)[:19], (host, one.ports["udp"]))
        client.sendto(raw[:-1], (host, one.ports["udp"]))
        client.sendto(bytes(request), (host, one.ports["udp"]))
        assert stun.parse_message(client.recv(2048)).transaction_id == request.transaction_id
        assert not any(record["type"] == "link" for record in one.records)


def test_a_reader_that_comes_back_finds_what_it_missed(tmp_path):
    """Records wait for a reader that slept; once it reads, they come, though nothing else happens."""
    relay = Relay(tmp_path, "relay", "--events", "all", "--heartbeat", "1h")
    with relays(relay):
        lines = [f"{number} " + "x" * 300 for number in range(2000)]
        sender = subprocess.run(
            [tool("kos-send"), "--connect", relay.uri(), "-T", relay.id, "--lines", "-t", "30s"],
            input="".join(f"{line}\n" for line in lines).encode(), env={"HOME": str(tmp_path)},
            capture_output=True)
        assert sender.returncode == 0, sender.stderr
        relay.wait(lambda record: record["type"] == "packet" and record["payload"] == lines[-1])
        got = [record["payload"] for record in relay.records if record["type"] == "packet"]
        assert got == lines

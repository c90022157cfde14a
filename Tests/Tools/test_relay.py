"""One relay and its life: input, faults, signals; and whole meshes in virtual time."""
import json
import os
import signal
import subprocess
import time

import pytest

from kit import records, tool
from mesh import PythonNode, Relay

LONG = bool(os.environ.get("LONG"))


def test_packets_of_stdin_are_forwarded_once(tmp_path):
    target = Relay(tmp_path, "target", listen=["udp://127.0.0.1:0"])
    bridge = Relay(tmp_path, "bridge", "--stdin", "--connect", target.uri("udp"), listen=[],
                   stdin=subprocess.PIPE)
    bridge.wait(lambda record: record["type"] == "link" and record["event"] == "up")
    time.sleep(0.5)
    packet = PythonNode().packet(target.id, {"base64": "S09TIGhlbGxv"})
    line = json.dumps({"type": "packet", "kos": 1, **packet}).encode() + b"\n"
    bridge.process.stdin.write(line + line + b'{"type":"note","text":"kept"}\nbroken\n')
    bridge.process.stdin.flush()
    arrived = target.wait(lambda record: record["type"] == "packet")
    assert arrived["id"] == packet["id"] and arrived["metadata"]["hops"] == 1
    assert arrived["metadata"]["ttl"] == 7
    event = bridge.wait(lambda record: record["type"] == "relayEvent" and record["event"] == "forwarded")
    assert event["from"] == "stdin" and (event["hops"], event["ttl"]) == (1, 7)
    event = bridge.wait(lambda record: record["type"] == "relayEvent" and record["event"] == "dropped")
    assert event["reason"] == "duplicate" and event["packetId"] == packet["id"]
    assert bridge.wait(lambda record: record["type"] == "note") == {"type": "note", "text": "kept"}
    assert bridge.wait(lambda record: record["type"] == "error")["line"] == 4
    bridge.process.stdin.close()
    bridge.process.stdin = None
    assert bridge.stop() == 0 and target.stop() == 0


def test_a_dead_relay_is_routed_around_and_taken_back(tmp_path, run):
    a = Relay(tmp_path, "a", "--heartbeat", "300ms")
    b = Relay(tmp_path, "b", "--heartbeat", "300ms", "--connect", a.uri())
    c = Relay(tmp_path, "c", "--heartbeat", "300ms", "--connect", a.uri())
    d = Relay(tmp_path, "d", "--heartbeat", "300ms", "--connect", b.uri(), "--connect", c.uri())

    def send():
        return run("kos-send", "-t", "15s", "--retry", "3", "--connect", a.uri(), "-T", "d", "x").returncode
    end = time.monotonic() + 20
    while send() != 0:
        assert time.monotonic() < end
    b.kill()
    assert send() == 0
    c.kill()
    assert run("kos-send", "-t", "8s", "--retry", "1", "--connect", a.uri(), "-T", d.id, "x").returncode == 1
    again = Relay(tmp_path, "c", "--heartbeat", "300ms", "--connect", a.uri(), "--connect", d.uri())
    end = time.monotonic() + 20
    while send() != 0:
        assert time.monotonic() < end
    assert again.stop() == 0 and d.stop() == 0 and a.stop() == 0


def test_signals_end_reload_and_ask(tmp_path):
    relay = Relay(tmp_path, "one")
    relay.process.send_signal(signal.SIGUSR1)
    total = relay.wait(lambda record: record["type"] == "metrics")
    assert total["nodeId"] == relay.id
    relay.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert relay.process.poll() is None
    assert relay.stop() == 0
    assert relay.records[-1]["type"] == "summary"
    assert not relay.socket.exists()
    relay = Relay(tmp_path, "one")
    assert subprocess.run([tool("kos-relay"), "stop", "--socket", relay.socket], env={"HOME": str(tmp_path)}).returncode == 0
    assert relay.process.wait(5) == 0
    relay.stop()


def test_a_key_that_others_may_read_is_not_used(tmp_path, run):
    relay = Relay(tmp_path, "one")
    relay.stop()
    key = tmp_path / "one.pem"
    assert os.stat(key).st_mode & 0o777 == 0o600
    openssl = subprocess.run(["openssl", "pkey", "-in", key, "-text", "-noout"], capture_output=True, text=True)
    assert "ED25519" in openssl.stdout.upper()
    key.chmod(0o644)
    result = run("kos-relay", "--key-file", key, "--listen", "tcp://127.0.0.1:0")
    assert result.returncode == 3 and b"chmod 600" in result.stderr


def test_a_taken_port_and_a_bad_uri_are_told(tmp_path, run):
    relay = Relay(tmp_path, "one")
    result = run("kos-relay", "--listen", relay.uri(), "--socket", "none")
    assert result.returncode == 3 and b"already in use" in result.stderr
    assert run("kos-relay", "--listen", "pigeon://x", "--socket", "none").returncode == 2
    assert run("kos-relay", "--listen", "tcp://127.0.0.1:99999", "--socket", "none").returncode == 2
    relay.stop()


@pytest.mark.parametrize("nodes, seeds", [(20, 10000 if LONG else 200), (12, 300)])
def test_five_hundred_meshes_keep_the_laws(run, nodes, seeds):
    result = run("kos-relay", "simulate", "--nodes", nodes, "--seeds", seeds, "--seed", nodes * 100_000, timeout=7200)
    *broken, summary = records("kos-relay", result.stdout)
    assert result.returncode == 0, broken[:5]
    assert summary["meshes"] == seeds and summary["failed"] == 0
    assert summary["acknowledged"] > 0.95 * summary["sent"], summary


def test_a_seed_is_a_run(run):
    first = run("kos-relay", "simulate", "--seed", "42", "--seeds", "2").stdout
    again = run("kos-relay", "simulate", "--seed", "42", "--seeds", "2").stdout
    assert json.loads(first.splitlines()[-1])["events"] == json.loads(again.splitlines()[-1])["events"]


def test_a_seed_that_breaks_a_law_is_replayed_by_one_command(run):
    """Relays that forget what they have delivered do break one: the hint is a command, and its trace shows how it came about."""
    result = run("kos-relay", "simulate", "--seeds", 150 if LONG else 30, "--forgetful", timeout=600)
    *broken, summary = records("kos-relay", result.stdout)
    assert result.returncode == 1 and summary["failed"] > 0
    first = broken[0]
    assert first["code"] == "lawBroken" and "twice" in first["message"]
    command = first["hint"].split()
    assert command[:2] == ["kos-relay", "simulate"] and "--trace" in command
    replay = run(*command, timeout=60)
    assert replay.returncode == 1
    *story, _ = records("kos-relay", replay.stdout)
    assert [each for each in story if each["type"] == "error"][0]["message"] == first["message"]
    told = [each for each in story if each["type"] == "log"]
    [packet] = [word for word in first["message"].split() if len(word) == 36]
    about = [each["message"] for each in told if packet in each["message"]]
    assert "sends" in about[0] and sum("delivers" in line for line in about) == 2
    assert any("crashes" in each["message"] for each in told)
    assert [each["timestamp"] for each in told] == sorted(each["timestamp"] for each in told)
    again = run(*command, timeout=60)
    assert [line for line in again.stdout.splitlines() if b'"log"' in line] == [
        line for line in replay.stdout.splitlines() if b'"log"' in line]

"""Peers between runs of kos-discover: what one run found, the next one asks and lists."""
import json
import subprocess
import time

from kit import lines, records, tool


def peers(result):
    return [record for record in records("kos-discover", result.stdout) if record["type"] == "peer"]


def test_bootstrap_asks_whom_it_met(run, home, tmp_path):
    folder = tmp_path / "relay"
    folder.mkdir()
    relay = subprocess.Popen(
        [tool("kos-relay"), "--name", "one", "--listen", "tcp://127.0.0.1:0"], stdout=subprocess.PIPE,
        env={**home, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)})
    try:
        record = json.loads(relay.stdout.readline())
        uri = "tcp://127.0.0.1:%d" % record["addresses"][0]["port"]
        nobody = run("kos-discover", "-m", "bootstrap")
        assert nobody.returncode == 3 and b"--bootstrap" in nobody.stderr
        assert run("kos-discover", "-m", "bootstrap", "--bootstrap", uri).returncode == 0
        again = run("kos-discover", "-m", "bootstrap")
        assert again.returncode == 0, again.stderr
        assert [peer["nodeId"] for peer in peers(again)] == [record["nodeId"]]
    finally:
        relay.terminate()
        relay.wait(10)
    listed = run("kos-discover", "-m", "static", "--cached")
    assert listed.returncode == 0
    [peer] = peers(listed)
    assert peer["nodeId"] == record["nodeId"] and peer["metadata"]["name"] == "one"
    assert peer["metadata"]["lastSeen"] <= time.time() * 1000
    assert run("kos-discover", "-m", "static").returncode == 1


def test_a_spoilt_file_is_no_trouble(run, home, tmp_path):
    state = tmp_path / "home" / ".local" / "state" / "kos"
    state.mkdir(parents=True)
    (state / "peers.ndjson").write_bytes(b"\x00\xff{}\n" * 1000)
    assert run("kos-discover", "-m", "static", "--cached").returncode == 1
    peer = {"type": "peer", "kos": 1, "nodeId": "alpha", "capabilities": [],
            "addresses": [{"type": "tcp", "address": "192.0.2.1", "port": 1}],
            "metadata": {"discoveryMethod": "static", "lastSeen": 1}}
    assert run("kos-discover", "-m", "static", "-", stdin=lines(peer)).returncode == 0
    listed = run("kos-discover", "-m", "static", "--cached")
    assert [each["nodeId"] for each in peers(listed)] == ["alpha"]

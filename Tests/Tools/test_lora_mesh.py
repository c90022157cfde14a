"""LoRa as a transport of the mesh: kos-send, kos-relay and kos-discover over simulated and emulated radios."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import time

import jsonschema
import pytest

from lora.kit import Bridge, emulator, free_port, homes, run, tool  # noqa: F401 (a fixture)

# Each worker has air of its own.
FIRST = 48000 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
PORTS = iter(range(FIRST, FIRST + 100))


@contextlib.contextmanager
def relay(place, *arguments):
    """A relay; gives the process and its own peer record."""
    process = subprocess.Popen([tool("kos-relay"), *arguments], env=place, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        own = json.loads(process.stdout.readline())
        yield process, own
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def send(place, *arguments, status=0):
    records, err = run(place, "kos-send", *arguments, status=status)
    return records[-1] if records else None, err


def test_a_packet_and_its_receipt_cross_the_air(homes):
    air = f"sim:{next(PORTS)}"
    with relay(homes("gate"), "--name", "gate", "--listen", air) as (process, own):
        time.sleep(1)
        result, _ = send(homes("one"), "--no-seal", "--connect", air, "-T", "gate", "hello over the air")
        assert result["success"] and result["status"] == "delivered"
        # By the whole id, without the mesh's help, in fragments.
        text = "0123456789" * 40
        result, _ = send(homes("one"), "--no-seal", "--connect", air, "-T", own["nodeId"], text)
        assert result["success"]
        process.terminate()
        out, _ = process.communicate(timeout=20)
    packets = [r for r in map(json.loads, out.splitlines()) if r["type"] == "packet"]
    assert [p["payload"] for p in packets] == ["hello over the air", text]
    assert all(p["signature"] for p in packets)


def test_the_wire_and_the_air_are_one_mesh(homes):
    """one ~air~ gate -tcp- inner, both ways, every packet signed and its receipt too."""
    air, port = f"sim:{next(PORTS)}", free_port()
    wire = f"tcp://127.0.0.1:{port}"
    with relay(homes("gate"), "--name", "gate", "--listen", air, wire), \
            relay(homes("inner"), "--name", "inner", "--connect", wire, "--listen",
                  "tcp://127.0.0.1:0") as (_, inner), \
            relay(homes("radio"), "--name", "radio", "--listen", air) as (_, radio):
        address = inner["addresses"][0]
        time.sleep(2)
        result, err = send(homes("one"), "--connect", air, "-T", inner["nodeId"], "to the inside")
        assert result["success"], err
        # The radio's own news of its links makes it known to the whole mesh, by its name.
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            result, err = send(homes("two"), "--connect", f"tcp://127.0.0.1:{address['port']}", "-T",
                               "radio", "to the radio", "-t", "30s", status=None)
            if result and result["success"]:
                break
            time.sleep(1)
        assert result and result["success"], err


def test_over_an_emulated_rnode(homes):
    with emulator("rnode_pair.py") as (a, b):
        with relay(homes("gate"), "--name", "gate", "--listen", f"lora:{a}?sf=8"):
            time.sleep(1)
            result, err = send(homes("one"), "--connect", f"lora:{b}?sf=8", "-T", "gate", "through modems")
            assert result["success"], err


@pytest.mark.parametrize("uri, word", [
    ("lora:/dev/nowhere", "No such file"), ("lora:sim:?sf=13", "5 to 12"),
    ("sim:?freq=915M", "868")])
def test_a_radio_that_cannot_be_had_is_told(homes, uri, word):
    _, err = send(homes("one"), "--connect", uri, "-T", "x", "y", status=3)
    assert word in err


def test_a_relay_waits_for_its_modem(homes):
    """The modem's bridge goes away and comes back: told, and packets go again."""
    with emulator("rnode_pair.py", "--tcp") as (a, b):
        bridge = Bridge(a)
        address = f"lora:tcp://{bridge.name}"
        with relay(homes("gate"), "--name", "gate", "--listen", address, "-v") as (process, own):
            time.sleep(1)
            send(homes("one"), "--connect", f"lora:{b}", "-T", "gate", "one")
            bridge.cut()
            result, err = send(homes("one"), "--connect", f"lora:{b}", "-T", own["nodeId"], "two", "-t", "60s")
            assert result["success"], err
            process.terminate()
            out, err = process.communicate(timeout=20)
    payloads = [json.loads(line).get("payload") for line in out.splitlines()]
    assert [p for p in payloads if p in ("one", "two")] == ["one", "two"]
    assert "again in" in err and "the modem is back" in err


# Discovery


def test_who_is_in_reach(homes):
    air = f"sim:{next(PORTS)}"
    far = f"lora:{air}?x=300000&exponent=3.5"
    with relay(homes("near"), "--name", "near", "--listen", f"lora:{air}?x=500"), \
            relay(homes("far"), "--name", "far", "--listen", far):
        time.sleep(2)
        records, _ = run(homes("one"), "kos-discover", "-m", "lora", "--lora", air)
    schema = json.loads(subprocess.check_output([tool("kos-discover"), "--schema"], text=True))
    assert [r["metadata"]["name"] for r in records] == ["near"]
    jsonschema.validate(records[0], schema)
    metadata = records[0]["metadata"]
    assert metadata["signed"] and metadata["methods"] == ["lora"] and metadata["ttlMs"] > 0
    assert -120 < metadata["rssiDbm"] < -60 and metadata["snrDb"] > 0
    kinds = [a["type"] for a in records[0]["addresses"]]
    assert kinds == ["lora"] and len(records[0]["addresses"][0]["address"]) == 32


def test_nobody_in_reach(homes):
    assert run(homes("one"), "kos-discover", "-m", "lora", "--lora", f"sim:{next(PORTS)}", status=1)[0] == []


def test_an_announcement_is_heard_and_answered(homes):
    air = f"sim:{next(PORTS)}"
    listener = subprocess.Popen([tool("kos-discover"), "-W", "-m", "lora", "--lora", air, "-c", "1", "-t",
                                 "20s"], env=homes("one"), stdout=subprocess.PIPE, text=True)
    time.sleep(1.5)
    records, _ = run(homes("two"), "kos-discover", "-A", "-m", "lora", "--lora", air, "--name", "two",
                     "--capability", "sensor")
    assert records[0]["type"] == "announcement" and records[0]["success"] and records[0]["bytesSent"] < 222
    heard = [json.loads(line) for line in listener.communicate(timeout=30)[0].splitlines()]
    assert heard[0]["metadata"]["name"] == "two" and heard[0]["capabilities"] == ["sensor"]
    # Held, it answers whoever asks.
    holder = subprocess.Popen([tool("kos-discover"), "-A", "-m", "lora", "--lora", air, "--hold", "30s"],
                              env=homes("two"), stdout=subprocess.PIPE, text=True)
    holder.stdout.readline()
    time.sleep(2)
    records, _ = run(homes("one"), "kos-discover", "-m", "lora", "--lora", air)
    holder.terminate()
    holder.communicate(timeout=20)
    assert len(records) == 1 and records[0]["nodeId"] == heard[0]["nodeId"]


@pytest.mark.parametrize("arguments, status, word", [
    (["--lora", "sim:?sf=13"], 2, "5 to 12"), (["--lora", "lora:/dev/nowhere"], 3, "No such file")])
def test_a_radio_that_is_none(homes, arguments, status, word):
    records, err = run(homes("one"), "kos-discover", "-m", "lora", *arguments, status=status)
    assert records == [] and word in err


def test_announcements_obey_the_law(homes):
    """SF12: 8 s an announcement, 36 s an hour, of which 30 are spent: it is told when it may go, and the hour's share
    is kept to."""
    air, place = f"sim:{next(PORTS)}", homes("one")
    spent = {"type": "transmission", "kos": 1, "timestamp": int(time.time() * 1000), "radio": air,
             "region": "EU868", "subBand": "g1", "frequencyHz": 868_100_000, "airtimeMs": 30000}
    ledger = pathlib.Path(place["XDG_STATE_HOME"]) / "kos/airtime.ndjson"
    ledger.parent.mkdir(parents=True)
    ledger.write_text(json.dumps(spent) + "\n")
    records, err = run(place, "kos-discover", "-A", "-m", "lora", "--lora", air + "?sf=12", status=3)
    assert not records[0]["success"] and records[0]["error"] in err
    free = int(re.search(r"free in (\d+) ms", records[0]["error"])[1])
    assert 3_500_000 < free <= 3_630_000
    assert sum(json.loads(line)["airtimeMs"] for line in ledger.read_text().splitlines()) <= 36_000

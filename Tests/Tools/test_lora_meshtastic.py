"""kos-lora and Meshtastic's own client at two emulated devices, which speak with Meshtastic's own protobufs."""

import base64
import json
import subprocess
import sys
import time

import pytest

from lora.kit import emulator, home, homes, run, tool  # noqa: F401 (fixtures)

ODD = "c0db0d0a2c0094c3ff"


def listen(home, place, *arguments):
    process = subprocess.Popen([tool("kos-lora"), "listen", "-p", place, "--driver", "meshtastic", *arguments],
                               env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    return process


def records(process, timeout=30):
    out, err = process.communicate(timeout=timeout)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


def client(place, *arguments, timeout=40):
    done = subprocess.run([sys.executable, "-m", "meshtastic", "--host", place, *arguments], timeout=timeout,
                          capture_output=True, text=True)
    return done.stdout + done.stderr


def test_octets_cross_between_devices(home):
    """233 octets and odd ones, over TCP and over a line with console text in between."""
    with emulator("meshtastic_pair.py", "--noise", "--full", "1") as (a, b):
        process = listen(home, f"tcp://{a}", "-c", "3", "-t", "15")
        for data in (ODD, "e0" * 233, "00"):
            sent, _ = run(home, "kos-lora", "send", "-p", b, "--driver", "meshtastic", "--hex", data)
            assert sent[0]["success"]
        heard = records(process)
    def octets(record):
        payload = record["payload"]
        return payload.encode() if isinstance(payload, str) else base64.b64decode(payload["base64"])
    assert [octets(h).hex() for h in heard] == [ODD, "e0" * 233, "00"]
    assert heard[0]["rssiDbm"] == -97 and heard[0]["snrDb"] == 6.25 and heard[0]["source"] == "!a0000002"


def test_a_signed_packet_crosses_in_fragments(home):
    text = "0123456789" * 60
    with emulator("meshtastic_pair.py") as (a, b):
        process = listen(home, f"tcp://{a}", "-c", "1", "-t", "40")
        sent, _ = run(home, "kos-lora", "send", "-p", b, "--driver", "meshtastic", "-T", "bob", text)
        heard = records(process)
    assert sent[0]["success"] and heard[0]["type"] == "packet" and heard[0]["payload"] == text


def test_the_command_line_client_hears_and_is_heard(home):
    with emulator("meshtastic_pair.py") as (a, b):
        info = client(a, "--info")
        assert "a0000001" in info and "LongFast" in info or "Owner" in info, info
        process = listen(home, b, "-c", "1", "-t", "30", "--raw")
        out = client(a, "--sendtext", "hello from the client", "--ack")
        heard = records(process)
        assert heard[0]["payload"] == "hello from the client", out
        # And the other way: what is sent raw is a text message there.
        hearing = subprocess.Popen([sys.executable, "-u", "-m", "meshtastic", "--host", a, "--listen"],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(4)
        run(home, "kos-lora", "send", "-p", b, "--driver", "meshtastic", "--raw", "hello from kos")
        time.sleep(1.5)
        hearing.terminate()
        assert "hello from kos" in hearing.communicate(timeout=10)[0]


@pytest.mark.parametrize("fault, status, word", [
    (["--lie", "modem_preset=6"], 3, "spreading factor mismatch: asked for 11, the modem has 7"),
    (["--lie", "region=1"], 3, "frequency mismatch: asked for 869525000, the modem has 906875000"),
    (["--mute"], 3, "no Meshtastic device answers"), (["--refuse"], 1, "refused the packet")])
def test_a_device_that_is_otherwise(home, fault, status, word):
    with emulator("meshtastic_pair.py", *fault) as (_, b):
        out, err = run(home, "kos-lora", "send", "-p", b, "--driver", "meshtastic", "x", status=status)
        assert word in err + json.dumps(out)


def test_settings_are_told(home):
    with emulator("meshtastic_pair.py") as (_, b):
        info = run(home, "kos-lora", "info", "-p", b, "--driver", "meshtastic")[0][0]
    assert info["firmware"] == "2.7.11.emulated" and info["mtuBytes"] == 233
    assert info["frequencyHz"] == 869_525_000 and info["spreadingFactor"] == 11

"""Bluetooth between two virtual controllers in a guest: discovery and transport, judged by BlueZ's tools.

One run of the guest serves all tests: bluetooth_guest.sh does things and keeps what was said, and the
tests read that.
"""
import json
import os
import pathlib
import socket
import subprocess

import pytest

from kit import ROOT, TOOLS_DIR, records, tool

OUT = ROOT / ".build" / "guest" / "out"
BRAVO = "00:AA:01:01:00:01"


@pytest.fixture(scope="session")
def guest():
    """What the guest has left: a folder of outputs, errors and statuses by the name of the step."""
    if "BLUETOOTH_OUT" in os.environ:  # a run that is looked at again
        return pathlib.Path(os.environ["BLUETOOTH_OUT"])
    subprocess.run(["rm", "-rf", str(OUT)], check=True)
    result = subprocess.run(
        [ROOT / "Tests" / "bluetooth-guest", "-t", "240", OUT,
         ROOT / "Tests" / "Tools" / "bluetooth_guest.sh", TOOLS_DIR], cwd=ROOT, capture_output=True)
    log = OUT / "script.log"
    assert result.returncode == 0, (result.stderr, log.read_text() if log.exists() else "")
    return OUT


def said(guest, name, status=0, by=None):
    """The records of a step that has ended so; its errors."""
    errors = (guest / f"{name}.err").read_text()
    actual = int((guest / f"{name}.status").read_text())
    assert actual == status, (name, errors, (guest / f"{name}.out").read_text())
    return records(by, (guest / f"{name}.out").read_bytes()) if by else None, errors


def written(guest, name, by):
    return records(by, (guest / f"{name}.out").read_bytes())


# Discovery


def test_the_method_is_there(guest):
    methods, _ = said(guest, "methods", by="kos-discover")
    assert [m["available"] for m in methods if m["name"] == "bluetooth"] == [True]


@pytest.mark.parametrize("step, words", [
    ("off", ["is switched off", "bluetoothctl power on"]),
    ("none", ["no adapter hci7", "hci0 (00:AA:01:0"])])
def test_what_is_missing_is_one_line_with_the_cure(guest, step, words):
    _, errors = said(guest, step, status=3)
    assert len(errors.splitlines()) == 1
    for word in words:
        assert word in errors


def test_low_energy_and_classic_find_the_same_node(guest):
    announced = written(guest, "announce", "kos-discover")[0]
    assert announced["success"] and announced["method"] == "bluetooth"
    ports = {each.get("port") for each in announced["addresses"]}
    assert {0x80, 0x1081} <= ports and any(port < 31 for port in ports)
    peers, errors = said(guest, "found", by="kos-discover")
    (peer,) = [each for each in peers if each["type"] == "peer"]
    assert peer["nodeId"] == announced["nodeId"], errors
    assert peer["capabilities"] == ["store"]
    assert peer["metadata"]["name"] == "bravo"
    assert peer["metadata"]["discoveryMethod"] == "bluetooth"
    assert {"type": "tcp", "address": "10.9.8.7", "port": 47470} in peer["addresses"]
    assert any(each["type"] == "bluetooth" and each["address"] == BRAVO for each in peer["addresses"])


def test_bluez_sees_what_is_announced(guest):
    for step in ("inquiry", "name", "records"):
        said(guest, step)
    assert BRAVO in (guest / "inquiry.out").read_text()
    assert (guest / "name.out").read_text().strip() == "bravo-machine"
    browsed = (guest / "records.out").read_text().lower()
    # The service's UUID, RFCOMM, and L2CAP's PSM 0x1081.
    for word in ("2ceb8a4e-2053-4676-a14b-8f626df9-c1c3", "0x0003", "0x1081"):
        assert word in browsed, browsed


def test_the_adapter_is_left_as_it_was(guest):
    said(guest, "after")
    assert "ISCAN" not in (guest / "after.out").read_text()


# Transport


@pytest.mark.parametrize("step", ["send-le", "send-classic", "send-serial", "send-auto"])
def test_a_receipt_comes_back_over(guest, step):
    results, errors = said(guest, step, by="kos-send")
    assert results[-1]["success"] and results[-1]["status"] == "delivered", errors


def test_packets_came_as_they_were_sent(guest):
    texts = [each["payload"] for each in written(guest, "bravo", "kos-relay")
             if each["type"] == "packet"]
    assert texts[:4] == ["over le", "over classic", "over serial", "over what there is"]


def test_a_relay_is_found_and_says_where_it_listens(guest):
    peers, errors = said(guest, "seen", by="kos-discover")
    (peer,) = [each for each in peers if each["type"] == "peer"]
    assert peer["metadata"]["name"] == "bravo", errors
    assert {"type": "tcp", "address": "127.0.0.1", "port": 47471} in peer["addresses"]


def test_the_air_and_the_wire_are_one_mesh(guest):
    for step in ("to-carol", "to-alpha", "big"):
        results, errors = said(guest, step, by="kos-send")
        assert results[-1]["success"], errors
    carol = [each["payload"] for each in written(guest, "carol", "kos-relay")
             if each["type"] == "packet"]
    assert carol[0] == "to the wire" and len(str(carol[1])) >= 60000
    links = [each for each in written(guest, "alpha", "kos-relay") if each["type"] == "link"]
    assert links[0]["transport"] == "bluetooth"


def test_a_link_that_breaks_is_made_again(guest):
    results, errors = said(guest, "again", by="kos-send")
    assert results[-1]["success"], errors
    events = [each["event"] for each in written(guest, "alpha", "kos-relay")
              if each["type"] == "link" and each["transport"] == "bluetooth"]
    assert events[:3] == ["up", "down", "up"]


# Where bluetoothd has the adapters


def test_a_user_without_rights_looks_through_bluetoothd(guest):
    announced = written(guest, "shared", "kos-discover")[0]
    peers, errors = said(guest, "nobody", by="kos-discover")
    (peer,) = [each for each in peers if each["type"] == "peer"]
    assert peer["nodeId"] == announced["nodeId"] and peer["metadata"]["name"] == "bravo", errors
    said(guest, "bluetoothctl")
    assert "2ceb8a4e-2053-4676-a14b-8f626df9c1c3" in (guest / "bluetoothctl.out").read_text()


# What went over the air, as btmon wrote it down


def test_tshark_and_kos_capture_read_what_btmon_wrote(guest):
    trace = guest / "btsnoop"
    count = subprocess.run(
        ["tshark", "-r", trace, "-T", "fields", "-e", "frame.number"], capture_output=True,
        check=True).stdout.splitlines()
    frames = records("kos-capture", subprocess.run(
        [tool("kos-capture"), "read", trace], capture_output=True, check=True).stdout)
    assert len([each for each in frames if each["type"] == "frame"]) == len(count) > 300


# Where there is no Bluetooth


def test_a_kernel_without_bluetooth_is_one_line(tmp_path):
    """This machine's own kernel has no AF_BLUETOOTH (errno 97); where it has, the guest is the test."""
    try:
        # AF_BLUETOOTH and BTPROTO_HCI, which Python may have been built without.
        socket.socket(31, socket.SOCK_RAW, 1).close()
        expected = ("adapter", "switched off", "may not")
    except OSError as error:
        assert error.errno == 97
        expected = ("this kernel has no Bluetooth (errno 97); plug an adapter in",)
    for command in (
            ["kos-discover", "-m", "bluetooth"], ["kos-discover", "-A", "-m", "bluetooth"],
            ["kos-send", "-T", f"bluetooth://{BRAVO}", "text", "-t", "5s"],
            ["kos-relay", "--listen", "bluetooth://hci0", "--socket", f"{tmp_path}/socket"]):
        result = subprocess.run([tool(command[0]), *command[1:]], capture_output=True, text=True)
        assert result.returncode == 3, (command, result.stderr)
        assert len(result.stderr.splitlines()) == 1 and any(
            word in result.stderr for word in expected), result.stderr
    # Nobody asked for it by name: nothing is said.
    result = subprocess.run(
        [tool("kos-discover"), "--methods"], capture_output=True, check=True)
    (method,) = [each for each in records("kos-discover", result.stdout)
                 if each["name"] == "bluetooth"]
    assert method["available"] or method["reason"] and method["hint"]

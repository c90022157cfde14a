"""The wall clock jumps by an hour, forth and back, under relays that run (libfaketime): nothing expires, no link breaks,
whatever was kept is delivered, once."""
import glob
import json
import os
import subprocess
import time

import pytest

from custody import Client, Inbox, kind, says
from kit import records, tool
from mesh import PythonNode, Relay

[LIBRARY] = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")


class Clock:
    """The wall clock of the relays that are started under it; the monotonic one is left alone."""

    def __init__(self, folder):
        self.path = folder / "clock"
        self.set(0)

    def set(self, hours):
        draft = self.path.with_suffix(".new")
        draft.write_text(f"{hours:+d}h\n")
        os.replace(draft, self.path)

    def environment(self):
        return {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(self.path), "FAKETIME_NO_CACHE": "1",
                "DONT_FAKE_MONOTONIC": "1"}


@pytest.fixture
def clock(tmp_path, monkeypatch):
    clock = Clock(tmp_path)
    start = subprocess.Popen

    def popen(arguments, *rest, env=None, **options):
        if str(arguments[0]) == tool("kos-relay") and env and "--listen" in arguments:
            # The library puts a word into the environment of the first program that it is loaded into, and a Swift program
            # whose environment was moved finds no arguments: env(1) goes first.
            arguments = ["/usr/bin/env", *arguments]
            env = {**env, **clock.environment()}
        return start(arguments, *rest, env=env, **options)
    monkeypatch.setattr(subprocess, "Popen", popen)
    return clock


def keeper(folder, *arguments, port=0):
    (folder / "held").mkdir(exist_ok=True)
    return Relay(folder, "keeper", f"--custody={folder / 'held'}", "--heartbeat", "1s", *arguments,
                 listen=[f"tcp://127.0.0.1:{port}"])


def stamp(relay, run):
    return records("kos-relay", run("kos-relay", "status", "--socket", relay.socket).stdout)[0]["timestamp"]


def held(relay, run):
    return records("kos-relay", run("kos-relay", "status", "--socket", relay.socket).stdout)[0]["held"]


def test_an_hour_forth_and_back_changes_nothing_in_a_running_mesh(clock, tmp_path, run):
    relay = keeper(tmp_path, "--custody-time", "10m")
    target = Relay(tmp_path, "target", "--heartbeat", "1s", "--connect", relay.uri())
    target.wait(lambda record: record["type"] == "link" and record["event"] == "up")
    sender, away = Client(PythonNode(), relay.ports["tcp"]), PythonNode()
    kept, delivered = [], []
    for hours in [0, 1, -1, 0]:
        clock.set(hours)
        end = time.monotonic() + 10
        while abs(stamp(relay, run) / 1000 - time.time() - 3600 * hours) > 60:
            assert time.monotonic() < end, "the relay's clock does not follow"
            sender.read(0.05)
        packet = sender.node.packet(away.id, {"hours": hours})
        kept.append(packet["id"])
        sender.write(packet)
        sender.collect(says("stored", packet["id"]))
        packet = sender.node.packet(target.id, {"hours": hours})
        delivered.append(packet["id"])
        sender.write(packet)
        sender.collect(says("receipt", packet["id"]))
        # A timer that followed the wall would have ended the links by now.
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            assert sender.read(0.1) is not None
        assert held(relay, run) == len(kept)
    inbox = Inbox(away, relay.ports["tcp"])
    end = time.monotonic() + 10
    while set(inbox.delivered) != set(kept):
        assert time.monotonic() < end
        inbox.read(0.1)
    target.read(0.3)
    assert [record["id"] for record in target.records if record["type"] == "packet"] == delivered
    for node in [relay, target]:
        assert not any(record["type"] == "link" and record["event"] == "down" for record in node.records)
        assert not any(record.get("reason") in ("expired", "stale", "replayed") for record in node.records), node.records
    assert target.stop() == 0 and relay.stop() == 0


@pytest.mark.parametrize("hours", [1, -1])
def test_a_relay_that_comes_back_under_another_clock_goes_on(clock, tmp_path, run, hours):
    """What it kept is there still, its neighbours believe it, and what was delivered is not delivered again."""
    relay = keeper(tmp_path)
    port = relay.ports["tcp"]
    target = Relay(tmp_path, "target", "--heartbeat", "1s", "--connect", relay.uri())
    target.wait(lambda record: record["type"] == "link" and record["event"] == "up")
    sender, away = Client(PythonNode(), port), PythonNode()
    packet = sender.node.packet(away.id, "later")
    sender.write(packet)
    sender.collect(says("stored", packet["id"]))
    relay.kill()
    clock.set(hours)
    relay = keeper(tmp_path, port=port)
    assert held(relay, run) == 1
    relay.wait(lambda record: record["type"] == "link" and record["event"] == "up" and record["destination"] == target.id,
               patience=20)
    sender = Client(PythonNode(), port)
    after = sender.node.packet(target.id, "after the jump")
    end = time.monotonic() + 20
    while True:
        sender.write(after)
        if any(says("receipt", after["id"])(each) for each in sender.read(0.5) or []):
            break
        assert time.monotonic() < end, "the target is not found"
    inbox = Inbox(away, port)
    inbox.collect(lambda each: each["id"] == packet["id"])
    target.read(0.3)
    assert [record["id"] for record in target.records if record["type"] == "packet"] == [after["id"]]
    assert target.stop() == 0 and relay.stop() == 0

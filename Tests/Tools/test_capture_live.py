"""kos-capture live: files that rotate after the privileges are gone, several interfaces and all of them, signals,
standard output, and what is refused at the start instead of an hour later."""
import json
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time

import pytest

from test_capture import TOOL, run, tshark
from test_discover_gossip import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Sender:
    """Datagrams on the loopback, or out of another interface, to a port that the filter names."""

    def __init__(self, to="127.0.0.1"):
        self.link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.to = to
        self.link.bind(("0.0.0.0", 0))
        self.port = self.link.getsockname()[1]

    def send(self, count, size=1):
        for _ in range(count):
            self.link.sendto(bytes(size), (self.to, 9))


def listening(process):
    """A running capture is confined: then its interfaces are open."""
    wait_for(lambda: "Seccomp:\t2" in pathlib.Path(f"/proc/{process.pid}/status").read_text(), 20)
    time.sleep(0.1)


def started(*arguments, **more):
    process = subprocess.Popen([TOOL, "live", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               **more)
    try:
        listening(process)
    except BaseException:
        process.kill()
        raise
    return process


def stopped(process, how=signal.SIGINT):
    process.send_signal(how)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors.decode()
    return [json.loads(line) for line in out.splitlines()]


def heard(process, count, sender, size=1):
    """Sends, and waits until the capture has heard so many frames in all."""
    sender.send(count, size)
    time.sleep(0.4)


def wire(name, network):
    """An interface on which datagrams to .2 of the network leave for nobody."""
    subprocess.run(
        f"ip link add {name} type veth peer name {name}p && ip addr add {network}.1/24 dev {name} && "
        f"ip link set {name} up && ip link set {name}p up && "
        f"ip neigh replace {network}.2 lladdr 02:00:00:00:00:07 dev {name}", shell=True, check=True)


@pytest.mark.parametrize("limit, size, counts", [("10", 1, [10, 10, 5]), ("2kB", 200, None), ("300ms", 1, None)])
def test_rotation_when_privileges_are_gone(tmp_path, limit, size, counts):
    """As nobody, in a folder where only a file's owner can rename it: whole files have their names, the one that is
    written has .part behind it."""
    folder = tmp_path / "ring"
    folder.mkdir()
    for each in (*tmp_path.parents, tmp_path):
        if str(each).startswith(str(tmp_path.parents[1])):
            each.chmod(0o755)
    folder.chmod(0o1777)
    sender = Sender()
    process = started("-i", "lo", "-w", folder / "day.pcapng", "--rotate", limit, "--summary",
                      f"udp and src port {sender.port}")
    try:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        assert f"Uid:\t{pwd.getpwnam('nobody').pw_uid}" in status
        assert "CapEff:\t0000000000000000" in status and "CapPrm:\t0000000000000000" in status
        assert [path.name for path in folder.iterdir()] == ["day.00001.pcapng.part"]
        for _ in range(5):
            heard(process, 5, sender, size)
        names = sorted(path.name for path in folder.iterdir())
        assert names[-1].endswith(".part") and not any(name.endswith(".part") for name in names[:-1])
        # What has its name is whole, while the capture runs.
        for name in names[:-1]:
            tshark(folder / name, "frame.number")
    finally:
        records = stopped(process)
    assert records[-1]["frames"] == 25
    files = sorted(folder.iterdir())
    assert len(files) > 2 and not any(path.name.endswith(".part") for path in files)
    assert {path.stat().st_uid for path in files} == {pwd.getpwnam("nobody").pw_uid}
    found = [len(tshark(path, "frame.number")) for path in files]
    assert sum(found) == 25 and (counts is None or found == counts)


def test_a_folder_of_others_is_refused_at_the_start(tmp_path):
    tmp_path.chmod(0o755)
    done = subprocess.run([TOOL, "live", "-i", "lo", "-w", tmp_path / "day.pcapng", "--rotate", "1h"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 3 and "nobody may not make files" in done.stderr and "-Z" in done.stderr


def test_all_interfaces_by_their_names_and_two_in_one_file(tmp_path):
    wire("kosd0", "10.99.7")
    try:
        near, far = Sender(), Sender("10.99.7.2")
        ports = f"udp and (src port {near.port} or src port {far.port})"
        every = started("-i", "any", "-Z", "root", ports)
        both = started("-i", "lo", "-i", "kosd0", "-Z", "root", "-w", tmp_path / "both.pcapng", "--print", ports)
        near.send(3)
        far.send(4)
        time.sleep(0.6)
        told = [[(r["interface"], r["sourcePort"]) for r in stopped(each) if r["type"] == "frame"]
                for each in (every, both)]
    finally:
        subprocess.run(["ip", "link", "del", "kosd0"])
    # The loopback is heard twice by "any", and the far end of the wire too.
    assert set(told[0]) == {("lo", near.port), ("kosd0", far.port), ("kosd0p", far.port)}
    assert told[1].count(("kosd0", far.port)) == 4 and told[1].count(("lo", near.port)) in (3, 6)
    assert len(set(told[1])) == 2
    names = [row[0] for row in tshark(tmp_path / "both.pcapng", "frame.interface_name")]
    assert sorted(names) == sorted(name for name, _ in told[1])


def test_hang_up_opens_records_and_files_anew(tmp_path):
    sender = Sender()
    records, capture = tmp_path / "records.ndjson", tmp_path / "day.pcapng"
    process = started("-i", "lo", "-Z", "root", "-w", capture, "--rotate", "1h", "--print", "-o", records,
                      f"udp and src port {sender.port}")
    try:
        heard(process, 3, sender)
        records.rename(tmp_path / "old.ndjson")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: (tmp_path / "day.00001.pcapng").exists(), 10)
        heard(process, 2, sender)
        process.send_signal(signal.SIGUSR1)
        wait_for(lambda: records.exists() and '"summary"' in records.read_text(), 10)
    finally:
        assert stopped(process) == []
    counts = [sum('"frame"' in line for line in path.read_text().splitlines())
              for path in (tmp_path / "old.ndjson", records)]
    assert counts == [3, 2]
    assert [len(tshark(tmp_path / f"day.0000{n}.pcapng", "frame.number")) for n in (1, 2)] == [3, 2]


def test_a_capture_on_standard_output(tmp_path):
    sender = Sender()
    process = started("-i", "lo", "-Z", "root", "-w", "-", f"udp and src port {sender.port}")
    sender.send(4)
    time.sleep(0.5)
    # Not asked for on a stream that is a capture.
    process.send_signal(signal.SIGUSR1)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    (tmp_path / "out.pcapng").write_bytes(out)
    assert len(tshark(tmp_path / "out.pcapng", "frame.number")) == 4
    for option in (["--print"], ["--summary"], ["--statistics", "1s"]):
        done = subprocess.run([TOOL, "live", "-i", "lo", "-w", "-", *option], capture_output=True, timeout=20)
        assert done.returncode == 2 and done.stdout == b"" and b"-o FILE" in done.stderr


def test_drops_are_told_and_can_fail(tmp_path):
    """A ring of one mebibyte, and a reader that is stopped while more than that comes in."""
    sender = Sender()
    process = started("-i", "lo", "-Z", "root", "-B", "1", "-w", tmp_path / "few.pcapng", "--summary", "--strict-drops",
                      f"udp and src port {sender.port}")
    process.send_signal(signal.SIGSTOP)
    sender.send(4000, 1400)
    process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    summary = json.loads(out)
    assert summary["dropped"] > 0 and process.returncode == 3
    assert b"packets were dropped" in errors
    counted = run("count", tmp_path / "few.pcapng")[0][0]["interfaces"][0]
    assert counted["dropped"] == summary["dropped"] and counted["received"] == summary["received"]
    statistics = [r for r in run("read", tmp_path / "few.pcapng")[0] if r["type"] == "statistics"]
    assert statistics[0]["dropped"] == summary["dropped"]


def test_an_interface_that_goes_leaves_a_whole_file(tmp_path):
    wire("kosd1", "10.99.8")
    far = Sender("10.99.8.2")
    process = started("-i", "kosd1", "-Z", "root", "-w", tmp_path / "gone.pcapng", "--rotate", "1h",
                      f"udp and src port {far.port}")
    far.send(3)
    time.sleep(0.4)
    subprocess.run(["ip", "link", "del", "kosd1"], check=True)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 3 and b"kosd1" in errors
    assert len(tshark(tmp_path / "gone.00001.pcapng", "frame.number")) == 3

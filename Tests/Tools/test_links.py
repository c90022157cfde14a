"""Links that fail: the best one is killed again and again, slows down, falls silent; the other end gets every packet once."""
import json
import os
import signal
import subprocess
import time
import uuid

import pytest

from faults import Proxy
from kit import records, tool

HEARTBEAT = 2.5
LONG = bool(os.environ.get("LONG"))


class Sink:
    """A kos-send that listens on tcp and ws and writes what it is sent to a file."""

    def __init__(self, home, folder, name="sink"):
        self.path = folder / f"{name}.ndjson"
        with open(self.path, "wb") as output:
            self.process = subprocess.Popen(
                [tool("kos-send"), "--listen", "tcp://127.0.0.1:0", "ws://127.0.0.1:0"], stdout=output, env=home)
        end = time.monotonic() + 10
        while not self.path.read_bytes().endswith(b"\n"):
            assert time.monotonic() < end
            time.sleep(0.01)
        first = json.loads(self.path.read_text().splitlines()[0])
        self.id = first["nodeId"]
        self.ports = {each["type"]: each["port"] for each in first["addresses"]}

    def uri(self):
        return f"tcp://127.0.0.1:{self.ports['tcp']}"

    def stop(self):
        """Ends it; the payloads of what it was sent."""
        if self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(15) == 0
        return [record["payload"] for record in map(json.loads, self.path.read_text().splitlines())
                if record["type"] == "packet"]


@pytest.fixture
def sink(home, tmp_path):
    sink = Sink(home, tmp_path)
    yield sink
    sink.stop()


@pytest.fixture
def proxies(sink):
    made = [Proxy(sink.ports[name]) for name in ["tcp", "ws"]]
    yield made
    for proxy in made:
        proxy.close()


class Sender:
    """A kos-send that is fed line by line; its results are read as they come."""

    def __init__(self, home, *arguments):
        self.process = subprocess.Popen(
            [tool("kos-send"), "--lines", "-t", "120s", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=home)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.results = []
        self.rest = b""

    def say(self, text):
        self.process.stdin.write(f"{text}\n".encode())
        self.process.stdin.flush()

    def read(self):
        octets = self.process.stdout.read() or b""
        *whole, self.rest = (self.rest + octets).split(b"\n")
        self.results += [json.loads(line) for line in whole]

    def wait(self, count, patience):
        end = time.monotonic() + patience
        while len(self.results) < count:
            self.read()
            assert self.process.poll() is None or len(self.results) >= count, self.process.stderr.read()
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(60)
        self.read()
        return status


def test_the_best_link_is_killed_100_times(sink, home):
    """Each time the one that has just carried a packet: nothing that was acknowledged is lost, nothing comes twice."""
    proxies = [Proxy(sink.ports[name]) for name in ["tcp", "ws", "tcp", "ws", "tcp", "ws"]]
    uris = [proxy.uri(name) for proxy, name in zip(proxies, ["tcp", "ws"] * 3)]
    sender = Sender(home, "-T", ",".join(uris))
    slowest = 0
    for number in range(100):
        for proxy in proxies:
            proxy.carried = 0
        sender.say(number)
        # Half of the time the link dies with the packet on its way, half of the time between two.
        if number % 2:
            assert sender.wait(number + 1, 2 * HEARTBEAT), number
        else:
            time.sleep(0.01)
        max(proxies, key=lambda proxy: proxy.carried).reset()
        started = time.monotonic()
        assert sender.wait(number + 1, 4 * HEARTBEAT), f"after reset {number}"
        slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.1)
    assert sender.end() == 0
    assert slowest < 2 * HEARTBEAT
    assert all(result["success"] for result in sender.results)
    assert sorted(map(int, sink.stop())) == list(range(100))
    for proxy in proxies:
        proxy.close()


def test_a_link_that_falls_silent_is_left_within_two_heartbeats(sink, proxies, home):
    sender = Sender(home, "-T", f"{proxies[0].uri()},{proxies[1].uri('ws')}")
    for number in range(10):
        sender.say(number)
    assert sender.wait(10, 10)
    # Both are up; whichever is in use is swallowed, so that one of the two turns is the one in use.
    for turn, proxy in enumerate(proxies):
        proxy.swallows = True
        sender.say(f"silent {turn}")
        assert sender.wait(11 + turn, 2 * HEARTBEAT + 1), turn
        proxy.swallows = False
        proxy.reset()
        time.sleep(0.5)
    assert sender.end() == 0
    found = sink.stop()
    assert len(found) == len(set(found)) == 12


@pytest.mark.parametrize("harm", [
    {"latency": 0.02}, {"slice": 1}, {"slice": 7, "latency": 0.001}, {"bandwidth": 20_000}, {"close_delay": 0.3},
], ids=["latency", "octet by octet", "slices", "bandwidth", "slow close"])
@pytest.mark.parametrize("scheme", ["tcp", "ws", "http"])
def test_harm_on_the_way_delays_but_does_not_lose(sink, run, harm, scheme):
    proxy = Proxy(sink.ports["tcp" if scheme == "tcp" else "ws"])
    for name, value in harm.items():
        setattr(proxy, name, value)
    result = run("kos-send", "--lines", "-T", proxy.uri(scheme), "-t", "25s",
                 stdin="".join(f"{number}\n" for number in range(20)).encode())
    proxy.close()
    assert result.returncode == 0, result.stderr
    assert sorted(map(int, sink.stop())) == list(range(20))


def test_the_next_of_the_list_is_taken_when_the_first_is_not_there(sink, run):
    result = run("kos-send", "-T", f"tcp://127.0.0.1:1,{sink.uri()}", "hi")
    assert result.returncode == 0 and records("kos-send", result.stdout)[0]["status"] == "delivered"


def test_another_node_of_the_list_takes_over(sink, home, tmp_path):
    """Two sinks that are as good: the one that is taken dies with a packet unacknowledged."""
    proxy = Proxy(sink.ports["tcp"])
    other = Sink(home, tmp_path, "other")
    sender = Sender(home, "-T", f"{proxy.uri()},{other.uri()}")
    sender.say("first")
    assert sender.wait(1, 10)
    taken = sender.results[0]["destination"]
    if taken == sink.id:
        proxy.accepts = False
        proxy.swallows = True
        sender.say("second")
        time.sleep(0.2)
        proxy.reset()
    else:
        other.process.kill()
        sender.say("second")
    assert sender.wait(2, 20)
    assert sender.end() == 0 and sender.results[1]["success"] and sender.results[1]["destination"] != taken
    proxy.close()
    if taken == sink.id:
        assert other.stop() == ["second"]


def test_a_spool_goes_on_after_kill_9(sink, home, tmp_path):
    """Killed again and again in the middle; the sink has each packet once, and the spool is empty in the end."""
    spool = tmp_path / "spool"
    packets = [{"type": "packet", "kos": 1, "id": str(uuid.uuid4()), "destination": sink.id, "payload": number}
               for number in range(400)]
    feed = b"".join(json.dumps(packet).encode() + b"\n" for packet in packets)
    command = [tool("kos-send"), "--spool", str(spool), "--connect", sink.uri(), "-t", "60s"]
    for turn in range(20 if LONG else 8):
        process = subprocess.Popen([*command, "--rate", "1000"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=home)
        process.stdin.write(feed[:len(feed) * (turn + 1) // 8])
        process.stdin.flush()
        time.sleep(0.05 + 0.02 * turn)
        process.send_signal(signal.SIGKILL)
        process.wait()
    result = subprocess.run(command, input=feed, env=home, capture_output=True, timeout=60)
    assert result.returncode == 0, result.stderr
    again = subprocess.run(command, input=b"", env=home, capture_output=True, timeout=60)
    assert again.stdout == b""
    found = sink.stop()
    assert sorted(found) == list(range(400))


def test_a_spool_keeps_what_could_not_be_delivered(home, tmp_path):
    spool = tmp_path / "spool"
    result = subprocess.run(
        [tool("kos-send"), "--spool", str(spool), "-T", "tcp://127.0.0.1:1", "wait for me"], env=home,
        capture_output=True)
    assert result.returncode == 3
    sink = Sink(home, tmp_path)
    result = subprocess.run([tool("kos-send"), "--spool", str(spool), "-T", sink.uri()], env=home, input=b"",
                            capture_output=True)
    assert result.returncode == 0, result.stderr
    assert sink.stop() == ["wait for me"]

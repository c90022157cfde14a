"""An hour of 2,000 packets a second through a relay, in the long run: memory does not grow, descriptors stay.

SOAK_MINUTES sets another length."""
import json
import os
import subprocess
import time

from kit import tool
from mesh import Relay

LONG = bool(os.environ.get("LONG"))
MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
RATE = 2000


def resident(process):
    """Octets of memory that the process alone has."""
    with open(f"/proc/{process.pid}/smaps_rollup") as table:
        return next(int(line.split()[1]) for line in table if line.startswith("Pss_Anon")) * 1024


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def slope(samples):
    """Octets an hour, by least squares over [(s, octets)]."""
    count = len(samples)
    mean_time, mean_size = (sum(each[place] for each in samples) / count for place in (0, 1))
    above = sum((when - mean_time) * (size - mean_size) for when, size in samples)
    return above / sum((when - mean_time) ** 2 for when, _ in samples) * 3600


def soak(folder, home, minutes):
    relay = Relay(folder, "relay", "--events", "none")
    target = Relay(folder, "target", "--events", "none", "--connect", relay.uri(), listen=[], announces=False)
    relay.wait(lambda record: record["type"] == "link" and record["event"] == "up")
    node = next(record["destination"] for record in relay.records if record["type"] == "link")
    # Its own first record says the same; what it is sent after that is counted, and not kept.
    reader = subprocess.Popen(["bash", "-c", "grep -c '\"type\":\"packet\"'"], stdin=target.process.stdout,
                              stdout=subprocess.PIPE)
    target.process.stdout.close()
    count = int(minutes * 60 * RATE)
    sender = subprocess.Popen(
        [tool("kos-send"), "--connect", relay.uri(), "-T", node, "--size", "200", "--repeat", str(count), "--rate",
         str(RATE), "-t", f"{int(minutes * 60 + 120)}s", "-q"], env=home)
    warm = min(60, minutes * 15)
    started = time.monotonic()
    samples, open_files = [], set()
    while sender.poll() is None:
        time.sleep(min(5, minutes))
        if time.monotonic() - started > warm and sender.poll() is None:
            samples.append((time.monotonic(), resident(relay.process)))
            open_files.add(descriptors(relay.process))
    took = time.monotonic() - started
    grown = slope(samples)
    target.process.terminate()
    delivered = int(reader.communicate(timeout=20)[0])
    assert target.process.wait(20) == 0
    print(f"{count} packets in {took:.0f} s ({count / took:.0f}/s), {delivered} delivered, {samples[-1][1] >> 10} KB at the "
          f"end, slope {grown / 1e6:+.2f} MB/h, descriptors {sorted(open_files)}")
    assert relay.stop() == 0 and sender.returncode == 0
    return count, delivered, grown, open_files


if LONG:
    def test_an_hour_leaves_the_relay_as_it_was(tmp_path, home):
        count, delivered, grown, open_files = soak(tmp_path, home, MINUTES)
        assert delivered == count
        assert len(open_files) == 1
        assert grown < 1e6

"""Routes follow what is measured: of two ways through a diamond of relays the quicker one is taken, and the other one when that
has changed."""
import subprocess
import time

import pytest

from faults import Proxy
from kit import records, tool
from mesh import Relay


@pytest.fixture
def diamond(tmp_path):
    """one - two - four and one - three - four; the links from one go through proxies."""
    relays, proxies = {}, {}
    beat = ["--heartbeat", "200ms", "--events", "none"]
    relays["one"] = Relay(tmp_path, "one", *beat)
    for name in ["two", "three"]:
        proxies[name] = Proxy(relays["one"].ports["tcp"])
        relays[name] = Relay(tmp_path, name, *beat, "--connect", proxies[name].uri())
    relays["four"] = Relay(tmp_path, "four", *beat, "--connect", relays["two"].uri(), relays["three"].uri())
    yield relays, proxies
    for relay in relays.values():
        relay.stop()
    for proxy in proxies.values():
        proxy.close()


def first_hop(relays, home):
    """The relay after one on the way to four."""
    result = subprocess.run([tool("kos-send"), "--trace", "-c", "1", "-t", "5s", "--connect", relays["one"].uri(), "-T",
                             relays["four"].id], capture_output=True, env=home)
    hops = [each for each in records("kos-send", result.stdout) if each["type"] == "hop"]
    return hops[1]["nodeId"] if len(hops) == 3 else None


@pytest.mark.parametrize("slow, quick", [("two", "three"), ("three", "two")])
def test_packets_leave_a_way_that_becomes_slow(diamond, home, slow, quick):
    relays, proxies = diamond
    for worse, better in [(slow, quick), (quick, slow)]:
        proxies[worse].latency, proxies[better].latency = 0.08, 0
        end = time.monotonic() + 25
        while first_hop(relays, home) != relays[better].id:
            assert time.monotonic() < end, f"still not by {better}"
            time.sleep(0.2)

"""Names with several addresses (RFC 8305): in a namespace whose kernel swallows what goes to one of them."""
import json
import pathlib
import subprocess
import sys

import pytest

from kit import tool
from mesh import Relay

SCRIPT = """
set -e
ip link set lo up
ip -6 addr add fd00:9::1/64 dev lo nodad
printf '127.0.0.1 localhost\\nfd00:9::1 kos.test\\n127.0.0.9 kos.test\\n' >"$1/hosts"
mount --bind "$1/hosts" /etc/hosts
nft add table inet race
nft 'add chain inet race in { type filter hook input priority 0; }'
nft 'add counter inet race tried'
[ -z "$2" ] || nft add rule inet race in $2 tcp flags syn counter name tried drop
"""
CASES = {"six is dead": ("ip6 daddr fd00:9::1", "127.0.0.1"), "four is dead": ("ip daddr 127.0.0.9", "fd00:9::1"),
         "both live": ("", "fd00:9::1")}


@pytest.mark.parametrize("case", CASES)
def test_the_address_that_answers_is_taken(tmp_path, case):
    """Long before the wait for the dead one is over; where both answer, IPv6 goes first."""
    dead, wanted = CASES[case]
    script = f"{SCRIPT}exec {sys.executable} {pathlib.Path(__file__).resolve()} $1"
    result = subprocess.run(["unshare", "--net", "--mount", "bash", "-c", script, "-", tmp_path, dead], capture_output=True,
                            timeout=60)
    assert result.returncode == 0, result.stderr.decode()
    found = json.loads(result.stdout)
    # A connection attempt is given up after five seconds, the whole run has three.
    assert found["status"] == 0 and len(found["callers"]) == 1 and wanted in found["callers"][0], found
    assert found["tried"] == (case == "six is dead")


def within(folder):
    relay = Relay(pathlib.Path(folder), "alpha", listen=["tcp://[::]:47470"])
    process = subprocess.Popen([tool("kos-send"), "--lines", "-t", "3s", "-T", "tcp://kos.test:47470"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, env={"HOME": folder, "PATH": "/usr/bin"})
    process.stdin.write(b"hi\n")
    process.stdin.flush()
    result = process.stdout.readline()
    out = subprocess.run([tool("kos-relay"), "status", "--socket", relay.socket], capture_output=True).stdout
    callers = [json.loads(line).get("address", "") for line in out.splitlines()[1:]]
    process.stdin.close()
    counter = subprocess.run(["nft", "-j", "list", "counters"], capture_output=True, check=True).stdout
    tried = [each["counter"]["packets"] for each in json.loads(counter)["nftables"] if "counter" in each]
    print(json.dumps({"status": process.wait(10), "callers": callers, "tried": tried[0] > 0, "result": result.decode()}))
    relay.kill()


if __name__ == "__main__":
    within(sys.argv[1])

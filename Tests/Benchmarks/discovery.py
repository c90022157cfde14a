"""One-shot discovery beside avahi-browse, on two hosts of network namespaces with Avahi's daemons:
time to the first peer, time to the end, and processor time, in pairs; `cold` with nothing in the caches.

Exits with 1 when a promise is missed: first peer at most 1.5 x avahi-browse's, processor time below its.
"""
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Tools"))
from avahi_hosts import Wire, wait_for  # noqa: E402

TOOL = os.path.join(os.environ.get("KOS_BIN", os.path.join(ROOT, ".build", "release")), "kos-discover")
TURNS = 15


def measure(host, command, is_answer):
    """Milliseconds to the first answer, to the end, and of processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = host.popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    first = None
    for line in process.stdout:
        if first is None and is_answer(line):
            first = time.perf_counter() - start
    process.wait()
    whole = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert first is not None, f"{command[-3:]} found nothing"
    return first * 1000, whole * 1000, cpu * 1000


def main():
    missed = False
    with Wire() as wire, tempfile.TemporaryDirectory() as home:
        environment = ["env", "-i", f"HOME={home}", "PATH=" + os.environ["PATH"]]
        ours = environment + [TOOL, "-m", "mdns"]
        theirs = environment + ["avahi-browse", "-rtp", "_kos._tcp"]
        publisher = wire.a.popen(["avahi-publish", "-s", "bravo", "_kos._tcp", "4711", "nodeId=bravo"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for("avahi", lambda: "=" in wire.b.run(theirs).stdout)
            print(f"{'':6}{'':14}{'first ms':>10}{'end ms':>10}{'cpu ms':>10}")
            for state in ("warm", "cold"):
                rows = {"kos-discover": [], "avahi-browse": []}
                for turn in range(TURNS if state == "warm" else 5):
                    pairs = [("kos-discover", ours, lambda line: b'"peer"' in line),
                             ("avahi-browse", theirs, lambda line: line.startswith(b"="))]
                    for name, command, is_answer in pairs if turn % 2 else reversed(pairs):
                        if state == "cold":
                            wire.b.stop_avahi()
                            wire.b.start_avahi()
                            time.sleep(1.2)
                        rows[name].append(measure(wire.b, command, is_answer))
                medians = {name: [statistics.median(column) for column in zip(*values)]
                           for name, values in rows.items()}
                for name, (first, whole, cpu) in medians.items():
                    print(f"{state:6}{name:14}{first:10.1f}{whole:10.1f}{cpu:10.1f}")
                ratios = [a / b for a, b in zip(medians["kos-discover"], medians["avahi-browse"])]
                isFast = ratios[0] <= 1.5 and ratios[2] < 1
                missed = missed or not isFast
                print(f"{state:6}{'ratio':14}{ratios[0]:10.2f}{ratios[1]:10.2f}{ratios[2]:10.2f}"
                      f"{'' if isFast else '   MISSED'}")
        finally:
            publisher.terminate()
            publisher.wait()
    sys.exit(1 if missed else 0)


main()

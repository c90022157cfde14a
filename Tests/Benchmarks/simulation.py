"""Our simulator beside ns-3.37 (Debian libns3-dev) on one scenario, in one run: CPU time and delivery; and the speed of
its parts. Every figure that has a promise says so, and one that is missed makes the status 1.

    simulation.py [--seeds N]

One JSON object a line. SIMULATION_BENCH names a bench that is built already.
"""

import argparse
import collections
import glob
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
missed = []


def ours(folder):
    if "SIMULATION_BENCH" in os.environ:
        return os.environ["SIMULATION_BENCH"]
    program = os.path.join(folder, "bench")
    subprocess.run([ROOT / "Tests" / "compile", HERE / "SimulationBench.swift", program], check=True)
    return program


def ns3(folder):
    program = os.path.join(folder, "ns3")
    modules = ["core", "network", "internet", "mobility", "wifi", "aodv", "olsr", "applications", "propagation", "spectrum",
               "antenna", "stats", "traffic-control", "bridge", "energy", "mpi", "dsr"]
    have = [name for name in modules if glob.glob(f"/usr/lib/*/libns3-{name}.so")]
    subprocess.run(
        ["g++", "-std=c++17", "-O2", "-w", "-fno-access-control", HERE / "simulation_ns3.cc", "-o", program,
         *[f"-lns3-{name}" for name in have]], check=True)
    return program


def lines(*command):
    text = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def promise(name, value, limit, met):
    print(json.dumps({"benchmark": name, "value": value, "limit": limit, "met": met}), flush=True)
    if not met:
        missed.append(name)


def parts(bench):
    """What stands on its own: the best of three, as a busy machine only ever takes away."""
    events = max(lines(bench, "events")[0]["perCPUSecond"] for _ in range(3))
    promise("events per CPU second", round(events), 1_000_000, events >= 1_000_000)
    rates = {}
    for _ in range(3):
        for each in lines(bench, "codecs"):
            rates[each["name"]] = max(rates.get(each["name"], 0), each["perCPUSecond"])
    for name, rate in rates.items():
        promise(f"{name} messages per CPU second", round(rate), 5_000_000, rate >= 5_000_000)
    big = lines(bench, "big")[0]
    promise("1000 nodes of OLSR, CPU seconds for 60 s", round(big["cpuSeconds"], 2), 60, big["cpuSeconds"] <= 60)
    wide = lines(bench, "discover")[0]
    promise("10,000 nodes, one AODV discovery, CPU seconds", round(wide["cpuSeconds"], 2), 10,
            wide["cpuSeconds"] <= 10 and wide["delivered"] == 1)
    memory = lines(bench, "memory")[0]
    for name in ["aodv", "dsr", "olsr", "flooding"]:
        promise(f"octets a node of {name} without its tables", memory[name], 4096, memory[name] <= 4096)
    for each in lines(bench, "grid"):
        promise(f"delivery of {each['protocol']} on a static grid", each["ratio"], 1, each["ratio"] == 1)


def beside(bench, peer, folder, seeds, name, mine, theirs, times):
    """Runs both sides over the same ways with the same settings; our runs."""
    here, there = [], []
    for seed in range(1, seeds + 1):
        here += lines(bench, *mine, seed)
        there += lines(peer, *theirs, f"--seed={seed}", f"--places={folder}/places.{seed}")
    ratio = statistics.median(b["cpuSeconds"] / a["cpuSeconds"] for a, b in zip(here, there))
    promise(f"times less CPU than ns-3, {name}", round(ratio, 1), times, ratio >= times)
    delivery = [statistics.mean(run["ratio"] for run in runs) for runs in (here, there)]
    print(json.dumps({"protocol": name, "delivery": delivery[0], "deliveryOfNS3": delivery[1], "seeds": seeds,
                      "events": sum(run["events"] for run in here),
                      "losses": [total(here), total(there)]}))
    apart = abs(delivery[0] - delivery[1])
    promise(f"points of delivery apart from ns-3, {name}", round(100 * apart, 2), 5, apart <= 0.05)
    return here


def total(runs):
    """What became of what did not arrive, over all runs."""
    return dict(sum((collections.Counter(run["losses"]) for run in runs), collections.Counter()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    with tempfile.TemporaryDirectory() as folder:
        bench, peer = ours(folder), ns3(folder)
        parts(bench)
        for seed in range(1, seeds + 1):
            text = subprocess.run([bench, "places", str(seed)], capture_output=True, check=True).stdout
            pathlib.Path(folder, f"places.{seed}").write_bytes(text)
        for protocol in ["aodv", "olsr"]:
            here = beside(bench, peer, folder, seeds, protocol, ["run", protocol], [f"--protocol={protocol}"], 10)
            again = lines(bench, "run", protocol, 1)[0]
            promise(f"the same seed gives the same run, {protocol}", again["trace"], here[0]["trace"],
                    again["trace"] == here[0]["trace"])
        beside(bench, peer, folder, seeds, "aodv by hellos alone", ["hellos"],
               ["--protocol=aodv", "--own=1", "--hellos=1"], 10)
        # Not to be compared: its link layer tells of some neighbours only, see simulation_ns3.cc.
        shipped = [lines(peer, "--protocol=aodv", "--own=1", f"--seed={seed}", f"--places={folder}/places.{seed}")[0]
                   for seed in range(1, seeds + 1)]
        print(json.dumps({"protocol": "aodv", "deliveryOfNS3AsItComes": statistics.mean(run["ratio"] for run in shipped)}))
    for name in missed:
        print(f"missed: {name}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

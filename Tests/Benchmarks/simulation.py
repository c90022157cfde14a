"""Our simulator beside ns-3.37 (Debian libns3-dev) on one scenario, in one run: CPU time and delivery.

    simulation.py [--seeds N]

Prints one JSON object a line and, last, the ratios. SIMULATION_BENCH names a bench that is built already.
"""

import argparse
import glob
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


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
        ["g++", "-std=c++17", "-O2", "-w", HERE / "simulation_ns3.cc", "-o", program,
         *[f"-lns3-{name}" for name in have]], check=True)
    return program


def lines(*command):
    text = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
    found = [json.loads(line) for line in text.splitlines()]
    for each in found:
        print(json.dumps(each), flush=True)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    with tempfile.TemporaryDirectory() as folder:
        bench, peer = ours(folder), ns3(folder)
        for part in ["events", "codecs", "big", "discover"]:
            lines(bench, part)
        for protocol in ["aodv", "olsr"]:
            here, there = [], []
            for seed in range(1, seeds + 1):
                here += lines(bench, "run", protocol, seed)
                there += lines(peer, f"--protocol={protocol}", f"--seed={seed}")
            print(json.dumps({
                "protocol": protocol,
                "cpuRatio": statistics.median(t["cpuSeconds"] / h["cpuSeconds"] for h, t in zip(here, there)),
                "delivery": statistics.mean(h["ratio"] for h in here),
                "deliveryOfNS3": statistics.mean(t["ratio"] for t in there)}))


if __name__ == "__main__":
    main()

"""kos-capture beside tcpdump, tshark and capinfos on one generated mixed capture, in turns.

Every figure stands next to its limit; the exit status is 1 when one is missed.
usage: capture.py [PACKETS] [--live-seconds N]
"""
import json
import os
import pathlib
import re
import resource
import socket
import statistics
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACE = ROOT / ".build/benchmarks"
TOOL = str(ROOT / ".build/release/kos-capture")
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1_000_000
missed = 0


def tell(name, value, limit, **more):
    global missed
    met = value <= limit
    missed += not met
    print(json.dumps({"benchmark": f"capture {name}", "value": round(value, 3), "limit": limit,
                      "met": met, **more}), flush=True)


def cost(command, **options):
    """CPU seconds and peak MiB of a run that must succeed."""
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, (command, status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def best(commands, turns=3):
    """Least CPU of each command, one after the other in every turn; peaks beside it."""
    found = {name: (1e9, 0) for name in commands}
    for _ in range(turns):
        for name, command in commands.items():
            seconds, peak = cost(command)
            found[name] = (min(found[name][0], seconds), max(found[name][1], peak))
    return found


def mixed():
    path = PLACE / f"mixed-{COUNT}.pcap"
    if not path.exists():
        subprocess.run([sys.executable, ROOT / "Tests/Benchmarks/capture_generate.py", str(COUNT),
                        path], check=True)
    return str(path)


def flood(count=1_000_000):
    """SYNs of so many connections."""
    path = PLACE / f"flood-{count}.pcap"
    if not path.exists():
        head = bytes.fromhex("020000000002020000000001080045000028000040004006") + b"\0\0"
        with open(path, "wb", buffering=1 << 20) as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for number in range(count):
                frame = head + struct.pack(
                    "!IIHHIIBBHHH", 0x0A000000 + number // 50000, 0x0B000001,
                    1024 + number % 50000, 80, number, 0, 0x50, 2, 65535, 0, 0)
                out.write(struct.pack("<IIII", 1795337400 + number // 10000, number % 10000 * 100,
                                      len(frame), len(frame)) + frame)
    return str(path)


def speed():
    path = mixed()
    scale = 1e6 / COUNT
    out = PLACE / "copy.pcapng"
    found = best({
        "tcpdump": ["tcpdump", "-nn", "-tt", "-r", path],
        "records": [TOOL, "read", path],
        "figures": [TOOL, "report", "--by", "total,flow,node,link", path],
        "tcpdump -w": ["tcpdump", "-r", path, "-w", str(PLACE / "copy.pcap")],
        "copy": [TOOL, "read", "-w", str(out), path],
        "capinfos": ["capinfos", "-c", path],
        "count": [TOOL, "count", path],
    })
    # tshark takes a minute over a million packets: a tenth of them says the same.
    part = PLACE / f"part-{COUNT}.pcap"
    few = max(1, COUNT // 10)
    if not part.exists():
        subprocess.run(["editcap", "-F", "pcap", "-r", path, part, f"1-{few}"], check=True)
    fields = [word for name in ("frame.number", "frame.time_epoch", "ip.src", "ip.dst",
                                "udp.srcport", "udp.dstport", "tcp.srcport", "frame.len")
              for word in ("-e", name)]
    shark = best({
        "fields": ["tshark", "-n", "-r", str(part), "-T", "fields", *fields],
        "conv": ["tshark", "-n", "-r", str(part), "-q", "-z", "conv,udp"],
    }, turns=1)
    seconds = {name: value[0] for name, value in found.items()}
    print(json.dumps({"benchmark": "capture seconds per million packets", **{
        name: round(value * scale, 3) for name, value in seconds.items()}, **{
        f"tshark {name}": round(value[0] * 1e6 / few, 1) for name, value in shark.items()}}))
    tell("records / tcpdump -nn -tt", seconds["records"] / seconds["tcpdump"], 0.6)
    tell("records / tshark -T fields",
         seconds["records"] / (shark["fields"][0] * COUNT / few), 1 / 50)
    tell("flows, links, KPIs / tcpdump -nn -tt", seconds["figures"] / seconds["tcpdump"], 1.2)
    tell("flows, links, KPIs / tshark -z conv,udp",
         seconds["figures"] / (shark["conv"][0] * COUNT / few), 1 / 8)
    tell("-w / tcpdump -w", seconds["copy"] / seconds["tcpdump -w"], 1.7)
    tell("count / capinfos -c", seconds["count"] / seconds["capinfos"], 2)
    tell("records, peak MiB", found["records"][1], 32)


def memory():
    _, peak = cost([TOOL, "report", "--by", "total,flow,node,link", flood()])
    tell("1,000,000 flows, peak MiB", peak, 256)


def start():
    runs = [cost([TOOL, "--version"]) for _ in range(20)]
    tell("start, CPU ms", statistics.median(run[0] for run in runs) * 1000, 20)
    tell("start, peak MiB", max(run[1] for run in runs), 12)


SENDER = """
import socket, sys, time
rate, seconds, size = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.connect(("10.231.0.2", 9))
body, sent, began = bytes(size), 0, time.monotonic()
while (now := time.monotonic() - began) < seconds:
    while sent < rate * now:
        try:
            link.send(body)
        except OSError:
            pass
        sent += 1
    time.sleep(0.0002)
print(sent)
"""


def live(seconds=5):
    """100,000 packets a second over a veth pair, at default settings."""
    there = f"kosbench{os.getpid()}"
    subprocess.run(["ip", "netns", "add", there], check=True)
    try:
        for line in (f"link add kosb0 type veth peer name kosb1 netns {there}",
                     "addr add 10.231.0.1/24 dev kosb0", "link set kosb0 up",
                     f"-n {there} addr add 10.231.0.2/24 dev kosb1", f"-n {there} link set kosb1 up",
                     "neigh replace 10.231.0.2 lladdr 02:00:00:00:00:09 dev kosb0"):
            subprocess.run(["ip", *line.split()], check=True)
        first_record(there)
        tool = subprocess.Popen(
            ["ip", "netns", "exec", there, TOOL, "live", "-i", "kosb1", "-Z", "root", "--summary", "udp"],
            stdout=open(PLACE / "live.ndjson", "wb"), stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        sent = int(subprocess.run([sys.executable, "-c", SENDER, "100000", str(seconds), "158"],
                                  capture_output=True, check=True).stdout)
        time.sleep(0.5)
        tool.terminate()
        tool.wait(timeout=30)
        with open(PLACE / "live.ndjson", "rb") as lines:
            lines.seek(-1000, os.SEEK_END)
            summary = json.loads(lines.read().splitlines()[-1])
        tell("live, packets dropped", summary["dropped"], 0, sent=sent, perSecond=sent // seconds,
             received=summary["received"], frames=summary["frames"])
    finally:
        subprocess.run(["ip", "link", "del", "kosb0"])
        subprocess.run(["ip", "netns", "del", there])


def first_record(there):
    tool = subprocess.Popen(
        ["ip", "netns", "exec", there, TOOL, "live", "-i", "kosb1", "-Z", "root", "udp"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.connect(("10.231.0.2", 9))
    time.sleep(0.5)
    waits = []
    for _ in range(20):
        time.sleep(0.05)
        sent = time.monotonic()
        link.send(b"x")
        tool.stdout.readline()
        waits.append((time.monotonic() - sent) * 1000)
    tool.terminate()
    tool.wait(timeout=10)
    tell("first record behind its packet, ms (median)", statistics.median(waits), 20,
         most=round(max(waits), 1))


speed()
memory()
start()
if os.geteuid() == 0:
    live()
else:
    print(json.dumps({"benchmark": "capture live", "needs": "root"}))
    missed += 1
sys.exit(1 if missed else 0)

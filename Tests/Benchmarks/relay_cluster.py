"""A relay on a NATS backplane: octets and CPU for each attached node, CPU for each packet that crosses.

Memory and CPU are the servers' own, from /proc, so that the clients' cost and the machine's load stay out of it. The
last line extrapolates to a million nodes; the manual's section SCALING is this line in words.
"""
import json
import pathlib
import select
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "Tools"))
from backplane import NATSServer  # noqa: E402
from custody import Inbox  # noqa: E402
from forwarding import cpu  # noqa: E402
from mesh import PythonNode, Relay  # noqa: E402

NODES = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
PACKETS = 20_000
RENEWALS = 4


def memory(pid):
    """Octets of a process in memory."""
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


def serve(inboxes, seconds, done=lambda: False):
    """Lets the clients answer heartbeats for so long, or until it is done."""
    by_number = {inbox.socket.fileno(): inbox for inbox in inboxes}
    poll = select.epoll()
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    end = time.monotonic() + seconds
    while time.monotonic() < end and not done():
        for number, _ in poll.poll(0.1):
            by_number[number].read(0)
    poll.close()


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    server = NATSServer(folder)
    relays = [
        Relay(folder, name, "--backplane", server.uri, "--max-per-address", "0", "--heartbeat", "30s",
              "--events", "switched", "--mesh-with", "*")
        for name in ("one", "two")]
    for relay in relays:
        relay.wait(lambda record: record.get("to") == "backplane")
    one, two = relays
    processes = {"relay": one.process.pid, "nats": server.process.pid}
    before = {name: memory(pid) for name, pid in processes.items()}
    spent = {name: cpu(pid) for name, pid in processes.items()}
    inboxes = []
    for number in range(NODES):
        inboxes.append(Inbox(PythonNode(), one.ports["tcp"]))
        if number % 50 == 0:
            serve(inboxes, 0.05)
    serve(inboxes, 3)
    figures = {
        f"{name}OctetsPerNode": round((memory(pid) - before[name]) / NODES) for name, pid in processes.items()}
    figures |= {
        f"{name}MicrosecondsPerLogin": round((cpu(pid) - spent[name]) / NODES * 1e6, 1)
        for name, pid in processes.items()}
    # What being there costs: heartbeats and renewals, over some renewals.
    spent = {name: cpu(pid) for name, pid in processes.items()}
    serve(inboxes, 15 * RENEWALS)
    for name, pid in processes.items():
        figures[f"{name}MicrosecondsPerRenewal"] = round((cpu(pid) - spent[name]) / NODES / RENEWALS * 1e6, 1)
    # Packets from the other relay to one node, 200 octets of payload.
    target = inboxes[0]
    sender = Inbox(PythonNode(), two.ports["tcp"])
    lines = [
        json.dumps(sender.node.packet(target.node.id, "x" * 200, flags=(), sign=False)).encode() + b"\n"
        for _ in range(PACKETS)]
    processes["sendingRelay"] = two.process.pid
    spent = {name: cpu(pid) for name, pid in processes.items()}
    target.attend = lambda packets: None
    got = 0
    for start in range(0, PACKETS, 200):
        sender.socket.sendall(b"".join(lines[start:start + 200]))
        end = time.monotonic() + 5
        while got < start + 200 and time.monotonic() < end:
            if select.select([target.socket], [], [], 0.2)[0]:
                got += target.socket.recv(1 << 20).count(b"\n")
    for name, pid in processes.items():
        figures[f"{name}MicrosecondsPerPacket"] = round((cpu(pid) - spent[name]) / PACKETS * 1e6, 2)
    print(json.dumps({"benchmark": "backplane", "nodes": NODES, "packets": PACKETS, "arrived": got, **figures}))
    renewals = 1e6 / 15
    print(json.dumps({
        "benchmark": "backplane a million nodes", "extrapolated": True,
        "relayGigabytes": round(figures["relayOctetsPerNode"] * 1e6 / 2**30, 1),
        "natsGigabytes": round(figures["natsOctetsPerNode"] * 1e6 / 2**30, 1),
        "renewalsPerSecond": round(renewals),
        "relayCores": round(figures["relayMicrosecondsPerRenewal"] / 15, 2),
        "natsCores": round(figures["natsMicrosecondsPerRenewal"] / 15, 2),
        "packetsPerCoreAndSecond": round(1e6 / sum(
            value for name, value in figures.items() if name.endswith("PerPacket"))),
    }))
    for relay in relays:
        relay.stop()
    server.stop()


main()

"""How many frames a second kos-lora takes from an RNode on a pseudo-terminal, beside Reticulum's own
RNode interface on the same emulator in the same run.

lora_rnode.py KOS_LORA [COUNT]; prints one JSON line a size and a reader.
"""
import json, os, pty, select, subprocess, sys, tempfile, threading, time, tty

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tools", "lora"))
import rnode_pair

TOOL = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 20000


class Fast:
    """An RNode that, once it is on, sends frames as fast as the line takes them."""

    def __init__(self, size, count):
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self.slave)
        options = rnode_pair.options([])
        self.node = rnode_pair.RNode(options, True)
        payload = bytes([8, 0]) + bytes.fromhex("cd235ae95444a3780171f2f54095462b") + bytes(size)
        body = rnode_pair.frame(0x23, b"\x3c") + rnode_pair.frame(0x24, b"\x19")
        body += rnode_pair.frame(0x00, payload[:size])
        self.block, self.per = body * 64, 64
        self.left, self.stopped = count // 64, False
        self.start = None
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        pending = b""
        while not self.stopped:
            if self.node.on and not pending and self.left:
                if self.start is None:
                    time.sleep(0.3)     # the reader's own start is not counted
                    self.start = time.perf_counter()
                pending, self.left = self.block, self.left - 1
            wants = [self.master] if self.node.out or pending else []
            ready, free, _ = select.select([self.master], wants, [], 0.05)
            if ready:
                try:
                    self.node.feed(os.read(self.master, 65536))
                except OSError:
                    return
            out = bytes(self.node.out) + pending
            if free and out:
                try:
                    done = os.write(self.master, out[:4096])
                except BlockingIOError:
                    continue
                mine = len(self.node.out)
                del self.node.out[:done]
                pending = pending[max(0, done - mine):]


def kos(size):
    modem = Fast(size, COUNT)
    count = COUNT // 64 * 64
    environment = {**os.environ, "XDG_STATE_HOME": tempfile.mkdtemp()}
    reader = subprocess.Popen([TOOL, "listen", "-p", modem.path, "--frames", "-c", str(count)],
                              stdout=subprocess.DEVNULL, env=environment)
    reader.wait(timeout=120)
    seconds = time.perf_counter() - modem.start
    modem.stopped = True
    print(json.dumps({"reader": "kos-lora listen", "bytes": size, "frames": count,
                      "perSecond": round(count / seconds)}), flush=True)


def reticulum(size):
    """RNS's RNodeInterface with its transport replaced by a counter."""
    modem = Fast(size, max(640, COUNT // 10))
    count = max(640, COUNT // 10) // 64 * 64
    script = """
import sys, time, RNS
from RNS.Interfaces.RNodeInterface import RNodeInterface
RNS.loglevel = 0
class Owner:
    seen = 0
    def inbound(self, data, interface): Owner.seen += 1
i = RNodeInterface(Owner(), {"name": "x", "port": sys.argv[1], "frequency": 868100000,
    "bandwidth": 125000, "txpower": 14, "spreadingfactor": 7, "codingrate": 5})
while Owner.seen < int(sys.argv[2]): time.sleep(0.01)
print("done", flush=True)
import os; os._exit(0)
"""
    reader = subprocess.Popen([sys.executable, "-c", script, modem.path, str(count)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    line = reader.stdout.readline()
    seconds = time.perf_counter() - (modem.start or time.perf_counter())
    modem.stopped = True
    reader.kill()
    if line:
        print(json.dumps({"reader": "RNS RNodeInterface", "bytes": size, "frames": count,
                          "perSecond": round(count / seconds)}), flush=True)


for size in (16, 222):
    kos(size)
    reticulum(size)

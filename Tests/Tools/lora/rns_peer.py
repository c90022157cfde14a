"""Reticulum as a peer: an RNode interface on PORT, a PLAIN destination "kos.lora", an announce.

Prints one JSON line an event: online, announced, received. Config is written to DIRECTORY.
"""
import json, os, sys, threading, time

port, directory = sys.argv[1], sys.argv[2]
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 20
kind = sys.argv[4] if len(sys.argv) > 4 else "RNodeInterface"
os.makedirs(directory, exist_ok=True)
lora = "frequency = 868100000\n    bandwidth = 125000\n    txpower = 14\n    spreadingfactor = 7\n    codingrate = 5"
kiss = "speed = 115200\n    databits = 8\n    parity = none\n    stopbits = 1\n    preamble = 150\n    txtail = 10\n    persistence = 200\n    slottime = 20"
with open(os.path.join(directory, "config"), "w") as file:
    file.write(f"""[reticulum]
  enable_transport = False
  share_instance = No
[logging]
  loglevel = 4
[interfaces]
  [[radio]]
    type = {kind}
    enabled = yes
    port = {port}
    {lora if kind == "RNodeInterface" else kiss}
""")

import RNS  # after the arguments: importing takes a second


def tell(**event):
    print(json.dumps(event), flush=True)


reticulum = RNS.Reticulum(directory)
start = time.time()
while not all(getattr(i, "online", False) for i in RNS.Transport.interfaces):
    if time.time() - start > seconds:
        tell(event="offline")
        os._exit(1)
    time.sleep(0.05)
tell(event="online", seconds=round(time.time() - start, 2))
destination = RNS.Destination(None, RNS.Destination.IN, RNS.Destination.PLAIN, "kos", "lora")


def received(data, packet):
    tell(event="received", hex=data.hex(), rssi=packet.rssi, snr=packet.snr)


destination.set_packet_callback(received)
identity = RNS.Identity()
announcer = RNS.Destination(identity, RNS.Destination.IN, RNS.Destination.SINGLE, "kos", "announce")
announcer.announce()
tell(event="announced")
out = RNS.Destination(None, RNS.Destination.OUT, RNS.Destination.PLAIN, "kos", "lora")
RNS.Packet(out, bytes.fromhex("c0dbdcdd00ff") + b" from RNS").send()
RNS.Packet(out, bytes(range(256)) + bytes(200)).send()
time.sleep(max(0, seconds - (time.time() - start)))
os._exit(0)

"""How many PUSH_DATA a second a server acknowledges: window 64, 457-octet datagrams.

lora_gwmp.py HOST PORT [COUNT]; prints one JSON line.
"""
import json, socket, struct, sys, time

host, port = sys.argv[1], int(sys.argv[2])
count = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
body = json.dumps({"rxpk": [{
    "tmst": 3512348611, "chan": 2, "rfch": 0, "freq": 868.1, "stat": 1, "modu": "LORA",
    "datr": "SF7BW125", "codr": "4/5", "rssi": -35, "lsnr": 5.1, "size": 222, "data": "AAEC" * 72}]})
head = b"\x00" + bytes.fromhex("0016c001ff10a235")
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
sock.connect((host, port))
sock.settimeout(2)
text = body.encode()
sent = acked = 0
start = time.perf_counter()
while acked < count:
    while sent < count and sent - acked < 64:
        sock.send(b"\x02" + struct.pack("<H", sent & 0xFFFF) + head + text)
        sent += 1
    try:
        answer = sock.recv(64)
    except TimeoutError:
        break
    if len(answer) == 4 and answer[3] == 1:
        acked += 1
seconds = time.perf_counter() - start
print(json.dumps({"acked": acked, "sent": sent, "perSecond": round(acked / seconds), "bytes": len(text) + 12}))

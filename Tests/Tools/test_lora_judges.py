"""kos-lora judged by clients that others wrote: loramon, loratransmit, Reticulum over KISS, MeshCore's host
side, mote, and pamoja as a network server."""

import base64
import json
import pathlib
import socket
import subprocess
import sys
import time

import pytest

from lora.kit import HERE, emulator, free_port, home, homes, run, tool  # noqa: F401 (fixtures)

ODD = "c0db0d0a2c00ff"
SCRIPTS = pathlib.Path(sys.executable).parent
PLAIN = "0800cd235ae95444a3780171f2f54095462b00"


def listen(home, *arguments):
    process = subprocess.Popen([tool("kos-lora"), "listen", *arguments], env=home, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    return process


def frames(process, status=0):
    out, err = process.communicate(timeout=40)
    assert process.returncode == status, err
    records = [json.loads(line) for line in out.splitlines()]
    return [p.encode() if isinstance(p := r["payload"], str) else base64.b64decode(p["base64"])
            for r in records]


def test_loratransmit_is_heard(home):
    with emulator("rnode_pair.py") as (a, b):
        hearing = listen(home, "-p", b, "--raw", "-c", "1", "-t", "20")
        done = subprocess.run([SCRIPTS / "loratransmit", "--freq", "868100000", "--txp", "14", a, "hello from there"],
                              capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
        heard = frames(hearing)
    assert any(f.endswith(b"hello from there") for f in heard), (heard, done.stdout)


def test_loramon_hears(home, tmp_path):
    with emulator("rnode_pair.py") as (a, b):
        monitor = subprocess.Popen(
            [SCRIPTS / "loramon", "-C", "-H", "-W", tmp_path, "--freq", "868100000", "--bw", "125000", "--txp",
             "14", "--sf", "7", "--cr", "5", a],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(4)
        run(home, "kos-lora", "send", "-p", b, "--raw", "--hex", ODD)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not list(tmp_path.glob("*.pkt")):
            time.sleep(0.1)
        monitor.kill()
        out = monitor.communicate()[0]
    kept = [file.read_bytes().hex() for file in tmp_path.glob("*.pkt")]
    assert kept == [ODD], out


def test_reticulum_over_kiss_both_ways(home, tmp_path):
    with emulator("modem_pair.py", "kiss", "kiss") as (a, b):
        hearing = listen(home, "-p", b, "--driver", "kiss", "-c", "3", "-t", "30")
        rns = subprocess.Popen([sys.executable, HERE / "rns_peer.py", a, tmp_path / "rns", "9", "KISSInterface"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        heard = frames(hearing)
        run(home, "kos-lora", "send", "-p", b, "--driver", "kiss", "--hex", PLAIN + "c0dbdcdd00ff41")
        lines = rns.communicate(timeout=30)[0].splitlines()
    assert 167 in [len(f) for f in heard], [len(f) for f in heard]
    assert bytes.fromhex(PLAIN + "c0dbdcdd00ff") + b" from RNS" in heard
    got = [e["hex"] for e in map(json.loads, filter(lambda x: x.startswith("{"), lines)) if e["event"] == "received"]
    assert got == ["c0dbdcdd00ff41"]


def test_meshcores_host_side(home):
    """openhop-core's wrapper at one modem, kos-lora at the other."""
    from openhop_core.hardware.kiss_modem_wrapper import KissModemWrapper
    heard = []
    with emulator("modem_pair.py", "meshcore", "meshcore") as (a, b):
        peer = KissModemWrapper(
            a, on_frame_received=lambda data, rssi, snr: heard.append((data, rssi, snr)), auto_configure=True,
            radio_config=dict(frequency=868_100_000, bandwidth=125_000, spreading_factor=7, coding_rate=5, power=14))
        assert peer.connect()
        try:
            hearing = listen(home, "-p", b, "--driver", "meshcore", "-c", "1", "-t", "20")
            peer.send_frame(bytes.fromhex(ODD))
            assert frames(hearing) == [bytes.fromhex(ODD)]
            sent, _ = run(home, "kos-lora", "send", "-p", b, "--driver", "meshcore", "--hex", ODD)
            assert sent[0]["success"]
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and not heard:
                time.sleep(0.05)
        finally:
            peer.disconnect()
    assert [(d.hex(), r, s) for d, r, s in heard] == [(ODD, -60, 8.0)]


# LoRaWAN's gateways and servers


def test_mote_joins_and_pulls(home, tmp_path):
    """A node and gateway of somebody else: its join request is a frame, its PULL_DATA is answered."""
    port = free_port(socket.SOCK_DGRAM)
    config = tmp_path / "config"
    write_mote_config(config, port)
    hearing = listen(home, "-p", f"udp://127.0.0.1:{port}", "--sync-word", "0x34", "-c", "1", "-t", "30", "-v")
    done = subprocess.run([SCRIPTS / "mote", "-c", config, "--model", tmp_path / "models", "join", "-n"],
                          capture_output=True, text=True, timeout=30, cwd=tmp_path)
    out, err = hearing.communicate(timeout=40)
    assert hearing.returncode == 0, (err, done.stdout, done.stderr)
    record = json.loads(out.splitlines()[0])
    octets = base64.b64decode(record["payload"]["base64"])
    assert len(octets) == 23 and octets[0] == 0, record
    pull = subprocess.Popen([SCRIPTS / "mote", "-c", config, "--model", tmp_path / "models", "pull"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path)
    sent, err = run(home, "kos-lora", "send", "-p", f"udp://127.0.0.1:{port}", "hello", "-t", "2s", "-v", status=None)
    pull.kill()
    assert "is connected" in err, (err, pull.communicate()[0])


def write_mote_config(config, port):
    config.mkdir()
    files = {
        "config": {"dest": {"hostname": "127.0.0.1", "port": port},
                   "src": {"hostname": "127.0.0.1", "port": free_port(socket.SOCK_DGRAM)},
                   "timeout": 3, "level": "debug"},
        "device": {"Device": {"JoinEUI": "0807060504030201", "DevEUI": "0102030405060708"},
                   "RootKeys": {"AppKey": "00" * 16, "NwkKey": "00" * 16}},
        "gateway": {"GatewayEUI": "0016c001ff10a235"}}
    for name, value in files.items():
        (config / f"{name}.json").write_text(json.dumps(value))


class Server:
    """A network server made of pamoja's codec."""

    def __init__(self):
        from pamoja import gateway, lora
        self.codec, self.lora = gateway, lora
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(10)
        self.port = self.sock.getsockname()[1]
        self.kinds = []

    def until(self, kind):
        while True:
            data, peer = self.sock.recvfrom(4096)
            packet = self.codec.parse(data)
            self.kinds.append(packet.kind)
            if packet.kind in ("PushData", "PullData"):
                answer = {"PushData": "PushAck", "PullData": "PullAck"}[packet.kind]
                self.sock.sendto(self.codec.encode(self.codec.Packet(answer, packet.token)), peer)
                if packet.kind == "PullData":
                    self.down = peer
            if packet.kind == kind:
                return packet


def test_a_modem_as_a_gateway_of_a_server(home):
    server = Server()
    eui = "0016c001ff10a235"
    with emulator("rnode_pair.py") as (a, b):
        gateway = subprocess.Popen(
            [tool("kos-lora"), "gateway", "-p", a, "--server", f"127.0.0.1:{server.port}", "--eui", eui],
            env=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert server.until("PullData").gateway == eui
            time.sleep(0.5)
            run(home, "kos-lora", "send", "-p", b, "--hex", ODD)
            push = server.until("PushData")
            heard = push.packets[0]
            assert bytes(heard.payload).hex() == ODD and heard.frequency_hz == 868_100_000
            assert heard.rssi_dbm == -97 and heard.snr_db in (6.2, 6.25)
            # An order: carried out, heard by the other modem, and acknowledged.
            hearing = subprocess.Popen([tool("kos-lora"), "monitor", "-p", b, "-t", "20"], env=home, text=True,
                                       stdout=subprocess.PIPE)
            assert json.loads(hearing.stdout.readline())["event"] == "ready"
            order(server, 868.1, 7)
            assert server.until("TxAck") and json.loads(hearing.stdout.readline())["payload"] == "hello"
            hearing.terminate()
            hearing.communicate(timeout=10)
            # One for another channel is refused with the protocol's word.
            order(server, 868.3, 7)
            ack = server.until("TxAck")
            assert "TX_FREQ" in repr(ack) or "TX_FREQ" in str(getattr(ack, "tx_status", "")), repr(ack)
        finally:
            gateway.terminate()
            out, err = gateway.communicate(timeout=10)
    results = [r for r in map(json.loads, out.splitlines()) if r["type"] == "sendResult"]
    assert [r["success"] for r in results] == [True, False], (out, err)


def order(server, megahertz, factor):
    body = {"txpk": {"imme": True, "freq": megahertz, "rfch": 0, "powe": 14, "modu": "LORA",
                     "datr": f"SF{factor}BW125", "codr": "4/5", "ipol": False, "size": 5,
                     "data": base64.b64encode(b"hello").decode()}}
    server.sock.sendto(b"\x02\x34\x12\x03" + json.dumps(body).encode(), server.down)

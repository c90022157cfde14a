"""kos-lora with real peers: Reticulum, pamoja, PyPI's rylr and rf95modem, tshark; and emulated modems."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).parents[2]
TOOL = os.path.join(os.environ.get("KOS_BIN", ROOT / ".build/release"), "kos-lora")
HERE = pathlib.Path(__file__).parent / "lora"
ODD = "c0db0d0a2c00ff"


@pytest.fixture
def home(tmp_path):
    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_DATA_HOME": str(tmp_path / "data"), "XDG_RUNTIME_DIR": str(tmp_path / "run")}


def run(home, *arguments, status=0, data=None):
    done = subprocess.run([TOOL, *map(str, arguments)], env=home, input=data, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == status, (done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@contextlib.contextmanager
def emulator(name, *arguments):
    """Two modems that hear each other; gives the paths of their lines."""
    process = subprocess.Popen([sys.executable, HERE / name, *arguments], stdout=subprocess.PIPE)
    try:
        paths = json.loads(process.stdout.readline())
        yield paths["a"], paths["b"]
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def listener(home, *arguments):
    """kos-lora listening; gives a function that waits for its end and returns (status, records)."""
    process = subprocess.Popen([TOOL, "listen", *map(str, arguments)], env=home,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.4)

    def end():
        out, err = process.communicate(timeout=60)
        return process.returncode, [json.loads(line) for line in out.splitlines()], err

    try:
        yield end
    finally:
        process.kill()
        process.wait()


def octets(record):
    payload = record["payload"]
    if isinstance(payload, str):
        return payload.encode()
    import base64
    return base64.b64decode(payload["base64"])


# What needs no modem


def test_records_fit_their_schema(home):
    schema = json.loads(subprocess.check_output([TOOL, "--schema"], text=True))
    records = run(home, "airtime", "--payload", "0-255")[0]
    records += run(home, "budget", "--payload", "20")[0]
    records += run(home, "budget", "--region", "US915", "--sf", "12", "--payload", "255", status=0)[0]
    records += run(home, "link", "--distance", "5km")[0]
    assert len(records) == 256 + 7 + 3 + 1
    judge = jsonschema.Draft202012Validator(schema)
    for record in records:
        judge.validate(record)
        assert list(record)[:2] == ["type", "kos"]


@pytest.mark.parametrize("arguments, word", [
    (["airtime", "--sf", "13", "--payload", "1"], "5 to 12"),
    (["airtime", "--payload", "256"], "0 to 255"),
    (["airtime", "--coding-rate", "4/9", "--payload", "1"], "4/5"),
    (["airtime"], "--payload"),
    (["budget", "--region", "XX"], "EU868"),
    (["budget", "--sub-band", "z"], "g1"),
    (["budget", "--frequency", "868.65M"], "868–868.6 MHz"),
    (["send", "-p", "sim:", "--frequency", "915M", "x"], "EU868"),
    (["send", "-p", "sim:", "--power", "30", "x"], "14.0 dBm"),
    (["send", "-p", "lora:/dev/null?color=red", "x"], "driver"),
    (["listen", "-p", "nowhere"], "tcp://HOST:PORT"),
])
def test_wrong_settings_are_refused_with_the_legal_ones(home, arguments, word):
    records, text = run(home, *arguments, status=2)
    assert records == [] and word in text and text.count("\n") == 1


def test_sizes_on_standard_input(home):
    records, _ = run(home, "airtime", "--payload", "-", data="20\n255\n")
    assert [r["airtimeMs"] for r in records] == [56.576, 399.616]
    records, text = run(home, "airtime", "--payload", "-", data="20\nx\n", status=5)
    assert [r["type"] for r in records] == ["airtime", "error"] and "stdin:2" in text


def test_no_home_is_told(home):
    bare = {k: v for k, v in home.items() if not k.startswith("XDG") and k != "HOME"}
    assert "XDG_STATE_HOME" in run(bare, "budget", status=3)[1]
    assert run(bare, "airtime", "--payload", "20")[0][0]["airtimeMs"] == 56.576


# The law


def test_two_processes_share_one_budget(home):
    """SF12, 200 octets: 7.2 s each, 36 s an hour: of eight at once exactly four may go."""
    text = "x" * 200
    arguments = [TOOL, "send", "-p", "sim:47501", "--sf", "12", "-t", "60", text]
    many = [subprocess.Popen(arguments, env=home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             text=True) for _ in range(8)]
    ends = [(p.communicate(timeout=60)[0], p.returncode) for p in many]
    assert sorted(code for _, code in ends) == [0] * 4 + [1] * 4
    refused = [json.loads(out) for out, code in ends if code == 1]
    assert all(r["errorCode"] == "dutyCycle" for r in refused)
    free = int(re.search(r"free in (\d+) ms", refused[0]["error"])[1])
    assert 3_500_000 < free <= 3_610_000
    budget = run(home, "budget", "-p", "sim:47501", "--sub-band", "g1", "--sf", "12",
                 "--payload", "200", status=1)[0][0]
    assert budget["packetsLeft"] == 0 and 3_500_000 < budget["nextFreeMs"] <= 3_610_000
    # Simulated radios use no real air: the host's own budget is whole.
    assert run(home, "budget", "--sub-band", "g1")[0][0]["usedMs"] == 0


def test_dry_run_sends_nothing(home):
    records, _ = run(home, "send", "-p", "sim:47502", "-n", "hello")
    assert records[0]["type"] == "budget" and records[0]["nextFreeMs"] == 0
    assert run(home, "budget", "-p", "sim:47502", "--sub-band", "g1")[0][0]["usedMs"] == 0


def test_a_ledger_that_was_cut_off_still_counts(home, tmp_path):
    run(home, "send", "-p", "sim:47503", "one")
    ledger = tmp_path / "state/kos/airtime.ndjson"
    before = run(home, "budget", "-p", "sim:47503", "--sub-band", "g1")[0][0]["usedMs"]
    with open(ledger, "a") as file:
        file.write('{"type":"transmission","kos":1,"timest')
    run(home, "send", "-p", "sim:47503", "one")
    after = run(home, "budget", "-p", "sim:47503", "--sub-band", "g1")[0][0]["usedMs"]
    assert before > 0 and after == 2 * before


# RNode


def test_rnode_frames_cross(home):
    with emulator("rnode_pair.py", "--noise") as (a, b):
        with listener(home, "-p", b, "-c", "2", "-t", "8") as end:
            assert run(home, "send", "-p", a, "--hex", ODD)[0][0]["success"]
            assert run(home, "send", "-p", a, "x" * 500)[0][0]["success"]
            status, records, _ = end()
    assert status == 0
    assert [octets(r) for r in records] == [bytes.fromhex(ODD), b"x" * 500]
    assert all((r["rssiDbm"], r["snrDb"]) == (-97, 6.25) for r in records)
    assert records[0]["radio"]["marginDb"] == 13.75


@pytest.mark.parametrize("fault, word", [
    (["--misreport", "freq"], "frequency mismatch"), (["--misreport", "bw"], "bandwidth mismatch"),
    (["--misreport", "sf"], "spreading factor mismatch"), (["--misreport", "cr"], "coding rate mismatch"),
    (["--max-txp", "5"], "TX power mismatch: asked for 14, the modem has 5"),
    (["--fw", "1.40"], "at least version 1.52"), (["--mute"], "no RNode answers"),
    (["--fail-init"], "hardware initialisation error (code 01)"),
])
def test_a_dishonest_rnode_is_an_error(home, fault, word):
    with emulator("rnode_pair.py", *fault) as (a, _):
        records, text = run(home, "send", "-p", a, "hello", status=3)
    assert records == [] and word in text


def test_a_full_queue_is_waited_for(home):
    with emulator("rnode_pair.py", "--queue-full", "3") as (a, b):
        frames = "".join(json.dumps(packet(n)) + "\n" for n in range(12))
        with listener(home, "-p", b, "-c", "12", "-t", "8") as end:
            records, _ = run(home, "send", "-p", a, "-", data=frames)
            status, heard, _ = end()
    assert len(records) == 12 and all(r["success"] for r in records)
    assert status == 0 and [h["payload"] for h in heard] == [str(n) for n in range(12)]


def packet(number, **changes):
    return {"type": "packet", "kos": 1, "id": "01a20273-73a0-7a02-8e11-0d5a6b7c8d%02x" % number,
            "version": 1, "timestamp": 1795337450400, "source": "echo", "destination": "*",
            "payload": str(number), "options": {}, "route": ["echo"],
            "metadata": {"hops": 0, "ttl": 8, "priority": 3, "type": "data", "flags": []},
            "signature": None, **changes}


def test_the_port_is_in_use_by_whom(home):
    with emulator("rnode_pair.py") as (a, _):
        with listener(home, "-p", a, "-t", "5"):
            _, text = run(home, "info", "-p", a, status=3)
    assert re.search(r"in use by process \d+ \(kos-lora\)", text)


def test_a_modem_that_vanishes_ends_listen(home):
    with emulator("rnode_pair.py", "--vanish-after", "1") as (a, b):
        with listener(home, "-p", a, "-t", "8") as end:
            run(home, "send", "-p", b, "hello")
            status, records, text = end()
    assert status == 3 and len(records) == 1 and a in text


def test_tcp_and_reconnect(home):
    with emulator("rnode_pair.py", "--tcp", "--vanish-after", "1") as (a, b):
        process = subprocess.Popen([TOOL, "monitor", "-p", "tcp://" + a, "-t", "6"], env=home,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        time.sleep(0.4)
        run(home, "send", "-p", b, "one")
        time.sleep(1.2)
        run(home, "send", "-p", b, "two")
        records = [json.loads(line) for line in process.communicate(timeout=20)[0].splitlines()]
    kinds = [r.get("event") or r["payload"] for r in records]
    assert kinds == ["ready", "one", "lost", "ready", "two"], kinds


def test_reticulum_both_ways(home, tmp_path):
    plain = "0800cd235ae95444a3780171f2f54095462b00"
    with emulator("rnode_pair.py") as (a, b):
        with listener(home, "-p", b, "-c", "3", "-t", "20") as end:
            rns = subprocess.Popen([sys.executable, HERE / "rns_peer.py", a, tmp_path / "rns", "12"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            status, heard, _ = end()
        run(home, "send", "-p", b, "--hex", plain + "c0dbdcdd00ff41")
        run(home, "send", "-p", b, "--hex", plain + "c0" * 400)
        lines = rns.communicate(timeout=30)[0].splitlines()
    assert status == 0
    sizes = [h["lengthBytes"] for h in heard]
    assert 167 in sizes, sizes
    wanted = bytes.fromhex(plain + "c0dbdcdd00ff") + b" from RNS"
    assert wanted in [octets(h) for h in heard]
    events = [json.loads(line) for line in lines if line.startswith("{")]
    got = [e for e in events if e["event"] == "received"]
    assert [g["hex"] for g in got] == ["c0dbdcdd00ff41", "c0" * 400]
    assert got[0]["rssi"] == -97 and got[0]["snr"] == 6.25


# Packets


def test_a_signed_packet_crosses(home):
    with emulator("rnode_pair.py") as (a, b):
        with listener(home, "-p", b, "-c", "1", "-t", "8") as end:
            sent = run(home, "send", "-p", a, "-T", "*", "hello")[0][0]
            status, heard, _ = end()
    assert status == 0 and sent["success"] and sent["packetId"] == heard[0]["id"]
    assert heard[0]["payload"] == "hello" and heard[0]["radio"]["rssiDbm"] == -97
    verify(heard[0])


def verify(record):
    """The signature by another implementation: RFC 8785 and Ed25519 from PyPI."""
    import base64
    import rfc8785
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    unsigned = {k: v for k, v in record.items()
                if k not in ("type", "kos", "radio", "signature", "route")}
    unsigned["metadata"] = {k: v for k, v in record["metadata"].items() if k not in ("ttl", "hops")}
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for character in record["source"][1:]:
        number = number * 58 + alphabet.index(character)
    key = number.to_bytes(34, "big")[2:]
    Ed25519PublicKey.from_public_bytes(key).verify(
        base64.b64decode(record["signature"]), b"kos-packet-v1\n" + rfc8785.dumps(unsigned))


@pytest.mark.parametrize("seed", range(1, 4))
def test_four_kilobytes_through_loss(home, seed):
    text = "0123456789abcdef" * 250
    settings = ["--frequency", "869.525M", "--power", "14"]
    with emulator("rnode_pair.py", "--loss", "0.3", "--seed", str(seed)) as (a, b):
        with listener(home, "-p", b, *settings, "-c", "1", "-t", "50") as end:
            sent = run(home, "send", "-p", a, *settings, "-T", "bob", "-t", "50", text)[0][0]
            status, heard, _ = end()
    assert sent["success"], f"seed {seed}: {sent}"
    assert status == 0 and heard[0]["payload"] == text, f"seed {seed}"


# The other dialects


@pytest.mark.parametrize("kinds", [
    "rylr rylr", "rui3 rui3", "rn2xx3 rui3", "rui3 rn2xx3", "rf95 rf95", "ebyte ebyte", "kiss kiss",
    "meshcore meshcore"])
def test_every_dialect_sends_and_hears(home, kinds):
    one, other = kinds.split()
    with emulator("modem_pair.py", one, other) as (a, b):
        with listener(home, "-p", b, "--driver", other, "-c", "2", "-t", "10") as end:
            for arguments in (["--hex", ODD], ["second"]):
                assert run(home, "send", "-p", a, "--driver", one, *arguments)[0][0]["success"]
            status, records, _ = end()
    assert status == 0 and [octets(r) for r in records] == [bytes.fromhex(ODD), b"second"]
    if other not in ("ebyte", "kiss"):
        assert records[0]["snrDb"] == 8


@pytest.mark.parametrize("kind, lie, word", [
    ("rylr", "BAND=915000000", "frequency mismatch"),
    ("rui3", "P2P=868100000:12:0:0:8:14", "P2P settings mismatch"),
    ("rn2xx3", "bw=250", "bandwidth mismatch"), ("rf95", "freq=433.92", "frequency mismatch"), ("meshcore", "sf=9", "spreading factor mismatch")])
def test_a_dialect_that_reads_back_otherwise_is_an_error(home, kind, lie, word):
    with emulator("modem_pair.py", kind, kind, "--lie", lie) as (_, b):
        assert word in run(home, "info", "-p", b, "--driver", kind, status=3)[1]


def test_pypi_rylr(home):
    from rylr import RYLR
    with emulator("modem_pair.py", "rylr", "rylr") as (a, b):
        peer = RYLR(a, addr="", network="")
        with listener(home, "-p", b, "--driver", "rylr", "-c", "1", "-t", "8") as end:
            peer.send("a,b,c")
            status, records, _ = end()
        assert status == 0 and records[0]["payload"] == "a,b,c"
        peer.port.reset_input_buffer()
        run(home, "send", "-p", b, "--driver", "rylr", "--raw", "plain text")
        time.sleep(0.3)
        assert peer.recv().strip() == "+RCV=50,10,plain text,-60,8"
        peer.close()


def test_pypi_rf95modem(home):
    import serial
    import serial.threaded
    import rf95modem
    heard = []
    with emulator("modem_pair.py", "rf95", "rf95") as (a, b):
        line = serial.serial_for_url(a, baudrate=115200, timeout=1)
        with serial.threaded.ReaderThread(line, rf95modem.reader.Rf95Reader) as peer:
            peer.rx_handlers.append(heard.append)
            with listener(home, "-p", b, "--driver", "rf95", "-c", "1", "-t", "8") as end:
                peer.transmit(bytes.fromhex(ODD))
                status, records, _ = end()
            assert status == 0 and octets(records[0]) == bytes.fromhex(ODD)
            run(home, "send", "-p", b, "--driver", "rf95", "--hex", ODD)
            time.sleep(0.3)
    assert heard[0].payload == bytes.fromhex(ODD) and heard[0].rssi == -60


# Gateways


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gateway:
    """A gateway made of pamoja's codec: two sockets, as real ones have."""

    eui = "0016c001ff10a235"

    def __init__(self, port):
        from pamoja import gateway, lora
        self.codec, self.lora = gateway, lora
        self.up, self.down = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for sock in (self.up, self.down):
            sock.connect(("127.0.0.1", port))
            sock.settimeout(3)

    def ask(self, sock, *arguments, **named):
        packet = self.codec.Packet(*arguments, **named)
        start = time.perf_counter()
        sock.send(self.codec.encode(packet))
        answer = self.codec.parse(sock.recv(2048))
        return answer, time.perf_counter() - start

    def push(self, payload):
        heard = self.codec.Rxpk(868_100_000, payload, link=self.lora.link(7, 125_000), rssi_dbm=-35.0,
                                snr_db=5.1)
        return self.ask(self.up, "PushData", 0x1234, gateway=self.eui, packets=[heard])

    def pull(self):
        return self.ask(self.down, "PullData", 0x4321, gateway=self.eui)


def test_gateways_are_radios(home):
    port = free_port()
    where = f"udp://127.0.0.1:{port}"
    with listener(home, "-p", where, "-c", "1", "-t", "8") as end:
        gateway = Gateway(port)
        answer, seconds = gateway.push(bytes.fromhex("e0" + ODD))
        assert answer.kind == "PushAck" and answer.token == 0x1234 and seconds < 0.05
        status, records, _ = end()
    assert status == 0 and octets(records[0]) == bytes.fromhex("e0" + ODD)
    assert records[0]["source"] == gateway.eui and records[0]["rssiDbm"] == -35
    assert records[0]["radio"]["frequencyHz"] == 868_100_000


@pytest.mark.parametrize("fate, status", [(None, 0), ("TOO_LATE", 1)])
def test_downlinks_through_a_gateway(home, fate, status):
    port = free_port()
    sender = subprocess.Popen([TOOL, "send", "-p", f"udp://127.0.0.1:{port}", "hello"], env=home,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.4)
    gateway = Gateway(port)
    assert gateway.pull()[0].kind == "PullAck"
    order = gateway.codec.parse(gateway.down.recv(2048))
    assert order.kind == "PullResp" and bytes(order.transmit.payload) == b"hello"
    assert order.transmit.frequency_hz == 868_100_000 and not order.transmit.invert_polarity
    named = {"tx_status": fate} if fate else {}
    ack = gateway.codec.Packet("TxAck", order.token, gateway=gateway.eui, **named)
    gateway.down.send(gateway.codec.encode(ack))
    out, err = sender.communicate(timeout=10)
    assert sender.returncode == status, err
    if fate:
        assert "TOO_LATE" in json.loads(out)["error"]


# Captures, sharing, simulation


def test_tshark_reads_what_was_heard(home, tmp_path):
    file = tmp_path / "heard.pcap"
    with emulator("rnode_pair.py") as (a, b):
        with listener(home, "-p", b, "-c", "1", "-t", "8", "--pcap", file) as end:
            run(home, "send", "-p", a, "--hex", ODD)
            _, records, _ = end()
    fields = ["loratap.channel.frequency", "loratap.channel.sf", "loratap.channel.bandwidth",
              "loratap.rssi.packet", "loratap.rssi.snr", "loratap.syncword", "data.data"]
    wanted = [part for field in fields for part in ("-e", field)]
    out = subprocess.check_output(["tshark", "-r", file, "-T", "fields", *wanted], text=True,
                                  stderr=subprocess.DEVNULL)
    assert out.split() == ["868100000", "7", "1", str(139 - 97), str(int(6.25 * 4)), "0x12", ODD]


def test_extcap(home):
    # As root Wireshark looks at its own folder alone.
    folders = subprocess.check_output(["tshark", "-G", "folders"], text=True, stderr=subprocess.DEVNULL)
    place = pathlib.Path(re.search(r"^(?:Global )?Extcap path:\s*(\S+)", folders, re.M).group(1)) / "kos-lora-test"
    place.symlink_to(TOOL)
    try:
        check_extcap(home)
    finally:
        place.unlink()


def check_extcap(named):
    out = subprocess.check_output(["tshark", "-D"], text=True, env=named, stderr=subprocess.DEVNULL)
    assert "kos-lora-sim:" in out
    out = subprocess.check_output(["tshark", "-i", "kos-lora-sim:", "-L"], text=True, env=named,
                                  stderr=subprocess.STDOUT)
    assert "LORATAP" in out
    capture = subprocess.Popen(["tshark", "-i", "kos-lora-sim:", "-c", "1", "-a", "duration:15", "-T",
                                "fields", "-e", "data.data"], text=True, env=named,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(3)
    run(named, "send", "-p", "sim:", "--hex", ODD)
    assert capture.communicate(timeout=30)[0].strip() == ODD


def test_one_radio_for_many(home, tmp_path):
    path = str(tmp_path / "radio.sock")
    with emulator("rnode_pair.py") as (a, b):
        server = subprocess.Popen([TOOL, "serve", "-p", a, "--socket", path, "-q"], env=home,
                                  stderr=subprocess.PIPE, text=True)
        try:
            for _ in range(50):
                if os.path.exists(path):
                    break
                time.sleep(0.1)
            clients = []
            for _ in range(2):
                client = socket.socket(socket.AF_UNIX)
                client.connect(path)
                client.settimeout(5)
                clients.append(client.makefile("rw"))
            assert os.stat(path).st_mode & 0o077 == 0
            time.sleep(0.3)
            with listener(home, "-p", b, "-c", "2", "-t", "8") as end:
                for number, client in enumerate(clients):
                    client.write(json.dumps(packet(number)) + "\n")
                    client.flush()
                answers = [record(client, "sendResult") for client in clients]
                _, heard, _ = end()
            assert [a["packetId"][-2:] for a in answers] == ["00", "01"]
            assert all(a["success"] for a in answers)
            assert sorted(h["payload"] for h in heard) == ["0", "1"]
            run(home, "send", "-p", b, "to all")
            assert [record(client, "frame")["payload"] for client in clients] == ["to all"] * 2
            clients[0].write("nonsense\n")
            clients[0].flush()
            assert record(clients[0], "error")["code"] == "notJSON"
            assert "served by another" in run(home, "serve", "-p", b, "--socket", path, status=3)[1]
        finally:
            server.terminate()
            assert server.wait(timeout=10) == 0
    assert not os.path.exists(path)


def record(client, kind):
    while True:
        line = json.loads(client.readline())
        if line["type"] == kind:
            return line


def test_the_simulated_air_has_distance(home):
    near, far = "sim:47504", "lora:sim:47504?x=200000&exponent=3.5"
    with listener(home, "-p", near, "-c", "1", "-t", "6") as one:
        with listener(home, "-p", far, "-c", "1", "-t", "2") as other:
            run(home, "send", "-p", near, "hello")
            assert one()[0] == 0 and other()[0] == 1


def test_a_ready_modem_is_waited_for_and_no_clock(home, tmp_path):
    """From the start of the process to the frame nothing sleeps: a wait ends because the modem speaks, or else it is
    asked once more. Tests/Benchmarks/run lora has the time."""
    trace = tmp_path / "trace"
    with emulator("rnode_pair.py") as (a, _):
        subprocess.run(
            ["strace", "-f", "-o", trace, "-e", "trace=poll,ppoll,epoll_wait,epoll_pwait,select,pselect6,nanosleep,"
             "clock_nanosleep,write", TOOL, "send", "-p", a, "x"],
            env=home, stdout=subprocess.DEVNULL, check=True,
            timeout=60)
    lines = trace.read_text().splitlines()
    assert not [line for line in lines if "nanosleep(" in line]
    ran_out = [line for line in lines if "(Timeout)" in line]
    # C0 08 73 C0: who is there?
    asked = [line for line in lines if 'write(' in line and r'"\300\10s\300' in line]
    assert len(ran_out) < len(asked)

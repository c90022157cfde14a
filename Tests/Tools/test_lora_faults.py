"""Radios that fail: garbage, half frames, lost octets, silence, ports that come and go, captures of odd frames."""

import json
import os
import random
import signal
import subprocess
import threading
import time

import pytest

from lora.kit import HERE, Bridge, emulator, home, homes, run, tool  # noqa: F401 (fixtures)


def start(home, verb, *arguments):
    return subprocess.Popen([tool("kos-lora"), verb, *arguments], env=home, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ready(home, *arguments):
    """A monitor whose modem is ready."""
    process = start(home, "monitor", *arguments)
    line = process.stdout.readline()
    assert line and json.loads(line)["event"] == "ready", process.communicate(timeout=10)
    return process


def payloads(process):
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=10)
    return [r["payload"] for r in map(json.loads, out.splitlines()) if r["type"] == "frame"]


@pytest.mark.parametrize("fault, heard", [
    (["--noise"], ["one", "two", "three"]),
    # The beginning of a frame, then nothing: the next ones are whole.
    (["--half-frame"], ["two", "three"])])
def test_garbage_costs_no_whole_frame(home, fault, heard):
    with emulator("rnode_pair.py", *fault) as (a, b):
        process = ready(home, "-p", a)
        for text in ("one", "two", "three"):
            run(home, "kos-lora", "send", "-p", b, text)
            # What a slow bridge may need between two octets of one frame, and a little more.
            time.sleep(1.7 if fault == ["--half-frame"] and text == "one" else 0.1)
        time.sleep(0.5)
        assert payloads(process) == heard


def test_lost_octets_spoil_frames_and_nothing_else(home):
    with emulator("rnode_pair.py", "--lose-bytes", "0.002", "--seed", "3") as (a, b):
        process = ready(home, "-p", a)
        frames = "".join(json.dumps({"type": "packet", "kos": 1, "id": f"p{n}", "version": 1, "timestamp": 1,
                                     "source": "echo", "destination": "*", "payload": f"{n:04d}" * 10,
                                     "options": {}, "route": ["echo"], "metadata": {"hops": 0, "ttl": 0}}) + "\n"
                         for n in range(40))
        run(home, "kos-lora", "send", "-p", b, "-", data=frames)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        records = [json.loads(line) for line in process.communicate(timeout=10)[0].splitlines()]
    whole = [r["payload"] for r in records if r["type"] == "packet"]
    assert len(whole) >= 20 and all(p in {f"{n:04d}" * 10 for n in range(40)} for p in whole)


def test_another_firmware_or_speed_is_told(home):
    """What answers is noise, as at another baud rate."""
    with emulator("modem_pair.py", "rn2xx3", "rn2xx3") as (a, _):
        _, err = run(home, "kos-lora", "info", "-p", a, status=3)
    assert "no RNode" in err and ("another speed" in err or "no RNode answers" in err)


def test_silence_in_the_middle_of_sending_is_told(home):
    """READY is never answered: the frames that fit go, then it is a fault, and not a wait for ever."""
    with emulator("rnode_pair.py", "--silent-ready") as (a, _):
        frames = "".join(json.dumps({"type": "packet", "kos": 1, "id": f"p{n}", "version": 1, "timestamp": 1,
                                     "source": "echo", "destination": "*", "payload": "x" * 100, "options": {},
                                     "route": ["echo"], "metadata": {"hops": 0, "ttl": 0}}) + "\n"
                         for n in range(20))
        start_time = time.monotonic()
        _, err = run(home, "kos-lora", "send", "-p", a, "-", data=frames, status=3)
    assert "stopped taking frames" in err and time.monotonic() - start_time < 30


def test_unplugged_in_the_middle_of_a_frame(home):
    """The line is cut while a frame comes in: told, opened again with a pause, and it goes on."""
    with emulator("rnode_pair.py", "--tcp") as (a, b):
        bridge = Cutter(a)
        process = ready(home, "-p", f"tcp://{bridge.name}")
        run(home, "kos-lora", "send", "-p", b, "x" * 200)
        events = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [e["event"] for e in events] == ["lost", "ready"]
        run(home, "kos-lora", "send", "-p", b, "whole")
        assert json.loads(process.stdout.readline())["payload"] == "whole"
        payloads(process)


class Cutter(Bridge):
    """Cuts the first connection in the middle of the first long frame."""

    def copy(self, source, sink):
        try:
            while data := source.recv(65536):
                if b"xxxx" in data and self.open:
                    sink.sendall(data[:len(data) // 2])
                    return self.cut()
                sink.sendall(data)
        except OSError:
            pass


def test_half_of_what_is_said_is_no_trouble_for_the_next_program(home):
    """Killed in the middle of a frame to the modem, the next one starts clean."""
    with emulator("rnode_pair.py") as (a, b):
        line = os.open(a, os.O_RDWR | os.O_NOCTTY)
        os.write(line, b"\xc0\x00half of a fra")
        os.close(line)
        process = ready(home, "-p", b)
        run(home, "kos-lora", "send", "-p", a, "whole")
        time.sleep(0.5)
        assert payloads(process) == ["whole"]


def test_ports_have_lasting_names(home, tmp_path):
    """The modems of a made-up host: by their USB ids, with the paths that stay."""
    tty, device = tmp_path / "tty", tmp_path / "devices/usb1/1-1"
    (device / "1-1:1.0/ttyUSB0").mkdir(parents=True)
    for name, text in [("idVendor", "10c4"), ("idProduct", "ea60"), ("manufacturer", "Silicon Labs"),
                       ("product", "CP2102")]:
        (device / name).write_text(text + "\n")
    (tty / "ttyUSB0").mkdir(parents=True)
    (tty / "ttyUSB0/device").symlink_to(device / "1-1:1.0/ttyUSB0")
    (tty / "ttyS0").mkdir()
    by_id = tmp_path / "serial/by-id"
    by_id.mkdir(parents=True)
    (by_id / "usb-Silicon_Labs_CP2102_0001-if00-port0").symlink_to("../../ttyUSB0")
    script = 'mount --bind "$1" /sys/class/tty && mkdir -p /dev/serial && mount --bind "$2" /dev/serial && exec "$3" ports'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", tty, tmp_path / "serial", tool("kos-lora")],
                          env=home, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 1 and records[0]["port"] == "/dev/ttyUSB0" and records[0]["usbId"] == "10c4:ea60"
    assert records[0]["byId"] == "/dev/serial/by-id/usb-Silicon_Labs_CP2102_0001-if00-port0"
    assert records[0]["description"] == "Silicon Labs CP2102"


def test_tshark_reads_lorawan(home, tmp_path):
    """A join request under LoRaWAN's sync word is one for tshark; a proprietary frame of ours too."""
    file = tmp_path / "heard.pcap"
    join = "00" + "0102030405060708" + "1112131415161718" + "2122" + "31323334"
    with emulator("rnode_pair.py") as (a, b):
        process = start(home, "listen", "-p", b, "--sync-word", "0x34", "-c", "2", "-t", "15", "--pcap", str(file))
        time.sleep(0.6)
        for data in (join, "e0" + "aabbcc" + "01020304"):
            run(home, "kos-lora", "send", "-p", a, "--sync-word", "0x34", "--hex", data)
        assert process.wait(timeout=20) == 0
    fields = ["frame.protocols", "lorawan.mhdr.mtype", "lorawan.join_request.deveui"]
    out = subprocess.check_output(
        ["tshark", "-r", file, "-T", "fields", *(x for f in fields for x in ("-e", f))], text=True,
        stderr=subprocess.DEVNULL).splitlines()
    rows = [line.split("\t") for line in out]
    assert rows[0][0].startswith("loratap:lorawan") and rows[0][1] == "0"
    assert rows[0][2].replace(":", "") in ("1817161514131211", "1112131415161718")
    assert rows[1][1] == "7"


@pytest.mark.parametrize("seed", [1, 2])
def test_noise_on_the_serving_socket(home, tmp_path, seed):
    """Clients that write nonsense harm neither the radio nor the others."""
    import socket
    path = str(tmp_path / "s.sock")
    with emulator("rnode_pair.py") as (a, b):
        server = start(home, "serve", "-p", a, "--socket", path)
        for _ in range(100):
            if os.path.exists(path):
                break
            time.sleep(0.05)
        dice = random.Random(seed)

        def shout():
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                for _ in range(50):
                    kind = dice.randrange(3)
                    text = [dice.randbytes(dice.randrange(1, 300)), b'{"type":"packet","kos":1}',
                            b'{"type":"frame","payload":' + b"[" * dice.randrange(200)][kind]
                    client.sendall(text.replace(b"\n", b" ") + b"\n")
        threads = [threading.Thread(target=shout) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(path)
            lines = client.makefile()
            time.sleep(0.3)
            run(home, "kos-lora", "send", "-p", b, "still here")
            assert json.loads(lines.readline())["payload"] == "still here", f"seed {seed}"
        server.terminate()
        assert server.wait(timeout=10) == 0

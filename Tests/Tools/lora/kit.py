"""What the tests of LoRa have in common: homes of their own, the tools, emulated modems."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).parents[3]
BIN = pathlib.Path(os.environ.get("KOS_BIN", ROOT / ".build/release"))
HERE = pathlib.Path(__file__).parent


def tool(name):
    return str(BIN / name)


@pytest.fixture
def homes(tmp_path):
    """Environments of several users, by name."""
    def place(name):
        return {**os.environ, "XDG_STATE_HOME": str(tmp_path / name / "state"),
                "XDG_DATA_HOME": str(tmp_path / name / "data"),
                "XDG_RUNTIME_DIR": str(tmp_path / name / "run")}
    return place


@pytest.fixture
def home(homes):
    return homes("user")


def run(place, name, *arguments, status=0, data=None, timeout=90):
    """Records on standard output, and standard error."""
    done = subprocess.run([tool(name), *map(str, arguments)], env=place, input=data, capture_output=True,
                          text=True, timeout=timeout)
    assert status is None or done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@contextlib.contextmanager
def emulator(name, *arguments):
    """Two modems that hear each other; gives the places of their lines."""
    process = subprocess.Popen([sys.executable, HERE / name, *arguments], stdout=subprocess.PIPE)
    try:
        paths = json.loads(process.stdout.readline())
        yield paths["a"], paths["b"]
    finally:
        process.kill()
        process.wait()


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bridge:
    """A TCP port in front of another one, whose connections can be cut."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.server = socket.create_server(("127.0.0.1", 0))
        self.name = "127.0.0.1:%d" % self.server.getsockname()[1]
        self.open = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                one, _ = self.server.accept()
                other = socket.create_connection(self.target)
            except OSError:
                return
            self.open += [one, other]
            for source, sink in ((one, other), (other, one)):
                threading.Thread(target=self.copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        for end in self.open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.open = []

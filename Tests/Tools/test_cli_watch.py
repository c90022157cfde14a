"""Runs that last until they are told to stop: signals, the output file, the reader that leaves."""
import os
import select
import signal
import subprocess
import time

import pytest

from commands import WATCHES
from kit import TOOLS, records, tool

each_watch = pytest.mark.parametrize("name", [name for name in WATCHES if name in TOOLS])


class Running:
    """A tool that runs; its first line has been read, so that its signals are set up."""

    def __init__(self, name, home, *more):
        self.name = name
        self.process = subprocess.Popen(
            [tool(name), *WATCHES[name], *more], env=home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.out = b""

    def line(self, seconds=5):
        end = time.monotonic() + seconds
        while b"\n" not in self.out:
            ready, _, _ = select.select(
                [self.process.stdout], [], [], max(0, end - time.monotonic()))
            assert ready, f"no record within {seconds} s"
            piece = os.read(self.process.stdout.fileno(), 65536)
            assert piece, self.process.stderr.read()
            self.out += piece
        first, self.out = self.out.split(b"\n", 1)
        return records(self.name, first + b"\n")[0]

    def end(self, number, seconds=2):
        started = time.monotonic()
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=seconds)
        return self.process.returncode, records(self.name, self.out + out), err, (
            time.monotonic() - started)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@each_watch
def test_a_signal_is_the_normal_end(home, name, number):
    running = Running(name, home)
    running.line()
    status, rest, err, _ = running.end(number)
    assert (status, err) == (0, b"")
    assert rest[-1]["type"] == "summary"


@each_watch
def test_the_second_signal_ends_it_at_once(home, name):
    running = Running(name, home)
    running.line()
    # Stopped, so that both signals are there before it takes the first.
    running.process.send_signal(signal.SIGSTOP)
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    running.process.send_signal(signal.SIGCONT)
    assert running.process.wait(timeout=2) in (-signal.SIGINT, -signal.SIGTERM)
    assert time.monotonic() - started < 0.5


@each_watch
def test_usr1_asks_for_figures_and_it_goes_on(home, name):
    running = Running(name, home)
    running.line()
    for _ in range(2):
        running.process.send_signal(signal.SIGUSR1)
        assert running.line()["type"] in ("summary", "metrics")
    assert running.end(signal.SIGINT)[0] == 0


@each_watch
def test_hup_opens_the_output_anew(home, name, tmp_path):
    target = tmp_path / "log"
    running = Running(name, home, "-o", str(target))

    def written(path):
        end = time.monotonic() + 5
        while not (path.exists() and path.read_bytes().endswith(b"\n")):
            assert time.monotonic() < end
            time.sleep(0.01)
        return records(name, path.read_bytes())

    assert written(target)
    target.rename(tmp_path / "log.1")
    running.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 5
    while not target.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    assert running.end(signal.SIGINT)[0] == 0
    assert records(name, target.read_bytes())[-1]["type"] == "summary"


@each_watch
def test_its_reader_may_leave(home, name):
    running = Running(name, home)
    running.line()
    running.process.stdout.close()
    running.process.send_signal(signal.SIGUSR1)
    assert running.process.wait(timeout=2) == 0
    assert running.process.stderr.read() == b""


@each_watch
def test_a_deadline_ends_it(home, name):
    running = Running(name, home, "-t", "300ms")
    out, err = running.process.communicate(timeout=5)
    assert (running.process.returncode, err) == (0, b"")
    assert records(name, out)[-1]["type"] == "summary"

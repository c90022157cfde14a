"""WebSocket judged by the Autobahn suite's own cases (kosoku), both ways; the report is kept in .build/artifacts."""
import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
import websockets

from kit import ROOT, tool

LONG = bool(os.environ.get("LONG"))
# Groups 9, 12 and 13 are thousands of large messages: all of them in the long run, one of each kind in the short one.
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"] + (
    ["9.*", "12.*", "13.*"] if LONG else ["9.1.*", "9.3.1", "9.7.1", "12.1.1", "12.2.1", "13.3.1", "13.7.1"])
PATIENCE = 7200 if LONG else 120


def suite(mode, folder, *address):
    kosoku = str(ROOT / ".build" / "venv" / "bin" / "kosoku")
    chosen = [part for case in CASES for part in ("-i", case)]
    return [sys.executable, kosoku, "-m", mode, *chosen, "-o", str(folder), *address]


def verdicts(folder):
    """Each case's behaviour; a case that is only told of counts as well."""
    found = {}
    for path in folder.glob("*_case_*.json"):
        report = json.loads(path.read_text())
        found[report.get("id") or path.stem.split("_case_")[1]] = report["behavior"]
    return found


def until_written(folder, count, patience=60):
    """The server writes its reports one by one after it was asked to."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        time.sleep(0.2)
        with contextlib.suppress(json.JSONDecodeError):
            if len(verdicts(folder)) >= count:
                return


def judge(found, least):
    assert len(found) >= least, len(found)
    bad = {case: verdict for case, verdict in found.items()
           if verdict not in ("OK", "NON-STRICT", "INFORMATIONAL")}
    assert not bad, bad


@pytest.fixture
def folder(request):
    place = ROOT / ".build" / "artifacts" / "websocket" / request.node.name.split("_")[2]
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def test_the_server_keeps_every_rule(home, folder):
    server = subprocess.Popen([tool("kos-send"), "--listen", "ws://127.0.0.1:0/", "--echo", "-t", f"{PATIENCE}s"],
                              stdout=subprocess.PIPE, env=home)
    try:
        port = json.loads(server.stdout.readline())["addresses"][0]["port"]
        subprocess.run(suite("fuzzingclient", folder, f"127.0.0.1:{port}"), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=PATIENCE)
        assert server.poll() is None
    finally:
        server.kill()
        server.communicate()
    judge(verdicts(folder), 250)


def test_the_client_keeps_every_rule(home, folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    judge_process = subprocess.Popen(suite("fuzzingserver", folder, f"127.0.0.1:{port}"), stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)

    async def ask(path):
        end = time.monotonic() + 20
        while True:
            try:
                async with websockets.connect(f"ws://127.0.0.1:{port}{path}") as connection:
                    async for message in connection:
                        return message
                    return None
            except OSError:
                assert time.monotonic() < end
                await asyncio.sleep(0.1)

    try:
        count = int(asyncio.run(ask("/getCaseCount")))
        for case in range(1, count + 1):
            result = subprocess.run(
                [tool("kos-send"), "--echo", "-t", "120s", "-T",
                 f"ws://127.0.0.1:{port}/runCase?case={case}&agent=kos&deflate"], env=home, capture_output=True)
            assert result.returncode == 0, (case, result.stderr)
        with contextlib.suppress(websockets.ConnectionClosed):
            asyncio.run(ask("/updateReports?agent=kos"))
        until_written(folder, count)
    finally:
        judge_process.terminate()
        judge_process.wait()
    judge(verdicts(folder), 250)

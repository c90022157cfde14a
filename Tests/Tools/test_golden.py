"""Golden cases: a folder each in Tests/Cases, with what goes in and what must come out.

  cmd          one line for sh, the tools on its PATH; the folder is the working directory
  in.ndjson    standard input (optional)
  out.ndjson   standard output; members that differ from run to run are "*"
  err          standard error (optional; absent: nothing is said)
  status       the exit status (optional; absent: 0)
  mesh         runs beside five relays; $ALPHA … $ECHO are their URIs, and their ids are written as names
  hosts        runs on one of two hosts with Avahi; a line NAME FROM TO TXT… is announced by the other one
               from second FROM to second TO

RECORD=1 writes what came out into the folders: read the diff before it is kept.
"""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from avahi_hosts import Wire, wait_for
from kit import ROOT, TOOLS, records
from mesh import await_topology, five_relays

CASES = ROOT / "Tests" / "Cases"
# Members whose value is the time or chance.
MEASURED = {"latency", "reliability", "bandwidth", "cost", "score", "confidence", "address", "port", "source",
            "bytesSent", "observations", "min", "avg", "max", "mdev", "last", "interface", "addresses", "options",
            "slowestHop", "lossiestHop"}
VARIES = {"timestamp", "lastSeen", "firstSeen", "rttMs", "packetId", "id", "signature", "durationMs"}


def cases():
    for folder in sorted(CASES.iterdir()) if CASES.is_dir() else []:
        if (folder / "cmd").is_file():
            yield folder


def is_ready(folder):
    """All tools that the case calls are written."""
    words = (folder / "cmd").read_text().replace("|", " ").replace(";", " ").split()
    return all(word in TOOLS for word in words if word.startswith("kos-"))


def fixed(value, varies):
    """The value with what varies replaced, unless the golden file could know it."""
    if isinstance(value, dict):
        return {name: "*" if name in varies and each is not None and not isinstance(each, dict)
                else fixed(each, varies) for name, each in value.items()}
    if isinstance(value, list):
        return [fixed(each, varies) for each in value]
    return value


def plain(octets, varies=VARIES):
    """Lines with what varies taken out; lines that are no JSON as they are."""
    text = []
    for line in octets.decode().splitlines():
        try:
            text.append(json.dumps(fixed(json.loads(line), varies), ensure_ascii=False))
        except ValueError:
            text.append(line)
    return text


def expect(folder, out, err, code, varies=VARIES):
    """Compares with the folder's files, or writes them."""
    files = {name: folder / name for name in ["out.ndjson", "err", "status"]}
    if os.environ.get("RECORD"):
        files["out.ndjson"].write_text("".join(line + "\n" for line in plain(out, varies)) if varies != VARIES
                                       else out.decode())
        files["err"].write_bytes(err) if err else files["err"].unlink(missing_ok=True)
        files["status"].write_text(f"{code}\n") if code else files["status"].unlink(missing_ok=True)
    assert code == (int(files["status"].read_text()) if files["status"].exists() else 0), err
    assert err.decode() == (files["err"].read_text() if files["err"].exists() else "")
    assert plain(out, varies) == plain(files["out.ndjson"].read_bytes() if files["out.ndjson"].exists() else b"", varies)
    for line in out.splitlines():
        if line.startswith(b'{"type"') and b'","kos":' in line:
            records("kos-route", line + b"\n")


def all_cases(setting):
    found = [folder for folder in cases() if is_ready(folder)]
    return pytest.mark.parametrize(
        "folder", [pytest.param(each, id=each.name) for each in found
                   if setting == next((name for name in ["mesh", "hosts"] if (each / name).exists()), None)])


def command(folder):
    return ["bash", "-o", "pipefail", "-c", (folder / "cmd").read_text()]


@all_cases(None)
def test_case(folder, home, tmp_path):
    work = tmp_path / "case"
    shutil.copytree(folder, work)
    given = folder / "in.ndjson"
    result = subprocess.run(
        ["sh", "-c", (folder / "cmd").read_text()], cwd=work, env=home, timeout=60,
        input=given.read_bytes() if given.exists() else b"", capture_output=True)
    expect(folder, result.stdout, result.stderr, result.returncode)


@pytest.fixture(scope="module")
def relays(tmp_path_factory):
    with five_relays(tmp_path_factory.mktemp("mesh")) as relays:
        await_topology(relays, tmp_path_factory.mktemp("home"))
        yield relays


@all_cases("mesh")
def test_case_in_a_mesh(folder, home, tmp_path, relays):
    uris = {name.upper(): relay.uri(next(iter(relay.ports))) for name, relay in relays.items()}
    result = subprocess.run(
        command(folder), cwd=tmp_path, env={**home, **uris}, timeout=60, stdin=subprocess.DEVNULL, capture_output=True)
    out = result.stdout
    for name, relay in relays.items():
        out = out.replace(relay.id.encode(), name.encode())
    expect(folder, out, result.stderr, result.returncode, VARIES | MEASURED)


@pytest.fixture(scope="module")
def wire():
    with Wire() as wire:
        yield wire


@all_cases("hosts")
def test_case_on_two_hosts(folder, home, tmp_path, wire):
    with contextlib.ExitStack() as stack:
        for line in (folder / "hosts").read_text().splitlines():
            name, start, end, *txt = line.split()
            announce = ["avahi-publish", "-s", name, "_kos._tcp", "47470", f"nodeId={name}", *txt]
            process = wire.b.popen(
                ["sh", "-c", f'sleep {start}; exec timeout {float(end) - float(start)} "$@"', "sh", *announce],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            if start == "0":
                assert b"Established" in process.stdout.readline()
        environment = ["env", "-i", *(f"{name}={value}" for name, value in home.items())]
        result = wire.a.run([*environment, *command(folder)], timeout=60)
    expect(folder, result.stdout.encode(), result.stderr.encode(), result.returncode, VARIES | MEASURED)
    wait_for("silence", lambda: "=" not in wire.a.run(["avahi-browse", "-rtp", "_kos._tcp"]).stdout)

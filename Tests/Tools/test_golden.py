"""Golden cases: a folder each in Tests/Cases, with what goes in and what must come out.

  cmd          one line for sh, the tools on its PATH; the folder is the working directory
  in.ndjson    standard input (optional)
  out.ndjson   standard output; members that differ from run to run are "*"
  err          standard error (optional; absent: nothing is said)
  status       the exit status (optional; absent: 0)

RECORD=1 writes what came out into the folders: read the diff before it is kept.
"""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from kit import ROOT, TOOLS, records

CASES = ROOT / "Tests" / "Cases"
# Members whose value is the time or chance.
VARIES = {"timestamp", "lastSeen", "firstSeen", "rttMs", "packetId", "id", "signature", "durationMs"}


def cases():
    for folder in sorted(CASES.iterdir()) if CASES.is_dir() else []:
        if (folder / "cmd").is_file():
            yield folder


def is_ready(folder):
    """All tools that the case calls are written."""
    words = (folder / "cmd").read_text().replace("|", " ").replace(";", " ").split()
    return all(word in TOOLS for word in words if word.startswith("kos-"))


def fixed(value):
    """The value with what varies replaced, unless the golden file could know it."""
    if isinstance(value, dict):
        return {name: "*" if name in VARIES and each is not None else fixed(each)
                for name, each in value.items()}
    if isinstance(value, list):
        return [fixed(each) for each in value]
    return value


def plain(octets):
    """Lines with what varies taken out; lines that are no JSON as they are."""
    text = []
    for line in octets.decode().splitlines():
        try:
            text.append(json.dumps(fixed(json.loads(line)), ensure_ascii=False))
        except ValueError:
            text.append(line)
    return text


@pytest.mark.parametrize("folder", [pytest.param(each, id=each.name) for each in cases()
                                    if is_ready(each)])
def test_case(folder, home, tmp_path):
    work = tmp_path / "case"
    shutil.copytree(folder, work)
    given = folder / "in.ndjson"
    result = subprocess.run(
        ["sh", "-c", (folder / "cmd").read_text()], cwd=work, env=home, timeout=60,
        input=given.read_bytes() if given.exists() else b"", capture_output=True)
    out, err, status = folder / "out.ndjson", folder / "err", folder / "status"
    if os.environ.get("RECORD"):
        out.write_bytes(result.stdout)
        err.write_bytes(result.stderr) if result.stderr else err.unlink(missing_ok=True)
        if result.returncode:
            status.write_text(f"{result.returncode}\n")
        else:
            status.unlink(missing_ok=True)
    assert result.returncode == (int(status.read_text()) if status.exists() else 0), result.stderr
    assert result.stderr.decode() == (err.read_text() if err.exists() else "")
    assert plain(result.stdout) == plain(out.read_bytes() if out.exists() else b"")
    for line in result.stdout.splitlines():
        if line.startswith(b'{"type"') and b'","kos":' in line:
            records("kos-route", line + b"\n")

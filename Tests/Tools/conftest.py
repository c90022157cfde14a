"""Fixtures: a clean home, and `run`, which checks what a tool prints.

NDJSON on stdout is checked against the schema that the tool itself prints, with an independent
validator; stderr for raw control characters.
"""
import os
import signal
import subprocess

import pytest

from kit import CONTROL, TOOLS_DIR, installed_prefix, records, tool

# A shell's background has SIGINT ignored, which a tool that is started here would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home(tmp_path):
    """An environment of one's own: no user's files, no variables but PATH."""
    for folder in ["home", "run"]:
        (tmp_path / folder).mkdir(mode=0o700)
    return {
        "PATH": f"{TOOLS_DIR}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
    }


@pytest.fixture
def run(home, tmp_path):
    """Runs a tool to its end: `run("kos-route", "--to", "b", stdin=b"…", env={…})`."""

    def call(name, *arguments, stdin=b"", env=None, timeout=30, check=True, cwd=None, **options):
        if isinstance(stdin, bytes):
            options["input"] = stdin
        else:
            options["stdin"] = stdin
        if "stdout" not in options:
            options["stdout"] = subprocess.PIPE
        environment = {**home, **(env or {})}
        result = subprocess.run(
            [tool(name), *map(str, arguments)], stderr=subprocess.PIPE, timeout=timeout,
            env={key: value for key, value in environment.items() if value is not None},
            cwd=cwd or tmp_path, **options)
        assert not CONTROL.search(result.stderr), result.stderr
        if check and result.stdout and result.stdout.startswith(b'{"type"'):
            records(name, result.stdout)
        return result

    return call


@pytest.fixture(scope="session")
def installed():
    return installed_prefix()

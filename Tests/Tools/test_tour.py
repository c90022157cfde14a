"""The tour of kos(7), typed as it stands there: every command, and what it shows."""
import re
import subprocess

import pytest

from kit import ROOT

ID = re.compile(r"z6Mk\w+…?|[0-9a-f]{8}-[0-9a-f-]{27}")
NUMBER = re.compile(r"(?<![\w:/.-])-?\d+(\.\d+)?(?![\w:])")


def steps():
    """The tour's commands in order, each with the lines that the page shows behind it."""
    page = (ROOT / "man" / "kos.7").read_text()
    tour = page[page.index(".Ss A tour"):page.index(".Ss Troubleshooting")]
    found = []
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", tour, re.M | re.S):
        for line in block.splitlines():
            line = line.replace("\\&", "")
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def shape(line):
    """A line with what varies taken out: numbers, ids, ages, the widths of columns."""
    line = re.sub(r"\d+ s ago", "now", ID.sub("ID", line))
    return NUMBER.sub("#", re.sub(r"\s+", " ", line)).strip()


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    """An empty folder, which is the home as well."""
    place = tmp_path_factory.mktemp("tour")
    (place / "run").mkdir(mode=0o700)
    return place


def test_the_tour_as_typed(typed, home):
    commands = steps()
    assert len(commands) > 20
    script = "set -m\n" + "".join(f"echo '\x01'\n{command}\n" for command, _ in commands)
    result = subprocess.run(
        # On a network of its own: the tour names its ports.
        ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec bash -o pipefail -c "$1"', "sh", script], cwd=typed, timeout=120, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**home, "HOME": str(typed), "XDG_RUNTIME_DIR": str(typed / "run")})
    assert result.returncode == 0, result.stdout
    printed = result.stdout.split("\x01\n")[1:]
    assert len(printed) == len(commands)
    for (command, shown), out in zip(commands, printed):
        # The shell tells of jobs that it has started or that have ended.
        lines = [shape(line) for line in out.splitlines() if not re.match(r"\[\d+\]", line)]
        wanted = [shape(line) for line in shown]
        if re.match(r"(until|while) ", command):
            # It says why it waits, if it does.
            continue
        if "..." in wanted:
            wanted = wanted[:wanted.index("...")]
            lines = lines[:len(wanted)]
        assert sorted(lines) == sorted(wanted), f"$ {command}\n{out}"

"""What a start costs: instructions, which do not depend on the machine's load, not time."""
import re
import shutil
import subprocess

import pytest

from commands import ANSWERS
from kit import TOOLS, tool

MILLION = 1_000_000


def instructions(arguments, tmp_path, env):
    """From start to exit, by callgrind; threads and children included.

    The program is stripped as it is when installed: valgrind gives up on some debug information.
    """
    program = tmp_path / "stripped"
    found = shutil.which(arguments[0])
    subprocess.run(["strip", "-o", program, found], check=True)
    arguments = [str(program), *arguments[1:]]
    result = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={tmp_path}/callgrind.%p",
         *arguments], capture_output=True, env=env, timeout=120)
    counted = re.search(rb"I\s+refs:\s+([\d,]+)", result.stderr)
    assert counted, result.stderr
    return int(counted[1].replace(b",", b""))


@pytest.mark.parametrize("name", TOOLS)
def test_version_costs_at_most_18_million(name, tmp_path, home):
    count = instructions([tool(name), "--version"], tmp_path, home)
    print(f"{name} --version: {count / MILLION:.1f} M instructions")
    assert count <= 18 * MILLION


def test_installed_route_costs_at_most_12_million(tmp_path, home, installed):
    count = instructions([str(installed / "bin" / "kos-route"), "--version"], tmp_path, home)
    print(f"kos-route --version as installed: {count / MILLION:.1f} M instructions")
    assert count <= 12 * MILLION


# Against tcpdump in CPU time: Tests/Benchmarks/run startup; instructions do not count the kernel's.
@pytest.mark.parametrize("name", TOOLS)
def test_version_costs_no_more_than_tcpdumps(name, tmp_path, home):
    """At most 1.2 times the instructions of `tcpdump --version`, built with all traits."""
    theirs = instructions(["tcpdump", "--version"], tmp_path, home)
    ours = instructions([tool(name), "--version"], tmp_path, home)
    print(f"{name} {ours / MILLION:.1f} M, tcpdump {theirs / MILLION:.1f} M instructions")
    assert ours <= 1.2 * theirs


@pytest.mark.parametrize("name", TOOLS)
def test_options_cost_at_most_14_million(name, tmp_path, home):
    """A call with options up to where the tool itself would begin: they are all read, then `-f` is refused."""
    usual = [word for word in ANSWERS[name][0] if word != "--print-config"]
    count = instructions([tool(name), *usual, "-t", "5s", "-f", "jsn"], tmp_path, home)
    print(f"{name} with options: {count / MILLION:.1f} M instructions")
    assert count <= 14 * MILLION


@pytest.mark.parametrize("name", TOOLS)
def test_nothing_is_read_that_no_option_asked_for(name, home, tmp_path):
    """--version opens no file of ours, no configuration, no socket."""
    log = tmp_path / "strace"
    subprocess.run(
        ["strace", "-f", "-e", "trace=open,openat,socket,connect,bind", "-o", log, tool(name),
         "--version"], env=home, check=True, capture_output=True)
    opened = re.findall(r'"([^"]+)"', log.read_text())
    # Constructors of libraries read their own settings: libcrypto, libgcrypt, libselinux.
    theirs = re.compile(r"^(/lib|/usr/lib|/etc/ld\.so|/proc/|/sys/|/etc/gcrypt|/etc/ssl|/etc/selinux"
                        r"|/dev/u?random|.*/lib[^/]*\.so[.0-9]*$)")
    assert [path for path in opened if not theirs.match(path)] == []
    assert "socket(" not in log.read_text()

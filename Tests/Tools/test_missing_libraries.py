"""What the traits bring is loaded when it is wanted: a host without a library runs all the rest."""
import json
import subprocess

import pytest

from kit import tool


def hidden(library, arguments, env):
    """Runs a tool where the library is not, as on a host that never had it."""
    listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True).stdout
    [path] = {line.split()[-1] for line in listed.splitlines() if f"\t{library} " in line}
    script = f'mount --bind /dev/null {path} && exec "$@"'
    return subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *arguments], env=env, capture_output=True,
                          text=True, timeout=60)


@pytest.mark.parametrize("library, package, arguments", [
    ("libssl.so.3", "libssl3", ["kos-send", "-T", "webrtc+http://127.0.0.1:9/", "hi"]),
    ("libusrsctp.so.2", "libusrsctp2", ["kos-send", "-T", "webrtc+http://127.0.0.1:9/", "hi"]),
    ("libusrsctp.so.2", "libusrsctp2", ["kos-relay", "--listen", "webrtc+http://127.0.0.1:0/"]),
    ("libnats.so.3.4", "libnats", ["kos-relay", "--listen", "tcp://127.0.0.1:0", "--backplane", "nats://127.0.0.1:9"]),
])
def test_an_absent_library_is_named_with_the_cure(library, package, arguments, home):
    result = hidden(library, [tool(arguments[0]), *arguments[1:]], home)
    assert result.returncode == 3, result
    assert result.stderr.count("\n") == 1 and f"{package} is not on this system" in result.stderr
    assert f"install {package}" in result.stderr


def test_the_rest_works_without_them(home):
    result = hidden("libssl.so.3", [tool("kos-send"), "--dry-run", "-T", "tcp://127.0.0.1:9", "hi"], home)
    assert result.returncode == 0, result
    assert json.loads(result.stdout.splitlines()[0])["type"] == "packet"

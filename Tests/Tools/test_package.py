"""The Debian package: what is in it, and that it goes in and out of a new Debian without a trace."""
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

from kit import ALL_TOOLS, ROOT

CHROOT = ROOT / ".build" / "check" / "debian"


def run(*arguments, **more):
    result = subprocess.run([*map(str, arguments)], capture_output=True, text=True, timeout=600, **more)
    assert result.returncode == 0, f"{arguments}: {result.stdout}{result.stderr}"
    return result.stdout


def build(folder):
    """The package of what is built already."""
    return pathlib.Path(run(ROOT / "Sources" / "package", "--no-build", "deb", folder).strip())


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return build(tmp_path_factory.mktemp("deb"))


def test_the_same_twice(package, tmp_path):
    again = build(tmp_path)
    assert again.name == package.name
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(package.read_bytes()).digest()


def test_what_is_in_it(package):
    names = {line.split(None, 5)[5] for line in run("dpkg-deb", "-c", package).splitlines()}
    for name in ALL_TOOLS:
        assert {f"./usr/bin/{name}", f"./usr/share/man/man1/{name}.1.gz"} <= names
        assert f"./usr/share/bash-completion/completions/{name}" in names
    assert {"./usr/lib/systemd/system/kos-relay.service", "./usr/lib/systemd/system/kos-announce.timer",
            "./usr/lib/sysusers.d/kos.conf", "./usr/share/doc/kos/copyright"} <= names
    # Nothing but what a package may own.
    assert not [name for name in names if not name.startswith(("./usr/", "./usr")) and name != "./"]
    owners = {line.split()[1] for line in run("dpkg-deb", "-c", package).splitlines()}
    assert owners == {"root/root"}


def test_what_it_needs(package):
    depends = run("dpkg-deb", "-f", package, "Depends")
    for library in ["libc6", "libbluetooth3", "libavahi-common3"]:
        assert library in depends
    # What is loaded when it is wanted stops nobody from installing.
    for library in ["libavahi-client3", "libpcap0.8", "libsqlite3-0"]:
        assert library not in depends
        assert library in run("dpkg-deb", "-f", package, "Recommends")


@pytest.mark.parametrize("unit", ["kos-relay.service", "kos-announce.service", "kos-announce.timer"])
def test_systemd_finds_nothing_wrong_with(unit, package, tmp_path):
    run("dpkg-deb", "-x", package, tmp_path)
    folder = tmp_path / "usr" / "lib" / "systemd" / "system"
    for file in folder.iterdir():
        file.write_text(file.read_text().replace("/usr/bin/", f"{tmp_path}/usr/bin/"))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", folder / unit],
        capture_output=True, text=True, timeout=60)
    said = [line for line in result.stderr.splitlines() if unit in line]
    assert result.returncode == 0 and not said, result.stderr


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    """A new Debian 12, made once and copied; apt in it knows the registries that this machine uses."""
    CHROOT.parent.mkdir(parents=True, exist_ok=True)
    with open(CHROOT.parent / "debian.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CHROOT / "done").exists():
            shutil.rmtree(CHROOT, ignore_errors=True)
            mirror = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Codename: bookworm").split()[0]
            run("debootstrap", "--variant=minbase", "--include=ca-certificates,libcap2-bin", "bookworm", CHROOT, mirror)
            for place in ["apt.conf.d", "sources.list.d", "auth.conf.d"]:
                for file in pathlib.Path("/etc/apt", place).glob("*"):
                    shutil.copy(file, CHROOT / "etc" / "apt" / place)
            (CHROOT / "done").touch()
    root = tmp_path_factory.mktemp("root") / "debian"
    run("cp", "-a", CHROOT, root)
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    yield root
    shutil.rmtree(root, ignore_errors=True)


def files(root):
    """Every file but what a package manager keeps for itself."""
    found = set()
    for folder, folders, names in os.walk(root):
        inside = "/" + str(pathlib.Path(folder).relative_to(root)).removeprefix(".")
        if inside.startswith(("/var/lib/apt", "/var/cache", "/var/lib/dpkg", "/var/log", "/tmp", "/proc", "/dev")):
            folders.clear()
            continue
        found |= {f"{inside}/{name}" for name in names}
    return found


def test_in_and_out_of_a_new_debian(package, debian):
    inside = ["unshare", "--mount", "--pid", "--fork", "--mount-proc=" + str(debian / "proc"), "chroot", debian, "env", "-i",
              "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/home", "DEBIAN_FRONTEND=noninteractive"]
    shutil.copy(package, debian / "tmp" / "kos.deb")
    run(*inside, "apt-get", "update", "-qq")
    needs = run("dpkg-deb", "-f", package, "Depends").replace(",", "\n").splitlines()
    run(*inside, "apt-get", "install", "-qq", "-y", "--no-install-recommends",
        *[line.split()[0] for line in needs], "libpcap0.8")
    before = files(debian)

    run(*inside, "dpkg", "-i", "/tmp/kos.deb")
    for name in ALL_TOOLS:
        assert run(*inside, name, "--version").startswith(name)
    topology = ('{"type":"link","kos":1,"source":"a","destination":"b","transport":"udp","latency":1,"reliability":1}\n')
    assert '"type":"route"' in run(*inside, "kos-route", "--from", "a", "--to", "b", input=topology)
    assert "cap_net_raw=ep" in run(*inside, "getcap", "/usr/bin/kos-capture")
    assert run(*inside, "getent", "group", "kos").startswith("kos:")
    said = run(*inside, "sh", "-c", "kos-discover --doctor || [ $? -eq 1 ]")
    assert '"name":"tools","state":"good"' in said
    # Who is no member of the group gives the right up.
    refused = subprocess.run(
        [*map(str, inside), "setpriv", "--reuid", "65534", "--clear-groups", "kos-capture", "live", "-i", "lo", "-c", "1"],
        capture_output=True, text=True, timeout=60)
    assert refused.returncode == 3, refused.stderr
    assert "group kos" in refused.stderr

    run(*inside, "dpkg", "-r", "kos")
    run(*inside, "dpkg", "-P", "kos")
    after = files(debian)
    left = {name for name in after - before if not name.startswith(("/home/", "/run/", "/etc/"))}
    assert left == set()
    assert before - after == set()
    # Accounts leave no group behind.
    assert "kos:" not in (debian / "etc" / "group").read_text()

"""Two hosts on one wire for the mDNS tests, each a network namespace with its own system bus and
avahi-daemon, joined by a veth pair. Needs root and the Debian packages dbus, avahi-daemon, avahi-utils
and iproute2.

    with Wire() as wire:
        wire.a.run(["avahi-browse", "-rt", "_kos._tcp"])
        wire.b.stop_avahi(signal.SIGKILL)

Each host has a mount namespace with an empty /run: the daemon's socket and pid file have fixed places,
and libavahi-client finds the right bus at the usual one.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import time


def wait_for(what, condition, seconds=10.0):
    """Polls until `condition()` is true; fails loudly with `what` otherwise."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return value


class Host:
    def __init__(self, wire, side, address):
        self.wire, self.side, self.address = wire, side, address
        self.namespace = f"{wire.name}-{side}"
        self.processes = {}

    @property
    def directory(self):
        return self.wire.directory

    def enter(self):
        # Without --wd the mount namespace's root becomes the working directory.
        holder = self.processes["holder"].pid
        return ["nsenter", f"--wd={os.getcwd()}", f"--net=/run/netns/{self.namespace}",
                f"--mount=/proc/{holder}/ns/mnt"]

    def popen(self, command, **options):
        return subprocess.Popen(self.enter() + list(command), **options)

    def run(self, command, timeout=30, **options):
        return subprocess.run(self.enter() + list(command), capture_output=True, text=True,
                              timeout=timeout, **options)

    def start_holder(self):
        ready = os.path.join(self.directory, f"{self.side}.ready")
        script = f"mount -t tmpfs tmpfs /run && mkdir -p /run/dbus && touch '{ready}' && exec sleep 36000"
        self.processes["holder"] = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, "unshare", "-m", "--propagation", "private",
             "sh", "-c", script])
        wait_for("the mount namespace", lambda: os.path.exists(ready))

    def start_bus(self):
        log = open(os.path.join(self.directory, f"{self.side}.bus.log"), "w")
        self.processes["bus"] = self.popen(
            ["dbus-daemon", "--system", "--nofork", "--nopidfile"], stdout=log, stderr=log)
        probe = ["test", "-S", "/run/dbus/system_bus_socket"]
        wait_for("the system bus", lambda: self.run(probe).returncode == 0)

    def start_avahi(self, ipv6=True):
        configuration = os.path.join(self.directory, f"{self.side}.conf")
        with open(configuration, "w") as file:
            file.write(f"[server]\nhost-name={self.namespace}\nallow-interfaces=ve0\nuse-ipv4=yes\n"
                       f"use-ipv6={'yes' if ipv6 else 'no'}\n[wide-area]\nenable-wide-area=no\n"
                       "[publish]\npublish-workstation=no\npublish-hinfo=no\n")
        self.run(["rm", "-f", "/run/avahi-daemon/pid"])  # kill -9 leaves it behind
        path = os.path.join(self.directory, f"{self.side}.avahi.log")
        log = open(path, "w")
        self.processes["avahi"] = self.popen(
            ["avahi-daemon", "-f", configuration, "--no-chroot", "--no-drop-root", "--no-rlimits"],
            stdout=log, stderr=log)
        wait_for("avahi-daemon", lambda: "Server startup complete" in open(path).read())

    def stop_avahi(self, number=signal.SIGTERM):
        self.stop("avahi", number)

    def stop(self, name, number=signal.SIGTERM):
        process = self.processes.pop(name, None)
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop_all(self):
        for name in ["avahi", "bus", "holder"]:
            self.stop(name)


class Wire(contextlib.AbstractContextManager):
    def __init__(self):
        self.name = f"kos{os.getpid()}"
        self.directory = tempfile.mkdtemp(prefix="kos-wire-")
        self.a = Host(self, "a", "10.77.0.1")
        self.b = Host(self, "b", "10.77.0.2")
        self.hosts = [self.a, self.b]

    def __enter__(self):
        try:
            self.lay()
            for host in self.hosts:
                host.start_holder()
                host.start_bus()
                host.start_avahi()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def lay(self):
        def ip(*words):
            subprocess.run(["ip", *words], check=True)
        a, b = self.a.namespace, self.b.namespace
        for host in self.hosts:
            ip("netns", "add", host.namespace)
            ip("-n", host.namespace, "link", "set", "lo", "up")
        ip("-n", a, "link", "add", "ve0", "type", "veth", "peer", "name", "ve0", "netns", b)
        for host in self.hosts:
            ip("-n", host.namespace, "addr", "add", f"{host.address}/24", "dev", "ve0")
            # Duplicate address detection would keep IPv6 away for two seconds.
            ip("netns", "exec", host.namespace, "sh", "-c",
               "echo 0 > /proc/sys/net/ipv6/conf/ve0/accept_dad")
            ip("-n", host.namespace, "link", "set", "ve0", "up")

    def __exit__(self, *_):
        for host in self.hosts:
            host.stop_all()
        for host in self.hosts:
            subprocess.run(["ip", "netns", "del", host.namespace], capture_output=True)
        subprocess.run(["rm", "-rf", self.directory])

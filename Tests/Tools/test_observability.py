"""What those who operate relays look at: Prometheus, its rules, the dashboard, the journal, the doctor."""
import contextlib
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from kit import ROOT, records, tool
from mesh import PythonNode, Relay


def printed(option, env):
    return subprocess.run([tool("kos-relay"), option], env=env, capture_output=True, check=True).stdout.decode()


@pytest.fixture(scope="module")
def scraped(tmp_path_factory):
    """Debian's prometheus, which has read the metrics of two relays and our rules; asks it an expression."""
    place = tmp_path_factory.mktemp("prometheus")
    with contextlib.ExitStack() as stack:
        one = Relay(place, "one", listen=["tcp://127.0.0.1:0", "ws://127.0.0.1:0"])
        stack.callback(one.stop)
        two = Relay(place, "two", "--connect", one.uri("tcp"), listen=["ws://127.0.0.1:0"])
        stack.callback(two.stop)
        # Something that is dropped: a packet for a node that is nowhere.
        lost = subprocess.run(
            [tool("kos-send"), "--connect", one.uri("tcp"), "--to", PythonNode().id, "-t", "2s", "hello"],
            env={"HOME": str(place), "PATH": "/usr/bin"}, capture_output=True, timeout=30)
        assert lost.returncode == 1, lost.stderr
        (place / "rules.yml").write_text(printed("--print-rules", dict(os.environ)))
        targets = [f"127.0.0.1:{each.ports['ws']}" for each in (one, two)]
        (place / "prometheus.yml").write_text(
            f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{place}/rules.yml]\n"
            f"scrape_configs: [{{job_name: kos, static_configs: [{{targets: {json.dumps(targets)}}}]}}]\n")
        process = subprocess.Popen(
            ["prometheus", f"--config.file={place}/prometheus.yml", f"--storage.tsdb.path={place}/data",
             "--web.listen-address=127.0.0.1:0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            for line in process.stderr:
                # level=info component=web … address=127.0.0.1:NNNN
                found = re.search(r'msg="Listening on" address=(\S+)', line)
                if found:
                    break
            else:
                raise AssertionError("prometheus ended")

            def ask(path, **query):
                text = urllib.parse.urlencode(query)
                with urllib.request.urlopen(f"http://{found[1]}/api/v1/{path}?{text}", timeout=10) as answer:
                    return json.load(answer)["data"]

            def has_scraped():
                try:
                    return len(ask("query", query="count_over_time(kos_build_info[1h]) > 2")["result"]) == 2
                except urllib.error.HTTPError:
                    # It listens before it is ready.
                    return False
            end = time.monotonic() + 60
            while not has_scraped():
                assert time.monotonic() < end
                time.sleep(0.3)
            yield ask, one
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_promtool_has_nothing_to_say(scraped, home):
    _, one = scraped
    with urllib.request.urlopen(f"http://127.0.0.1:{one.ports['ws']}/metrics") as answer:
        metrics = answer.read()
    checked = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_rules_are_taken(scraped, home, tmp_path):
    ask, _ = scraped
    file = tmp_path / "rules.yml"
    file.write_text(printed("--print-rules", home))
    subprocess.run(["promtool", "check", "rules", file], check=True, capture_output=True)
    (group,) = ask("rules")["groups"]
    rules = {rule["name"]: rule for rule in group["rules"]}
    assert len(rules) >= 6
    assert {rule["health"] for rule in rules.values()} == {"ok"}, rules
    # Two relays that have found each other: nobody is called.
    assert rules["KosRelayAlone"]["state"] == rules["KosRelayAbsent"]["state"] == "inactive"


def test_every_panel_shows_something(scraped, home):
    ask, _ = scraped
    dashboard = json.loads(printed("--print-dashboard", home))
    assert dashboard["schemaVersion"] >= 36 and dashboard["title"]
    shown = {metric for metric in ask("label/__name__/values")}
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$job", ".*").replace("$__rate_interval", "1m")
            answer = ask("query", query=expression)
            # Only what no relay of this mesh has done may be without a line.
            if panel["title"] != "Route discovery":
                assert answer["result"], (panel["title"], expression, shown)


@pytest.mark.parametrize("option", ["--print-dashboard", "--print-rules"])
def test_printing_starts_nothing(option, home):
    result = subprocess.run([tool("kos-relay"), option], env=home, capture_output=True, timeout=10)
    assert (result.returncode, result.stderr) == (0, b"")


JOURNAL = r"""
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
mount -t tmpfs tmpfs /var/log
/lib/systemd/systemd-journald >/dev/null 2>&1 & journald=$!
trap 'kill $journald' EXIT
for _ in $(seq 100); do [ -S /run/systemd/journal/socket ] && [ -S /run/systemd/journal/stdout ] && break; sleep 0.1; done
# As the service manager does it: systemd.exec(5), $JOURNAL_STREAM.
logged() { systemd-cat sh -c 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"' sh "$@" || [ $? -eq 3 ]; }
logged "$1" read no-such-file
logged "$1" read no-such-file --log-format json
for _ in $(seq 100); do
    journalctl -D /run/log/journal -o json --no-pager >"$2"
    [ "$(grep -c no-such-file "$2")" -ge 2 ] && break
    sleep 0.1
done
"""


def test_the_journal_gets_fields(home, tmp_path):
    """A real journald, in a mount namespace of its own."""
    out = tmp_path / "journal"
    subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", JOURNAL, "sh", tool("kos-capture"), out],
        env=home, check=True, timeout=60, capture_output=True)
    entries = [json.loads(line) for line in out.read_text().splitlines() if "no-such-file" in line]
    native, line = entries[-2:]
    assert native["_TRANSPORT"] == "journal" and native["SYSLOG_IDENTIFIER"] == "kos-capture"
    assert native["PRIORITY"] == "3" and native["KOS_CODE"] == "cannotOpen" and native["ERRNO"] == "2"
    assert "no-such-file" in native["MESSAGE"]
    # Who asks for records gets records.
    assert line["_TRANSPORT"] == "stdout" and json.loads(line["MESSAGE"])["type"] == "error"


def doctor(env, *more):
    result = subprocess.run([tool("kos-discover"), "--doctor", *more], env=env, capture_output=True, timeout=30)
    found = {each["name"]: each for each in records("kos-discover", result.stdout)}
    return result, found


def test_a_fine_host_is_told_so(home):
    result, found = doctor(home)
    assert result.returncode == 0, result.stdout
    assert {"tools", "identity", "clock", "relay", "capture", "custody", "mdns", "dht"} <= set(found)
    assert found["tools"]["state"] == "good"
    assert all("hint" in each for each in found.values() if each["state"] != "good")


def test_a_key_that_others_can_read_is_found(home, tmp_path):
    key = tmp_path / "data" / "kos" / "identity.pem"
    key.parent.mkdir(parents=True)
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    env = {**home, "XDG_DATA_HOME": str(tmp_path / "data")}
    key.chmod(0o644)
    result, found = doctor(env)
    assert result.returncode == 1
    assert found["identity"]["state"] == "bad" and found["identity"]["hint"] == f"chmod 600 {key}"
    key.chmod(0o600)
    result, found = doctor(env)
    assert result.returncode == 0 and found["identity"]["found"].startswith("z6Mk")


def test_a_running_relay_is_seen(home, tmp_path):
    with contextlib.ExitStack() as stack:
        one = Relay(tmp_path, "one")
        stack.callback(one.stop)
        env = {**home, "XDG_RUNTIME_DIR": str(tmp_path / "run")}
        (tmp_path / "run" / "kos").mkdir(parents=True)
        (tmp_path / "run" / "kos" / "relay.sock").symlink_to(one.socket)
        _, found = doctor(env)
        assert found["relay"]["found"].startswith("one answers")


def test_shell_scripts_are_clean():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    scripts = []
    for name in names:
        path = ROOT / name
        if path.is_file() and not name.startswith(("Tests/Cases/", "completions/")):
            with open(path, "rb") as file:
                if re.match(rb"#!.*\b(ba|da)?sh$", file.readline().rstrip()):
                    scripts.append(name)
    assert len(scripts) > 8
    result = subprocess.run(["shellcheck", "-x", *scripts], cwd=ROOT, capture_output=True, text=True)
    assert result.stdout == "" and result.returncode == 0, result.stdout

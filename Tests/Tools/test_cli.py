"""Arguments, streams, statuses, settings, signals: what is the same in all tools (kos(7))."""
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import time

import pytest

from commands import ANSWERS, MISUSES, TOPOLOGY
from kit import CONTROL, TOOLS, lines, records, tool

each_tool = pytest.mark.parametrize("name", TOOLS)


def one_line(octets):
    assert octets.endswith(b"\n") and octets.count(b"\n") == 1, octets
    return octets.decode()


def answer(run, name, *more, **options):
    arguments, stdin = ANSWERS[name]
    options.setdefault("stdin", stdin)
    return run(name, *arguments, *more, **options)


@each_tool
def test_version_and_help_go_to_stdout(run, name):
    for arguments in (["--version"], ["-V"], ["--to", "x", "--version"]):
        result = run(name, *arguments)
        assert (result.returncode, result.stderr) == (0, b"")
        assert result.stdout.decode().startswith(f"{name} ")
    result = run(name, "--help")
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"USAGE: " + name.encode() in result.stdout
    assert result.stdout.decode().endswith(f"See also: man {name}, {name} --schema\n")


@each_tool
def test_version_to_a_full_device_is_a_failure(run, name):
    with open("/dev/full", "wb") as full:
        result = run(name, "--version", stdout=full)
    assert result.returncode == 3
    assert "No space left" in one_line(result.stderr)


@each_tool
def test_usage_errors_are_one_line_and_status_2(run, name):
    usual = [word for word in ANSWERS[name][0] if word != "--print-config"]
    for wrong in (["--timeuot", "5s"], ["-t", "5x"], ["-f", "jsn"], ["--records", "2"],
                  ["--max-line", "1"], ["--color", "mauve"], ["-o"], ["--no-such-thing"]):
        result = run(name, *usual, *wrong)
        assert result.returncode == 2, (wrong, result)
        assert result.stdout == b""
        one_line(result.stderr)
    assert "--timeout" in one_line(run(name, *usual, "--timeuot", "5s").stderr)


MISUSE = [(name, *case) for name in TOOLS for case in MISUSES[name]]


@pytest.mark.parametrize("form", ["text", "ndjson"])
@pytest.mark.parametrize("name,arguments,status", MISUSE)
def test_misuse_of_one_tool(run, name, arguments, status, form):
    result = run(name, *arguments, "-f", form)
    assert result.returncode == status, result
    one_line(result.stderr)
    assert result.stdout == b""


@pytest.mark.parametrize("form", ["text", "ndjson"])
@each_tool
def test_failures_every_tool_has(run, home, tmp_path, name, form):
    """Failure × format: the status, stdout empty or valid, one line on stderr."""
    arguments, stdin = ANSWERS[name]
    if "--print-config" in arguments:
        return check_locked(run, tmp_path, name, form)
    for more, status in [
        (["-o", "/no/such/folder/file"], 3),
        (["-o", "/dev/full"], 3),
        (["--lock=/no/such/folder/lock"], 3),
        (["--config", "/no/such/config.json"], 2),
    ]:
        result = run(name, *arguments, "-f", form, *more, stdin=stdin)
        assert result.returncode == status, (more, result)
        one_line(result.stderr)
    with open("/dev/full", "wb") as full:
        result = run(name, *arguments, "-f", form, stdin=stdin, stdout=full)
    assert result.returncode == 3
    assert "No space left" in one_line(result.stderr)
    check_locked(run, tmp_path, name, form)


def check_locked(run, tmp_path, name, form):
    arguments, stdin = ANSWERS[name]
    arguments = [word for word in arguments if word != "--print-config"]
    held = open(tmp_path / "lock", "w")
    fcntl.flock(held, fcntl.LOCK_EX)
    locked = [*arguments, "-f", form, f"--lock={held.name}"]
    result = run(name, *locked, stdin=stdin)
    assert (result.returncode, result.stdout) == (6, b"")
    assert held.name in one_line(result.stderr)
    result = run(name, *locked, "-q", stdin=stdin)
    assert (result.returncode, result.stdout, result.stderr) == (6, b"", b"")
    started = time.monotonic()
    result = run(name, *locked, "--lock-wait", "300ms", stdin=stdin)
    assert result.returncode == 6
    assert time.monotonic() - started >= 0.3
    held.close()


@each_tool
def test_quiet_prints_nothing_on_success(run, name):
    result = answer(run, name, "-q")
    assert result.returncode in (0, 1)
    assert (result.stdout, result.stderr) == (b"", b"") or "--print-config" in ANSWERS[name][0]


@each_tool
def test_output_is_the_same_wherever_it_runs(run, name):
    """No HOME, no TERM, another locale, few descriptors, no terminal: the same octets."""

    def plain(result):
        assert result.returncode in (0, 1), result
        found = records(name, result.stdout)
        for record in found:
            for member in ("timestamp", "id", "packetId", "signature", "source", "destination"):
                if name == "kos-send" or member == "timestamp":
                    record.pop(member, None)
        return found

    def few_descriptors():
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))

    usual = plain(answer(run, name))
    assert usual
    for env in ({"HOME": None, "XDG_RUNTIME_DIR": None}, {"TERM": None}, {"TERM": "dumb"},
                {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}, {"LC_ALL": "C"},
                {"XDG_CONFIG_HOME": "not/absolute"}):
        if name == "kos-send" and "HOME" in env:
            continue  # without a home there is no identity to sign with: its own test
        got = plain(answer(run, name, env=env))
        if name != "kos-relay":
            assert got == usual, env
    assert plain(answer(run, name, preexec_fn=few_descriptors)) == usual


@each_tool
def test_closed_streams_are_told(run, name):
    closed = answer(run, name, preexec_fn=lambda: os.close(1), stdout=None)
    assert closed.returncode == 3
    assert "Bad file descriptor" in one_line(closed.stderr)
    blind = subprocess.run(
        [tool(name), "--no-such-option"], preexec_fn=lambda: os.close(2), stdin=subprocess.DEVNULL)
    assert blind.returncode == 2


def test_closed_stdin_is_told(run):
    result = run(
        "kos-route", "--to", "b", stdin=None, preexec_fn=lambda: os.close(0))
    assert result.returncode == 3
    assert "stdin: Bad file descriptor" in one_line(result.stderr)


@each_tool
def test_a_reader_that_leaves_is_no_error(run, name):
    reader, writer = os.pipe()
    os.close(reader)
    result = answer(run, name, stdout=writer)
    os.close(writer)
    assert (result.returncode, result.stderr) == (0, b"")


def test_an_endless_filter_ends_with_its_reader(home):
    process = subprocess.Popen(
        f"yes '{{\"type\":\"note\"}}' | {tool('kos-route')} --to b | head -n 3", shell=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home)
    out, err = process.communicate(timeout=10)
    assert out == b'{"type":"note"}\n' * 3
    assert err == b""


@each_tool
def test_output_file_is_whole_or_not_there(run, tmp_path, name):
    target = tmp_path / "out"
    if "--print-config" in ANSWERS[name][0]:
        return
    result = answer(run, name, "-o", target)
    assert result.stdout == b""
    assert records(name, target.read_bytes())
    assert list(tmp_path.glob(".out*")) == []
    before = target.read_bytes()
    arguments, status = MISUSES[name][0]
    result = run(name, *arguments, "-o", target)
    assert result.returncode == status
    assert target.read_bytes() == before
    assert list(tmp_path.glob(".out*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_one_shot_leaves_no_half_file(home, tmp_path, number):
    target = tmp_path / "out"
    process = subprocess.Popen(
        [tool("kos-route"), "--to", "b", "-o", str(target)], stdin=subprocess.PIPE, env=home)
    wait_for(lambda: list(tmp_path.glob(".out*")))
    process.send_signal(number)
    assert process.wait(timeout=10) == -number
    assert list(tmp_path.glob("*out*")) == []


def wait_for(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def test_a_record_is_on_the_pipe_before_the_tool_waits(home):
    process = subprocess.Popen(
        [tool("kos-route"), "--to", "b"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=home)
    for number in range(5):
        line = lines({"type": "note", "number": number})
        os.write(process.stdin.fileno(), line)
        ready, _, _ = select.select([process.stdout], [], [], 2)
        assert ready, "held back"
        assert os.read(process.stdout.fileno(), 4096) == line
    process.kill()
    process.wait()


def on_terminal(arguments, env, stdin=b"", rows=40):
    """Runs with a terminal as stdout and stderr; returns what is on it, and the status."""
    import termios
    main, side = pty.openpty()
    # Line ends stay what they are.
    mode = termios.tcgetattr(side)
    mode[1] &= ~termios.OPOST
    termios.tcsetattr(side, termios.TCSANOW, mode)
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=side, stderr=subprocess.DEVNULL, env=env)
    os.close(side)
    process.stdin.write(stdin)
    process.stdin.close()
    text = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(main)
    return text.decode(), process.wait(timeout=10)


@each_tool
def test_at_a_terminal_it_is_a_table(home, name):
    arguments, stdin = ANSWERS[name]
    env = {**home, "TERM": "xterm"}
    text, _ = on_terminal([tool(name), *arguments], env, stdin)
    assert text and not text.startswith("{")
    assert "\x1b[1m" in text
    for more in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}):
        plain, _ = on_terminal([tool(name), *arguments], {**env, **more}, stdin)
        assert "\x1b" not in plain, more
    empty, _ = on_terminal([tool(name), *arguments], {**env, "NO_COLOR": ""}, stdin)
    assert "\x1b[1m" in empty
    text, _ = on_terminal([tool(name), *arguments, "-j"], env, stdin)
    assert text.startswith('{"type"')


@each_tool
def test_colour_on_a_pipe_only_by_force(run, name):
    assert b"\x1b" not in answer(run, name, "-f", "text").stdout
    for env in ({"CLICOLOR_FORCE": "1"}, {"FORCE_COLOR": "1"}):
        if "--print-config" not in ANSWERS[name][0]:
            assert b"\x1b[1m" in answer(run, name, "-f", "text", env=env).stdout
    assert b"\x1b" not in answer(run, name, "-f", "text", env={"CLICOLOR_FORCE": "0"}).stdout


def test_records_at_a_terminal_are_asked_for(home):
    main, side = pty.openpty()
    result = subprocess.run(
        [tool("kos-route"), "--to", "b"], stdin=side, capture_output=True, env=home, timeout=5)
    os.close(main)
    os.close(side)
    assert result.returncode == 2
    assert "terminal" in one_line(result.stderr)


# The command line: POSIX's conventions and GNU's.


@pytest.mark.parametrize("name,arguments,wanted", [
    ("kos-send", ["-qjt5s"], {"quiet": "true", "json": "true", "timeout": "5s"}),
    ("kos-send", ["-qt", "5s"], {"quiet": "true", "timeout": "5s"}),
    ("kos-send", ["-t=5s"], {"timeout": "5s"}),
    ("kos-send", ["--timeout=5s"], {"timeout": "5s"}),
    ("kos-send", ["--timeout", "5s", "-t", "6s"], {"timeout": "6s"}),
    ("kos-send", ["--no-ack"], {"ack": "false"}),
    ("kos-send", ["--no-ack", "--ack"], {"ack": "true"}),
    ("kos-send", ["--lock", "hello"], {"lock": "-"}),
    ("kos-send", ["--lock=a=b", "hello"], {"lock": "a=b"}),
    ("kos-send", ["hello", "-T", "x"], {"to": "x"}),
    ("kos-send", ["-T", "-"], {"to": "-"}),
    ("kos-send", ["--", "-q"], {}),
    ("kos-send", ["--option", "a=b", "--option=c=d"], {"option": "a=b,c=d"}),
    ("kos-send", ["--connect", "tcp://a:1", "tcp://b:2", "-q"],
     {"connect": "tcp://a:1,tcp://b:2", "quiet": "true"}),
    ("kos-send", ["--connect", "tcp://a:1", "-4"], {"connect": "tcp://a:1", "ipv4": "true"}),
    ("kos-lora", ["link", "--power", "-5", "--noise-figure=-.5"],
     {"power": "-5", "noise-figure": "-.5"}),
    ("kos-relay", ["run", "--custody", "-v"], {"custody": "-", "verbose": "true"}),
    ("kos-relay", ["--custody=/tmp"], {"custody": "/tmp"}),
])
def test_how_options_are_given(run, name, arguments, wanted):
    verb = [word for word in arguments[:1] if word in ("link", "run")]
    result = run(name, *verb, "--print-config", *arguments[len(verb):])
    assert result.returncode == 0, result
    assert {option: value for option, (value, origin) in settings(result).items()
            if origin == "command line"} == wanted


@pytest.mark.parametrize("name,arguments,words", [
    ("kos-send", ["--quiet=yes"], "'--quiet' takes no value"),
    ("kos-send", ["-quiet"], "did you mean '--quiet'"),
    ("kos-send", ["-t"], "'-t <dur>' needs a value"),
    ("kos-send", ["--timeout", "-q", "hello"], "needs a value"),
    ("kos-send", ["hello", "you"], "'you' is one argument too many"),
    ("kos-send", ["-x"], "no option '-x'"),
    ("kos-send", ["--tim", "5s"], "no option '--tim'"),
    ("kos-send", ["--color", "alway"], "did you mean always?"),
    ("kos-send", ["--color", "mauve"], "one of auto, always, never"),
    ("kos-lora", [], "a verb is missing: ports, info"),
    ("kos-lora", ["sned"], "did you mean send?"),
    ("kos-lora", ["help", "sned"], "did you mean send?"),
    ("kos-lora", ["airtime"], "--payload <bytes> is missing"),
    ("kos-relay", ["statsu"], "did you mean status?"),
    ("kos-relay", ["ban"], "<node> is missing"),
    ("kos-capture", ["read"], "<files> is missing"),
])
def test_what_is_wrong_is_said_with_the_cure(run, name, arguments, words):
    result = run(name, *arguments)
    assert (result.returncode, result.stdout) == (2, b"")
    assert words in one_line(result.stderr)


def test_help_of_a_verb(run):
    for arguments in (["help", "airtime"], ["airtime", "--help"], ["airtime", "-h"]):
        result = run("kos-lora", *arguments)
        assert result.returncode == 0
        assert b"USAGE: kos-lora airtime [<options>] --payload <bytes>\n" in result.stdout
    assert b"USAGE: kos-relay [<verb>]" in run("kos-relay", "--help").stdout
    assert b"USAGE: kos-relay run [<options>]" in run("kos-relay", "help", "run").stdout


# Settings: command line > environment > user's file > built-in.


def settings(result):
    return {each["name"]: (each["value"], each["origin"])
            for each in map(json.loads, result.stdout.splitlines())}


@each_tool
def test_every_setting_tells_its_origin(run, home, name):
    folder = os.path.join(home["HOME"], ".config", "kos")
    os.makedirs(folder)
    path = os.path.join(folder, "config.json")
    with open(path, "w") as file:
        json.dump({"timeout": "3s", "maxLine": 4096, "color": "always",
                   name: {"color": "never", "strict": True}}, file)
    verb = [word for word in ANSWERS[name][0][:1] if not word.startswith("-")]
    env = {"KOS_TIMEOUT": "4s", "KOS_SUMMARY": "yes"}
    got = settings(run(name, *verb, "--print-config", "--max-line", "8192", env=env))
    assert got["timeout"] == ("4s", "environment KOS_TIMEOUT")
    assert got["summary"] == ("true", "environment KOS_SUMMARY")
    assert got["max-line"] == ("8192", "command line")
    assert got["color"] == ("never", path)
    assert got["strict"] == ("true", path)
    assert got["log-format"] == ("text", "built-in")
    got = settings(run(name, *verb, "--print-config", "--no-config"))
    assert got["timeout"][1] == "built-in"
    assert got["color"] == ("auto", "built-in")


def test_settings_act(run, home, tmp_path):
    bad = b"zzz\n" + TOPOLOGY
    assert run("kos-route", "--to", "charlie", "--from", "alpha", stdin=bad).returncode == 5
    assert run("kos-route", "--to", "charlie", "--from", "alpha", stdin=bad,
               env={"KOS_STRICT": "1"}).returncode == 4
    assert run("kos-route", "--to", "charlie", stdin=TOPOLOGY,
               env={"KOS_FROM": "bravo"}).stdout.count(b'"source":"bravo"') == 1
    file = tmp_path / "c.json"
    file.write_text('{"kos-route":{"from":"bravo"}}')
    for call in (dict(env={"KOS_CONFIG": str(file)}), {}):
        more = [] if call else ["--config", file]
        result = run("kos-route", "--to", "charlie", *more, stdin=TOPOLOGY, **call)
        assert result.stdout.count(b'"source":"bravo"') == 1


@pytest.mark.parametrize("text,word", [
    ('{"kos-route":{"colr":"never"}}', "did you mean color"), ('{"timeout":', "not JSON"),
    ('{"timeout":{"a":1}}', "timeout"), ("[]", "not an object"), ('{"timeout":"zz"}', "zz"),
    ('{"a":1,"a":2}', "twice"),
])
def test_a_bad_configuration_is_told_with_its_place(run, tmp_path, text, word):
    file = tmp_path / "config.json"
    file.write_text(text)
    result = run("kos-route", "--to", "b", "--config", file)
    assert result.returncode == 2
    line = one_line(result.stderr)
    assert str(file) in line or "--" in line
    assert word in line or "cut off" in line


def test_log_format_json_makes_records_of_stderr(run):
    result = run("kos-route", "--to", "b", "--log-format", "json", "/no/such/file")
    assert result.returncode == 3
    [error] = records("kos-route", result.stderr)
    assert (error["type"], error["fatal"], error["errno"]) == ("error", True, 2)
    result = run("kos-route", "--log-format=json", "--nothing")
    [error] = records("kos-route", result.stderr)
    assert error["code"] == "usage"
    result = run("kos-route", "--to", "b", "--log-format", "json", stdin=b"zzz\n")
    kinds = [record["code"] for record in records("kos-route", result.stderr)]
    assert kinds[0] == "notJSON"


def test_what_came_from_outside_cannot_steer_the_terminal(run):
    evil = "a\x1b[31m\x07b\u202e\x9b"
    result = run("kos-route", "--from", "alpha", "--to", evil, stdin=TOPOLOGY)
    assert not CONTROL.search(result.stdout.replace(b"\n", b"")), result.stdout
    text = run("kos-route", "--from", "alpha", "--to", evil, "-f", "text", stdin=TOPOLOGY).stdout
    assert not CONTROL.search(text.replace(b"\n", b"")), text
    assert "\u202e" not in text.decode() and "\x9b" not in text.decode()
    result = run("kos-route", "--to", "b", "no\x1b[2Jfile")
    assert "\\u{1b}" in one_line(result.stderr)


def test_splay_waits_and_the_fixed_one_is_always_the_same(run):
    waits = set()
    for _ in range(3):
        result = run("kos-route", "--from", "alpha", "--to", "bravo", "--splay", "300ms",
                     "--splay-fixed", "-v", stdin=TOPOLOGY)
        assert result.returncode == 0
        waits.add(result.stderr.split(b"\n")[0])
    assert len(waits) == 1
    random = {run("kos-route", "--from", "alpha", "--to", "bravo", "--splay", "50ms", "-v",
                  stdin=TOPOLOGY).stderr.split(b"\n")[0] for _ in range(20)}
    assert len(random) > 3


def test_the_tools_own_lock_lies_in_the_runtime_directory(run, home):
    assert run("kos-route", "--from", "alpha", "--to", "bravo", "--lock",
               stdin=TOPOLOGY).returncode == 0
    path = os.path.join(home["XDG_RUNTIME_DIR"], "kos", "kos-route.lock")
    assert os.path.exists(path)
    with open(path) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run("kos-route", "--to", "b", "--lock", "-q", stdin=TOPOLOGY).returncode == 6
    assert run("kos-route", "--to", "b", "--lock", stdin=TOPOLOGY,
               env={"HOME": None, "XDG_RUNTIME_DIR": "/proc/no"}).returncode == 3

"""Lines in, lines out: what a filter passes on, what it refuses; Python's json is the judge."""
import json
import random
import re

import pytest

from commands import FILTERS
from kit import TOOLS, lines, link, records

each_filter = pytest.mark.parametrize("name", [name for name in FILTERS if name in TOOLS])


def through(run, name, octets, *more, **options):
    arguments, first = FILTERS[name]
    return run(name, *arguments, *more, stdin=first + octets, check=False, **options)


def passed(result):
    """What came out that the tool did not make."""
    foreign = []
    for line in result.stdout.split(b"\n")[:-1]:
        try:
            record = json.loads(line)
        except ValueError:
            record = {}
        if record.get("type") not in ("route", "error", "sendResult", "summary", "link", "peer"):
            foreign.append(line)
    return foreign


class Lines:
    """Random lines of JSON by a seed, written in every way that JSON allows."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=4):
        kind = self.random.randrange(9 if depth else 6)
        if kind == 0:
            return self.random.choice([None, True, False])
        if kind == 1:
            return self.random.randrange(-(2**53) + 1, 2**53)
        if kind == 2:
            return self.random.choice([0.1, 1e300, -5e-324, 1.5, 1e22, 123456.789])
        if kind < 6:
            return self.string()
        if kind == 6:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        return {self.string(): self.value(depth - 1) for _ in range(self.random.randrange(4))}

    def string(self):
        letters = 'ab"\\/\n\t\x00\x1f\x7f\x85é\u2028\u202e😀漢'
        return "".join(self.random.choice(letters) for _ in range(self.random.randrange(9)))

    def line(self):
        value = {"type": "note" + self.string(), **self.value_object()}
        text = json.dumps(
            value, ensure_ascii=self.random.random() < 0.5,
            separators=self.random.choice([(",", ":"), (", ", ": "), (" , ", " :\t")]))
        return text.encode()

    def value_object(self):
        members = {self.string(): self.value() for _ in range(self.random.randrange(6))}
        members.pop("type", None)
        return members

    def broken(self):
        line = bytearray(self.line())
        for _ in range(self.random.randrange(1, 4)):
            place = self.random.randrange(len(line)) if line else 0
            what = self.random.randrange(4)
            if not line:
                break
            if what == 0:
                line[place] = self.random.randrange(256)
            elif what == 1:
                del line[place]
            elif what == 2:
                line.insert(place, line[place])
            else:
                del line[place:]
        return bytes(line).replace(b"\n", b" ").replace(b"\r", b" ")


class Refused(Exception):
    pass


def refuse(_):
    raise Refused


def judge(line):
    """Whether the line is one JSON object as manual page kos-records(5) wants it."""
    def pairs(members):
        if len({name for name, _ in members}) != len(members):
            raise Refused
        return dict(members)

    def depth(value):
        if isinstance(value, dict):
            return 1 + max(map(depth, value.values()), default=0)
        if isinstance(value, list):
            return 1 + max(map(depth, value), default=0)
        return 0

    def surrogates(value):
        if isinstance(value, str):
            return any(0xD800 <= ord(letter) < 0xE000 for letter in value)
        if isinstance(value, dict):
            return any(surrogates(name) or surrogates(each) for name, each in value.items())
        return isinstance(value, list) and any(map(surrogates, value))

    try:
        value = json.loads(
            line.decode("utf-8"), object_pairs_hook=pairs, parse_constant=refuse)
    except (ValueError, Refused, RecursionError):
        return False
    return isinstance(value, dict) and depth(value) <= 32 and not surrogates(value)


@pytest.mark.parametrize("seed", range(6))
@each_filter
def test_foreign_lines_come_out_as_they_were(run, name, seed):
    source = Lines(seed)
    foreign = [source.line() for _ in range(500)]
    result = through(run, name, b"\n".join(foreign) + b"\n")
    assert result.returncode in (0, 1), (seed, result.stderr[:500])
    assert passed(result) == foreign, seed


@pytest.mark.parametrize("seed", range(6))
@each_filter
def test_python_agrees_on_what_is_json(run, name, seed):
    """Broken lines: what Python's json takes comes out, the rest is an error each."""
    source = Lines(1000 + seed)
    tried = [line for line in (source.broken() for _ in range(800)) if line.strip(b" \t")]
    wanted = [line for line in tried if judge(line)]
    result = through(run, name, b"\n".join(tried) + b"\n")
    got = passed(result)
    stripped = [line.strip(b"\x1e") for line in wanted]
    assert got == stripped, (
        seed, [x for x in got if x not in stripped][:3], [x for x in stripped if x not in got][:3])
    errors = [record for record in map(json.loads, result.stdout.splitlines())
              if record.get("type") == "error" and record.get("line")]
    assert len(errors) == len(tried) - len(wanted)


CASES = [
    # line, whether it is refused, with which code
    (b'{"a":1}\r', None), (b'{"a":9007199254740993}', None), (b'{"a":1.10}', None),
    (b'{ "a" : 1 }', None), (b'{"type":"note","a":"\xe2\x80\xa8"}', None),
    (b"[1]", "notJSON"), (b"1", "notJSON"), (b'"a"', "notJSON"), (b'{"a":1,"a":2}', "notJSON"),
    (b'{"a":NaN}', "notJSON"), (b'{"a":"\xff"}', "badUTF8"), (b'{"a":"\\ud800"}', "notJSON"),
    (b'{"a":1}{"b":2}', "notJSON"), (b"{'a':1}", "notJSON"), (b"zzz", "notJSON"),
    (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "notJSON"),
    (b'{"a":"' + b"x" * (1 << 20) + b'"}', "lineTooLong"),
]


@pytest.mark.parametrize("line,code", CASES)
@each_filter
def test_one_line_at_a_time(run, name, line, code):
    after = b'{"type":"note","after":true}'
    result = through(run, name, line + b"\n" + after + b"\n")
    if code is None:
        assert passed(result) == [line.rstrip(b"\r"), after]
        assert result.returncode in (0, 1)
        assert result.stderr == b""
        return
    assert passed(result) == [after]
    errors = [record for record in map(json.loads, result.stdout.splitlines())
              if record.get("type") == "error" and record["code"] == code]
    assert len(errors) == 1
    number = FILTERS[name][1].count(b"\n") + 1
    assert errors[0]["line"] == number
    assert result.stderr.count(b"\n") == 1
    assert result.stderr.startswith(f"{name}: stdin:{number}: ".encode())
    assert result.returncode in (4, 5)


@each_filter
def test_blank_lines_marks_and_ends(run, name):
    note = b'{"type":"note"}'
    first = FILTERS[name][1]
    result = run(name, *FILTERS[name][0], check=False,
                 stdin=b"\xef\xbb\xbf" + first + b"\n \t\n\x1e" + note)
    assert passed(result) == [note]
    assert result.returncode in (0, 1)
    cut = through(run, name, note + b'\n{"type":"no')
    assert passed(cut) == [note]
    assert b'"code":"truncated"' in cut.stdout
    strict = through(run, name, b"\n", "--strict")
    assert strict.returncode == 4
    assert strict.stderr.count(b"\n") == 1


@each_filter
def test_strict_stops_at_the_first_bad_line(run, name):
    result = through(run, name, b'{"type":"note"}\nzzz\nyyy\n{"type":"note"}\n', "--strict")
    assert result.returncode == 4
    assert passed(result) == [b'{"type":"note"}']
    assert result.stderr.count(b"\n") == 1


@each_filter
def test_pretty_printed_input_names_the_cure(run, name):
    pretty = json.dumps(link("a", "b"), indent=2).encode() + b"\n"
    result = run(name, *FILTERS[name][0], stdin=pretty)
    if name != "kos-route":  # reads documents of graphs as well
        assert b"try 'jq -c .'" in result.stderr
    assert result.returncode == 4


@each_filter
def test_only_and_text_drop_what_is_foreign(run, name):
    note = b'{"type":"note"}\n'
    assert passed(through(run, name, note, "--only")) == []
    assert b"note" not in through(run, name, note, "-f", "text").stdout


def test_keep_repeats_what_was_consumed(run):
    line = lines(link("alpha", "bravo"))
    for arguments, count in (([], 0), (["-k"], 1), (["-k", "--only"], 1)):
        result = run("kos-route", "--from", "alpha", "--to", "bravo", *arguments, stdin=line)
        assert result.stdout.count(line) == count, arguments


def test_newer_formats_pass_unless_they_are_consumed(run):
    note = b'{"type":"note","kos":2}\n'
    newer = lines(link("a", "b", kos=2))
    result = run("kos-route", "--from", "alpha", "--to", "bravo", check=False,
                 stdin=lines(link("alpha", "bravo")) + note + newer)
    assert note in result.stdout
    assert b'"code":"unsupportedFormat"' in result.stdout
    assert result.returncode == 5


def test_bare_objects_of_the_seed_are_records(run):
    peers = (b'{"nodeId":"alpha","addresses":[],"capabilities":[],'
             b'"metadata":{"discoveryMethod":"mdns","lastSeen":1,"self":true}}\n')
    result = run("kos-route", "--to", "bravo", stdin=peers + lines(link("alpha", "bravo")))
    assert result.returncode == 0
    assert [record["type"] for record in records("kos-route", result.stdout)] == ["route"]


def test_upstream_errors_pass_and_do_not_count(run):
    error = (b'{"type":"error","kos":1,"timestamp":1,"tool":"x","code":"y","message":"z",'
             b'"fatal":false}\n')
    result = run("kos-route", "--from", "alpha", "--to", "bravo",
                 stdin=error + lines(link("alpha", "bravo")))
    assert error in result.stdout
    assert result.returncode == 0


def test_memory_is_constant(run, home, tmp_path):
    """A million foreign lines in at most 20 MB."""
    import resource
    import subprocess

    from kit import tool
    line = b'{"type":"note","kos":1,"text":"' + b"x" * 80 + b'"}\n'
    code = (
        "import resource,subprocess,sys;"
        "p=subprocess.run(sys.argv[1:],stdin=open('in'),stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    with open(tmp_path / "in", "wb") as file:
        file.write(lines(link("alpha", "bravo")) + line * 1_000_000)
    peak = subprocess.run(
        ["python3", "-c", code, tool("kos-route"), "--from", "alpha", "--to", "bravo"],
        capture_output=True, env=home, cwd=tmp_path, check=True).stdout
    assert int(peak) <= 20 * 1024, f"{int(peak)} KiB"

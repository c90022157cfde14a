"""`--schema` is JSON Schema 2020-12, and every record shown anywhere is valid against it."""
import json
import pathlib
import re

import jsonschema
import pytest

from kit import ROOT, TOOLS, no_duplicates, tool, validator

each_tool = pytest.mark.parametrize("name", TOOLS)


@each_tool
def test_schema_is_one_and_the_same(run, name):
    result = run(name, "--schema", check=False)
    assert result.returncode == 0
    schema = json.loads(result.stdout, object_pairs_hook=no_duplicates)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == json.loads(run("kos-route", "--schema", check=False).stdout)


@each_tool
def test_schema_of_one_type(run, name):
    whole = json.loads(run(name, "--schema", check=False).stdout)["$defs"]
    for kind in whole:
        one = json.loads(run(name, "--schema", kind, check=False).stdout)
        assert list(one["$defs"]) == [kind]
        assert one["$defs"][kind] == whole[kind]


def test_schema_of_an_unknown_type_is_a_misuse(run):
    result = run("kos-route", "--schema", "pear")
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.count(b"\n") == 1
    assert b"peer" in result.stderr


GOOD = {
    "peer": {"nodeId": "a", "addresses": [], "capabilities": [],
             "metadata": {"discoveryMethod": "mdns", "lastSeen": 1}},
    "link": {"source": "a", "destination": "b", "transport": "udp", "latency": 1,
             "reliability": 1},
    "error": {"timestamp": 1, "tool": "t", "code": "c", "message": "m", "fatal": True},
}
BAD = [
    ("peer", {"nodeId": ""}), ("peer", {"nodeId": "x" * 129}), ("peer", {"metadata": {}}),
    ("peer", {"event": "lost"}), ("link", {"reliability": 1.5}), ("link", {"latency": -1}),
    ("link", {"transport": "pigeon"}), ("error", {"timestamp": "now"}), ("error", {"fatal": 1}),
    ("peer", {"kos": 2}),
]


@pytest.mark.parametrize("kind", GOOD)
def test_good_records_are_valid(kind):
    validator("kos-route").validate({"type": kind, "kos": 1, **GOOD[kind], "unknown": "is allowed"})


@pytest.mark.parametrize("kind,change", BAD)
def test_bad_records_are_not(kind, change):
    with pytest.raises(jsonschema.ValidationError):
        validator("kos-route").validate({"type": kind, "kos": 1, **GOOD[kind], **change})


def shown_records():
    """Every record that stands in a manual page or the README."""
    for path in sorted([*ROOT.glob("man/*"), ROOT / "README.md"]):
        if path.is_file():
            for line in path.read_text().splitlines():
                if line.startswith('{"type":"'):
                    yield pytest.param(line.replace("\\&", "").replace("\\e", "\\"), id=path.name)


@pytest.mark.parametrize("line", list(shown_records()))
def test_shown_records_are_valid(line):
    record = json.loads(line, object_pairs_hook=no_duplicates)
    assert list(record)[:2] == ["type", "kos"]
    validator("kos-route").validate(record)

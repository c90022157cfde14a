"""What tests of the built tools share: where the tools are, checked output, records to feed them.

The tools are those of .build/release, or of TOOLS_DIR.
"""
import json
import os
import pathlib
import re
import subprocess

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS_DIR = pathlib.Path(os.environ.get("TOOLS_DIR", ROOT / ".build" / "release"))
ALL_TOOLS = ["kos-discover", "kos-route", "kos-send", "kos-relay", "kos-lora", "kos-capture"]


def is_written(name):
    """Whether the tool is more than the placeholder that holds its name in the package."""
    return any("ToolMain" in path.read_text() for path in (ROOT / "Sources" / name).glob("*.swift"))


TOOLS = [name for name in ALL_TOOLS if is_written(name)]


def tool(name):
    return str(TOOLS_DIR / name)


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name stands twice: {names}"
    return dict(pairs)


def no_constant(name):
    raise AssertionError(f"{name} is not JSON")


_validators = {}


def validator(name):
    """The schema that the tool prints, compiled once."""
    if name not in _validators:
        text = subprocess.run([tool(name), "--schema"], capture_output=True, check=True).stdout
        schema = json.loads(text)
        jsonschema.Draft202012Validator.check_schema(schema)
        _validators[name] = jsonschema.Draft202012Validator(schema)
    return _validators[name]


def records(name, octets):
    """The lines as objects; each must be a record of the tool's schema, in the fixed form."""
    if isinstance(octets, str):
        octets = octets.encode()
    if not octets:
        return []
    assert octets.endswith(b"\n"), "the last line has no newline"
    found = []
    for line in octets[:-1].split(b"\n"):
        record = json.loads(
            line, object_pairs_hook=no_duplicates, parse_constant=no_constant)
        assert list(record)[:2] == ["type", "kos"], line
        errors = [error.message for error in validator(name).iter_errors(record)]
        assert not errors, f"{line}: {errors}"
        found.append(record)
    return found


CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


def lines(*objects):
    """Objects as NDJSON octets, without spaces as the tools write them."""
    return b"".join(
        json.dumps(each, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        for each in objects)


def link(source, destination, **more):
    return {
        "type": "link", "kos": 1, "source": source, "destination": destination,
        "transport": "udp", "latency": 5, "reliability": 0.9, **more}


def peer(node, port=47470, **more):
    return {
        "type": "peer", "kos": 1, "nodeId": node,
        "addresses": [{"type": "udp", "address": "127.0.0.1", "port": port}],
        "capabilities": ["relay"],
        "metadata": {"discoveryMethod": "static", "lastSeen": 1795337400412}, **more}


def installed_prefix():
    """Where Tests/check put `Sources/install PREFIX`."""
    prefix = pathlib.Path(
        os.environ.get("INSTALLED", ROOT / ".build" / "check" / "installed"))
    assert (prefix / "bin" / "kos-route").exists(), f"run Sources/install {prefix}"
    return prefix

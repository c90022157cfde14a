"""The house's rules: what may import what, what words are banned, how long things may be.

Each rule that is a ratchet says so: its number is lowered, never raised.
"""
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources"
sys.path.insert(0, str(ROOT / "Tests" / "Tools"))
from kit import TOOLS, installed_prefix, tool  # noqa: E402

SWIFT = sorted(SOURCES.rglob("*.swift"))
TESTS = sorted((ROOT / "Tests").rglob("*.swift"))
PURE = {"KosCore", "KosCapture", "KosSimulation"}
PRODUCTS = ["kos-discover", "kos-route", "kos-send", "kos-relay", "kos-lora", "kos-capture"]


def relative(path):
    return str(path.relative_to(ROOT))


def bare(path):
    """The file's lines without comments and the contents of plain strings."""
    text = path.read_text()
    text = re.sub(r'"""(.*?)"""', lambda m: '""' + "\n" * m[1].count("\n"), text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    return [re.sub(r"//.*", "", line) for line in text.splitlines()]


# 1. The top level.

def test_top_level_is_fixed():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split()
    top = {name.split("/")[0] for name in tracked}
    plain = {name for name in top if not name.startswith(".")}
    assert plain == {"Package.swift", "README.md", "Sources", "Tests", "man", "completions"}


# 2. Imports.

NIO = {"NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket", "NIOSSL", "NIOTLS", "NIOFoundationCompat"}
MAY_IMPORT = {
    "KosCore": set(),
    "KosCapture": {"KosCore"},
    "KosSimulation": {"KosCore"},
    "KosTool": {"KosCore", "CLinux", "Glibc", "Synchronization"},
    "KosCrypto": {"KosCore", "Crypto"},
    "KosNet": {"KosCore", "KosCrypto", "Glibc", "Crypto", *NIO} - {"NIOFoundationCompat"},
    "KosRadio": {"KosCore", "CBluetooth", "Glibc"},
    "KosMDNS": {"KosCore", "CAvahi", "Glibc"},
    "KosPcap": {"KosCore", "KosCapture", "CPcap", "Glibc"},
    "KosStore": {"KosCore", "CSQLite", "Glibc"},
    "KosWebRTC": {"KosCore", "KosCrypto", "KosNet", "Crypto", "COpenSSL", "CUsrsctp", "Glibc", "NIOCore",
                  "NIOPosix"},
    "KosNATS": {"KosCore", "CNats", "Glibc"},
}
ADAPTERS = {
    "kos-discover": {"KosCrypto", "KosNet", "KosRadio", "KosMDNS"},
    "kos-route": {"KosSimulation"},
    "kos-send": {"KosCrypto", "KosNet", "KosRadio", "KosWebRTC"},
    "kos-relay": {"KosCrypto", "KosNet", "KosMDNS", "KosNATS", "KosRadio", "KosStore", "KosSimulation",
                  "KosWebRTC"},
    "kos-lora": {"KosCrypto", "KosNet", "KosRadio"},
    "kos-capture": {"KosCapture", "KosCrypto", "KosPcap"},
}
for name in ["KosCrypto", "KosNet", "KosRadio", "KosMDNS", "KosNATS", "KosPcap", "KosStore"]:
    MAY_IMPORT[name].add("Synchronization")
for name in PRODUCTS:
    MAY_IMPORT[name] = {"KosCore", "KosTool", *ADAPTERS[name]}
# Tools that still look at the system themselves. A ratchet: names are taken out.
GLIBC_IN_TOOLS = {"kos-route", "kos-lora", "kos-capture", "kos-discover", "kos-send", "kos-relay"}


@pytest.mark.parametrize("path", SWIFT, ids=relative)
def test_imports(path):
    module = path.relative_to(SOURCES).parts[0]
    allowed = MAY_IMPORT[module] | ({"Glibc"} if module in GLIBC_IN_TOOLS else set())
    for line in bare(path):
        found = re.match(
            r"\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:package|public|internal|private|fileprivate)\s+)?"
            r"import\s+(?:(?:struct|class|enum|func|protocol|typealias|var|let)\s+)?(\w+)", line)
        if found:
            assert found[1] in allowed, f"{relative(path)} imports {found[1]}"


def test_every_tool_imports_the_core():
    for name in TOOLS:
        assert any("import KosCore" in path.read_text() for path in (SOURCES / name).glob("*.swift"))


# 3. The order of folders inside the core: a folder may use those of a lower rank and itself.

RANK = {
    "Values": 0, "Wire": 1, "Records": 1, "Engine": 1, "Links": 2, "Radio": 2, "Routing": 2,
    "Discovery": 2, "Bluetooth": 2, "Layers": 3, "Mesh": 4, "Queries": 5,
}
# Uses from below that are there; each is a debt. A ratchet: lines are taken out, not added.
UPWARD = set((ROOT / "Tests" / "TidyTests" / "upward").read_text().split())


def test_folders_know_only_those_below():
    core = SOURCES / "KosCore"
    folders = {path.name for path in core.iterdir() if path.is_dir()}
    assert folders <= set(RANK), f"give {folders - set(RANK)} a rank"
    made = {}
    nested = {}
    for path in sorted(core.rglob("*.swift")):
        for line in bare(path):
            inner = re.match(
                r"\s+(?:[a-z]+ )*(?:struct|enum|class|protocol|typealias|case|associatedtype) (\w+)",
                line)
            if inner:
                nested.setdefault(inner[1], set()).add(path.relative_to(core).parts[0])
            found = re.match(
                r"package (?:final |indirect )*(?:struct|enum|class|protocol|typealias) (\w+)", line)
            if found:
                made[found[1]] = path.relative_to(core).parts[0]
    uses = set()
    for path in sorted(core.rglob("*.swift")):
        folder = path.relative_to(core).parts[0]
        for word in set(re.findall(r"\b[A-Z]\w+\b", "\n".join(bare(path)))):
            there = made.get(word)
            if folder in nested.get(word, ()):
                continue  # a type of its own by the same name
            # Wire, Records and Engine are one floor and know each other.
            if there and there != folder and RANK[there] >= RANK[folder] > 1:
                uses.add(f"{folder}/{path.name}:{word}")
            elif there and RANK[there] > 1 >= RANK[folder]:
                uses.add(f"{folder}/{path.name}:{word}")
    assert sorted(uses - UPWARD) == []
    assert sorted(UPWARD - uses) == [], "paid debts are taken off the list"


# 4. Words.

BANNED_IN_CORE = [
    (r"\bContinuousClock\b", "pass an Instant in"), (r"\bSuspendingClock\b", "pass an Instant in"),
    (r"\bDate\b", "use Timestamp"), (r"\bTask\b\s*[{.(]", "the driver runs things"),
    (r"^\s*(?:\w+ )*actor\s+\w", "state machines are values"), (r"\bprint\(", "return a record"),
    (r"\bfatalError\(", "bad input is a value"), (r"\bpreconditionFailure\(", "bad input is a value"),
    (r"\btry!", "handle the error"), (r"@unchecked", "make it a value"),
    (r"nonisolated\(unsafe\)", "make it a value"), (r"\bas!", "use as?"),
    (r"\.shuffled\(\)", "pass a seeded generator"), (r"\.randomElement\(\)", "pass a generator"),
]
BANNED = [
    (r"\bFIXME\b", "open an issue"), (r"\bTODO\b", "open an issue"),
    (r"\w*Manager\b", "name what it is"), (r"\w*Utils?\b", "name what it is"),
    (r"\w*Helper\b", "name what it is"), (r"\bimport Foundation", "own code or Glibc"),
    (r"\bThread\.sleep", "wait on a descriptor"), (r"^\s*public ", "package"),
]


@pytest.mark.parametrize("path", [path for path in SWIFT if PURE & set(path.parts)], ids=relative)
def test_words_banned_in_the_core(path):
    for number, line in enumerate(bare(path), 1):
        for pattern, instead in BANNED_IN_CORE:
            assert not re.search(pattern, line), f"{relative(path)}:{number}: {line}: {instead}"
        for call in re.findall(r"\.random\(in: [^()]*(?:\([^()]*\)[^()]*)*\)", line):
            assert "using:" in call, f"{relative(path)}:{number}: {call}: pass a generator"


@pytest.mark.parametrize("path", SWIFT, ids=relative)
def test_words_banned_everywhere(path):
    for number, line in enumerate(bare(path), 1):
        for pattern, instead in BANNED:
            assert not re.search(pattern, line), f"{relative(path)}:{number}: {line}: {instead}"


# 5. Lengths.

LINE, TEXT, FUNCTION, FILE, MAIN = 100, 150, 70, 400, 150
# Tables: a constant, a protocol's names or the reference values of a standard.
TABLES = set((ROOT / "Tests" / "TidyTests" / "tables").read_text().split())


def functions(path):
    """(line number, name, lines) of every function, initialiser and subscript with a body."""
    lines = bare(path)
    start = re.compile(r"^(\s*)(?:@\w+(?:\([^)]*\))?\s+)*(?:[a-z]+(?:\(\w+\))? )*"
                       r"(?:func (\w+|[^\s(]+)|(init|deinit|subscript)\b)")
    for number, line in enumerate(lines):
        found = start.match(line)
        if not found:
            continue
        depth = 0
        opened = False
        for end in range(number, len(lines)):
            depth += lines[end].count("{") - lines[end].count("}")
            opened = opened or "{" in lines[end]
            if opened and depth <= 0:
                yield number + 1, found[2] or found[3], end - number + 1
                break
            if not opened and end > number and re.match(r"^\s*(?:func|var|let|init|\})", lines[end]):
                break


@pytest.mark.parametrize("path", SWIFT + TESTS, ids=relative)
def test_lengths(path):
    if relative(path) in TABLES:
        return
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        # A text is not broken to fit: whoever looks for it finds it whole.
        limit = TEXT if '"' in line or line.endswith("\\") else LINE
        assert len(line) <= limit, f"{relative(path)}:{number} has {len(line)} columns"
    assert len(lines) <= FILE, f"{relative(path)} has {len(lines)} lines"
    for number, name, length in functions(path):
        assert length <= FUNCTION, f"{relative(path)}:{number} {name} has {length} lines"
    if path.relative_to(ROOT).parts[1].startswith("kos-"):
        assert len(lines) <= MAIN, f"{relative(path)} has {len(lines)} lines: {MAIN} for a tool's"


# 6. Layout.

def test_swift_format_has_nothing_to_say():
    result = subprocess.run(
        ["swift", "format", "lint", "--strict", "--recursive", "--parallel", "Package.swift",
         "Sources", "Tests/KosCoreTests", "Tests/KosCaptureTests", "Tests/KosSimulationTests",
         "Tests/KosNetTests", "Tests/KosWebRTCTests", "Tests/Benchmarks", "Tests/Fuzz"],
        cwd=ROOT, capture_output=True)
    assert result.stderr.decode() == ""
    assert result.returncode == 0


# 7. Libraries.

BASE = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1"}
BLUETOOTH = {"libbluetooth.so.3"}
# The libraries of the traits, with which the tests build, are loaded when they are wanted.
NEEDED = {
    "kos-discover": BLUETOOTH | {"libavahi-common.so.3"},
    "kos-route": set(),
    "kos-send": BLUETOOTH,
    "kos-relay": BLUETOOTH | {"libavahi-common.so.3"},
    "kos-lora": BLUETOOTH,
    "kos-capture": {"libpcap.so.0.8"},
}


def needed(path):
    dump = subprocess.run(["readelf", "-d", path], capture_output=True, check=True).stdout.decode()
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", dump))


@pytest.mark.parametrize("name", TOOLS)
def test_each_tool_needs_only_its_own_libraries(name):
    assert needed(tool(name)) - BASE <= NEEDED[name]


def test_the_installed_route_needs_no_library():
    assert needed(installed_prefix() / "bin" / "kos-route") == set()


# 8 is Tests/Tools/test_docs.py.

# 9. Everything is used.

# Types that wait for their first user. A ratchet: lines are taken out, not added.
UNUSED = set((ROOT / "Tests" / "TidyTests" / "unused").read_text().split())

def test_every_package_type_is_used_outside_its_own_file():
    texts = {path: "\n".join(bare(path)) for path in SWIFT + TESTS}
    unused = []
    for path in SWIFT:
        for name in re.findall(
                r"^package (?:final |indirect )*(?:struct|enum|class|protocol) (\w+)",
                texts[path], re.M):
            if not any(re.search(rf"\b{name}\b", text)
                       for other, text in texts.items() if other != path):
                unused.append(f"{relative(path)}:{name}")
    assert sorted(set(unused) - UNUSED) == []
    assert sorted(UNUSED - set(unused)) == [], "what has found a user is taken off the list"


# 10. Tests of the core.

@pytest.mark.parametrize("path", [each for each in TESTS if PURE & {part.removesuffix("Tests") for part in each.parts}], ids=relative)
def test_core_tests_are_pure(path):
    text = "\n".join(bare(path))
    for word in ["Glibc", "Foundation", "sleep(", "socket(", "@testable", "XCTest", ".disabled"]:
        assert word not in text, f"{relative(path)}: {word}"


# What must not stand anywhere in the project.

def test_no_place_of_one_machine_is_named():
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    # Written in two parts, so that this file does not find itself.
    paths = [b"/ro" + b"ot/", b"/wo" + b"rk/", b"/us" + b"ers/", b"/w" + b"t/"]
    for name in filter(None, files):
        if (ROOT / name.decode()).is_dir():
            continue  # a link to a folder that is looked at by itself
        octets = (ROOT / name.decode()).read_bytes()
        for word in paths:
            assert word not in octets, f"{name.decode()} has {word.decode()}"

"""Manuals, completions and README in step with the tools."""
import json
import re
import subprocess

import pytest

from commands import ANSWERS
from kit import ALL_TOOLS, ROOT, TOOLS, tool

PAGES = sorted((ROOT / "man").glob("kos*.[157]"))
each_tool = pytest.mark.parametrize("name", TOOLS)


def commands(name):
    """The tool's commands as its parser knows them: the root and the verbs."""
    dump = subprocess.run([tool(name), "--experimental-dump-help"], capture_output=True)
    root = json.loads(dump.stdout)["command"]
    verbs = [each for each in root.get("subcommands", []) if each["commandName"] != "help"]
    return [root, *verbs]


def options(name):
    """Every option's names with their dashes, by the long name."""
    found = {}
    for command in commands(name):
        for argument in command.get("arguments", []):
            if argument["kind"] == "positional" or not argument.get("shouldDisplay", True):
                continue
            names = {("--" if each["kind"] == "long" else "-") + each["name"]
                     for each in argument["names"]}
            found.setdefault(max(names, key=len), set()).update(names)
    return found


def text(page):
    """The page as mandoc shows it, without overstriking."""
    shown = subprocess.run(
        ["mandoc", "-T", "utf8", "-O", "width=200", page], capture_output=True, check=True)
    return re.sub(".\b", "", shown.stdout.decode())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mandoc_has_nothing_to_say(page):
    result = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True)
    assert result.stdout.decode() == ""
    assert result.returncode == 0


def test_pages_are_complete():
    wanted = {"kos.7", "kos-records.5", "kos-config.5", *(f"{name}.1" for name in TOOLS)}
    assert wanted <= {page.name for page in PAGES}


# mandoc's conventional order, with the sections that it does not know in between.
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "STDIN", "STDOUT", "ENVIRONMENT", "FILES",
            "EXIT STATUS", "SIGNALS", "EXAMPLES", "DIAGNOSTICS", "SEE ALSO", "STANDARDS"]


@each_tool
def test_sections_stand_in_order(name):
    source = (ROOT / "man" / f"{name}.1").read_text()
    found = re.findall(r'^\.Sh "?([A-Z ]+?)"?$', source, re.M)
    wanted = [each for each in SECTIONS if each in found]
    assert [each for each in found if each in SECTIONS] == wanted
    assert {*SECTIONS[:6], "EXIT STATUS", "SIGNALS", "EXAMPLES"} <= set(found)


# Said once for all tools, in kos(7).
def common_options():
    found = {}
    for name in TOOLS:
        mine = options(name)
        found = mine if not found else {key: each for key, each in found.items() if key in mine}
    return found


def flags_of(page):
    """Options that a page has in its lists: the arguments of .Fl in .It lines."""
    found = set()
    for line in page.read_text().splitlines():
        if line.startswith(".It") or line.startswith(".Op") or line.startswith(".Fl"):
            for flag in re.findall(r"\bFl\s+(\S+)", line):
                found.add("-" + flag.replace("\\-", "-"))
    return found


@each_tool
def test_every_option_stands_in_its_manual_and_no_other(name):
    mine = {flag for key, names in options(name).items() for flag in names}
    common = {flag for names in common_options().values() for flag in names}
    page = flags_of(ROOT / "man" / f"{name}.1")
    overview = flags_of(ROOT / "man" / "kos.7")
    assert mine - common - page - {"-h", "--help", "--version"} == set(), "not in the manual"
    known = mine | {"-h", "--help", "-V", "--version"}
    assert {flag for flag in page if flag not in known} == set(), "not in the tool"
    assert common - overview - {"-h", "--help"} == set(), "not in kos(7)"


@each_tool
@pytest.mark.parametrize("shell,place", [
    ("bash", "bash/{0}"), ("zsh", "zsh/_{0}"), ("fish", "fish/{0}.fish")])
def test_completions_are_those_the_tool_makes(name, shell, place):
    made = subprocess.run(
        [tool(name), "--generate-completion-script", shell], capture_output=True, check=True)
    kept = ROOT / "completions" / place.format(name)
    assert kept.read_bytes() == made.stdout, f"run Tests/completions to write {kept}"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_take_the_completions(shell):
    for path in sorted((ROOT / "completions" / shell).iterdir()):
        result = subprocess.run([shell, "-n", path], capture_output=True)
        assert (result.returncode, result.stderr) == (0, b""), path


def test_every_record_stands_in_the_manual():
    schema = json.loads(subprocess.run(
        [tool("kos-route"), "--schema"], capture_output=True, check=True).stdout)
    page = (ROOT / "man" / "kos-records.5").read_text()
    for kind, definition in schema["$defs"].items():
        section = re.search(rf"^\.Ss {kind}$(.*?)(?=^\.S[sh] |\Z)", page, re.M | re.S)
        assert section, f"{kind} is not in kos-records.5"
        listed = re.findall(r"^\.It (?:Va|Cm) (\S+)", section[1], re.M)
        assert listed == list(definition["properties"]), kind


def test_readme_is_complete():
    readme = (ROOT / "README.md").read_text()
    for word in ["Tests/demo", "Tests/check", "Sources/install", "GPL-2.0-or-later", "## Glossary",
                 *ALL_TOOLS]:
        assert word in readme, word
    assert len(re.findall(r"^```sh\nkos-", readme, re.M)) >= 6

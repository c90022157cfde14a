"""Manuals, completions and README in step with the tools."""
import json
import re
import subprocess

import pytest

from commands import ANSWERS
from kit import ALL_TOOLS, ROOT, TOOLS, tool

PAGES = sorted((ROOT / "man").glob("kos*.[157]"))
each_tool = pytest.mark.parametrize("name", TOOLS)


def helps(name):
    """What the tool prints of itself, and of each of its verbs."""

    def shown(*arguments):
        result = subprocess.run([tool(name), *arguments], capture_output=True, check=True)
        return result.stdout.decode()

    root = shown("--help")
    verbs = root.partition("\nVERBS:\n")[2].partition("\n\n")[0]
    return [root, *(shown("help", verb) for verb in re.findall(r"^  ([a-z-]+)", verbs, re.M))]


def options(name):
    """Every option's names with their dashes, by the long name."""
    found = {}
    for page in helps(name):
        for row in re.findall(r"^  (-.*?)(?:  .*)?$", page, re.M):
            names = re.findall(r"(?<![\w<-])--?\w[\w-]*", row)
            found.setdefault(max(names, key=len), set()).update(names)
    return found


@each_tool
def test_a_name_means_one_thing(name):
    for page in helps(name):
        names = re.findall(r"(?<![\w<-])--?\w[\w-]*",
                           "\n".join(re.findall(r"^  (-.*?)(?:  .*)?$", page, re.M)))
        assert len(names) == len(set(names)) >= 4
        assert all(len(line) <= 80 or " " not in line.strip() for line in
                   page.partition("\nOPTIONS:\n")[2].splitlines() if not line.startswith("  -"))


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


def flags_of(page):
    """Options that a page has in its lists: what .Fl marks in lines that begin with a macro."""
    found = set()
    for line in page.read_text().splitlines():
        inside = False
        for word in line.split() if re.match(r"\.(It|Op|Fl|Oo)\b", line) else []:
            word = word.lstrip(".") if word.startswith(".") else word
            if word == "Fl":
                inside = True
            elif re.fullmatch(r"[A-Z][a-z]", word):
                inside = False
            elif inside and re.search(r"\w", word):
                found.add("-" + word.replace("\\-", "-"))
    return found


@each_tool
def test_every_option_stands_in_its_manual_and_no_other(name):
    mine = {flag for names in options(name).values() for flag in names}
    mine |= {"-h", "--help", "-V", "--version"}
    page = flags_of(ROOT / "man" / f"{name}.1")
    # What is the same in all tools is said once, in kos(7).
    common = flags_of(ROOT / "man" / "kos.7")
    assert sorted(mine - page - common) == [], "not in the manual"
    assert sorted(page - mine) == [], "not in the tool"
    assert sorted(common - mine) == [], "in kos(7), but not in every tool"


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


WORDS = [
    ("kos-discover", "--gossip-pro", {"--gossip-profile"}),
    ("kos-discover", "--log-format ", {"text", "json"}),
    ("kos-relay", "stat", {"status"}),
    ("kos-relay", "status --log-format j", {"json"}),
    ("kos-lora", "airtime --prea", {"--preamble"}),
]


@pytest.mark.parametrize("name,line,words", WORDS)
def test_bash_completes(name, line, words):
    typed = [name, *line.split(" ")]
    script = (f"source {ROOT}/completions/bash/{name}; COMP_WORDS=({' '.join(map(repr, typed))});"
              f"COMP_CWORD={len(typed) - 1}; $(complete -p {name} | sed 's/.*-F //; s/ .*//');"
              'printf "%s\\n" "${COMPREPLY[@]}"')
    result = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert (set(result.stdout.decode().split()), result.stderr) == (words, b"")


@pytest.mark.parametrize("name,line,words", WORDS)
def test_fish_completes(name, line, words):
    result = subprocess.run(
        ["fish", "--no-config", "-c", f"source {ROOT}/completions/fish/{name}.fish;"
         f"complete -C '{name} {line}'"], capture_output=True, check=True)
    offered = {row.split("\t")[0] for row in result.stdout.decode().splitlines()}
    assert offered == words


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

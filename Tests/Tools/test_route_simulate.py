"""kos-route simulate: scenario records in; figures, a table, a page with the moving mesh, a capture out."""
import json
import re
import subprocess

import pytest

from kit import records, tool

WALK = {"type": "scenario", "kos": 1, "name": "walk <b>", "nodes": 20, "width": 700, "height": 300, "mobility": "waypoint",
        "durationMs": 20000, "collisions": True,
        "faults": [{"atMs": 9000, "fault": "crash", "node": "n7"}, {"atMs": 14000, "fault": "restart", "node": "n7"}]}
GRID = {"type": "scenario", "kos": 1, "nodes": 16, "placement": "grid", "width": 400, "height": 400, "range": 110,
        "durationMs": 60000,
        "flows": [{"source": "n0", "destination": "n15", "startMs": 30000, "stopMs": 50000}]}


def lines(*scenarios):
    return b"".join(json.dumps(each).encode() + b"\n" for each in scenarios)


def wholes(result):
    return {each["algorithm"]: each for each in records("kos-route", result.stdout) if each["type"] == "simulation"}


def test_protocols_are_compared_on_one_scenario(run):
    result = run("kos-route", "simulate", "--compare", stdin=lines(GRID))
    assert result.returncode == 0
    found = wholes(result)
    assert sorted(found) == ["aodv", "dsr", "flooding", "olsr"]
    for name, whole in found.items():
        # A connected grid without collisions: everything arrives, over the six hops that there are.
        assert whole["deliveryRatio"] == 1 and whole["sent"] == 80 and whole["meanHops"] == 6, name
        assert whole["delayMs"]["p50"] <= whole["delayMs"]["p95"] <= whole["delayMs"]["max"]
        assert whole["connectivity"] == 1
    assert found["aodv"]["discoveries"] == 1 and found["aodv"]["discoveryMs"]["p50"] > 0
    assert found["flooding"]["controlFrames"] == 0 < found["olsr"]["controlFrames"]
    assert found["flooding"]["dataFrames"] > found["aodv"]["dataFrames"] >= 480
    samples = [each for each in records("kos-route", result.stdout) if each["type"] == "simulationSample"]
    assert len([each for each in samples if each["algorithm"] == "olsr"]) == 60
    table = run("kos-route", "simulate", "--compare", "-f", "text", stdin=lines(GRID)).stdout.decode()
    assert len(table.splitlines()) == 5 and table.startswith("PROTOCOL")


def test_the_same_seed_is_the_same_run(run):
    first = run("kos-route", "simulate", "-a", "aodv,olsr", stdin=lines(WALK)).stdout
    assert run("kos-route", "simulate", "-a", "aodv,olsr", stdin=lines(WALK)).stdout == first
    other = run("kos-route", "simulate", "-a", "aodv,olsr", "--seed", "2", stdin=lines(WALK)).stdout
    assert other != first and b'"seed":2' in other


def test_frames_can_be_read_elsewhere(run, tmp_path):
    capture = tmp_path / "air.pcap"
    result = run("kos-route", "simulate", "-a", "olsr", "--duration", "10s", "--pcap", capture, stdin=lines(WALK))
    whole = wholes(result)["olsr"]
    assert whole["durationMs"] == 10000
    text = subprocess.run(["tshark", "-r", capture, "-Y", "olsr"], capture_output=True, text=True, check=True).stdout
    assert len(text.splitlines()) == whole["controlFrames"] > 50
    ours = run("kos-capture", "read", capture, timeout=60)
    assert ours.stdout.count(b'"protocol":"olsr"') == whole["controlFrames"]


def test_links_stand_for_the_radio(run):
    link = {"type": "link", "kos": 1, "transport": "udp", "latency": 1, "reliability": 1, "bidirectional": True}
    topology = [{**link, "source": "a", "destination": "b"}, {**link, "source": "b", "destination": "c"}]
    flow = {"type": "scenario", "kos": 1, "durationMs": 5000, "flows": [{"source": "a", "destination": "c"}]}
    found = wholes(run("kos-route", "simulate", "-a", "dsr", stdin=lines(*topology, flow)))["dsr"]
    assert found["nodes"] == 3 and found["deliveryRatio"] == 1 and found["meanHops"] == 2
    cut = {**flow, "faults": [{"atMs": 0, "fault": "cut", "node": "b", "other": "c"}]}
    assert run("kos-route", "simulate", "-a", "dsr", stdin=lines(*topology, cut)).returncode == 1


def test_streets_and_capture_change_the_air(run):
    def delivered(**changes):
        scenario = {**WALK, "nodes": 30, "width": 500, "height": 500, "traffic": 20, **changes}
        return wholes(run("kos-route", "simulate", "-a", "flooding", stdin=lines(scenario)))["flooding"]
    plain, captured = delivered(), delivered(captureRatio=10)
    # Frames that survive are passed on and collide in their turn: what tells is what arrives.
    assert captured["deliveryRatio"] > plain["deliveryRatio"]
    assert delivered(mobility="grid")["trace"] != plain["trace"]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "mesh.html"
    subprocess.run([tool("kos-route"), "simulate", "--compare", "-f", "html", "-o", path], input=lines(WALK), check=True)
    return path


def browser(*arguments):
    return subprocess.run(
        ["chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", *map(str, arguments)],
        capture_output=True, timeout=120, check=True).stdout.decode(errors="replace")


def test_the_page_needs_nothing_else(page):
    text = page.read_text()
    assert not re.search(r"(?:src|href)=|url\(|https?://(?!www\.w3\.org/2000/svg)", text)
    assert "walk &lt;b&gt;" in text and "walk <b>" not in text


def test_a_browser_draws_the_mesh_as_it_moves(page, tmp_path):
    # What the script made of it, at two times.
    start, later = browser("--dump-dom", f"file://{page}"), browser("--dump-dom", f"file://{page}#t=12")
    for dom in (start, later):
        assert dom.count("<circle") == 20 and dom.count("<line") > 20 and dom.count("<polyline") == 5
        assert dom.count("<tr>") == 5
    places = [re.findall(r'<circle r="6" cx="(\d+)" cy="(\d+)"', dom) for dom in (start, later)]
    assert len(set(zip(*places))) == 20 and sum(one != other for one, other in zip(*places)) > 15
    assert 'class="dead"' in later and 'class="dead"' not in start
    assert ">12.0 s<" in later.replace("\n", "")
    pictures = []
    for name, anchor in [("start", ""), ("later", "#t=12")]:
        path = tmp_path / f"{name}.png"
        browser(f"--screenshot={path}", "--window-size=900,900", f"file://{page}{anchor}")
        pictures.append(path.read_bytes())
    # Not a blank page, and not the same one.
    assert all(picture.startswith(b"\x89PNG") and len(picture) > 20_000 for picture in pictures)
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize("text, message", [
    (b'{"type":"scenario","kos":1}\n', b"nodes"),
    (b'{"type":"scenario","kos":1,"nodes":3,"flows":[{"source":"n0","destination":"x"}]}\n', b"x is no node"),
    (b'{"type":"scenario","kos":1,"nodes":-1}\n', b"nodes"),
    (b'{"type":"scenario","kos":1,"nodes":3,"loss":2}\n', b"loss"),
    (b'{"type":"scenario","kos":1,"nodes":3,"faults":[{"atMs":1,"fault":"cut","node":"n1"}]}\n', b"other"),
    (b'{"type":"scenario","kos":1,"nodes":99999999}\n', b"nodes"),
    (b"", b"no scenario"),
])
def test_bad_scenarios_say_why(run, text, message):
    result = run("kos-route", "simulate", stdin=text)
    assert result.returncode == 4 and message in result.stderr


def test_wrong_calls_say_why(run):
    assert b"did you mean aodv?" in run("kos-route", "simulate", "-a", "aodw", stdin=lines(GRID)).stderr
    assert run("kos-route", "simulate", "--compare", "--pcap", "x", stdin=lines(GRID)).returncode == 2

"""The page that a relay serves, in Debian's Chromium: it joins the mesh, sends and is sent to; a picture of it is kept."""
import asyncio
import json
import subprocess
import urllib.request

import pytest

from chromium import page
from kit import ROOT, tool
from mesh import Relay, verify
from webrtc import give_an_address, request

ARTIFACTS = ROOT / ".build" / "artifacts"


@pytest.fixture(scope="module", autouse=True)
def address():
    give_an_address()


@pytest.fixture
def relays(tmp_path):
    """alpha - bravo - charlie - echo, alpha - delta - charlie; alpha has the page."""
    made = {}

    def start(name, listen, *neighbours):
        links = [part for uri in neighbours for part in ("--connect", uri)]
        made[name] = Relay(tmp_path, name, *links, listen=listen)

    start("alpha", ["ws://0.0.0.0:0", "tcp://127.0.0.1:0"])
    start("bravo", ["ws://127.0.0.1:0"], made["alpha"].uri())
    start("delta", ["tcp://127.0.0.1:0"], made["alpha"].uri())
    start("charlie", ["udp://127.0.0.1:0"], made["bravo"].uri("ws"), made["delta"].uri())
    start("echo", ["tcp://127.0.0.1:0"], made["charlie"].uri("udp"))
    yield made
    for relay in made.values():
        assert relay.stop() == 0


def home_page(relay):
    return f"http://127.0.0.1:{relay.ports['ws']}/"


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
def test_a_browser_joins_the_mesh(relays, home, tmp_path, transport):
    alpha, charlie, echo = (relays[name] for name in ["alpha", "charlie", "echo"])

    async def visit():
        async with page(home_page(alpha), tmp_path / "browser") as tab:
            await tab.until("globalThis.kos?.mesh.state === 'connected'")
            if transport == "websocket":
                await tab.evaluate("kos.connect('websocket')")
                await tab.until("kos.mesh.state === 'connected' && kos.mesh.transport === 'websocket'")
            assert await tab.evaluate("kos.mesh.transport") == transport
            assert await tab.evaluate("kos.mesh.relay") == alpha.id
            own = await tab.evaluate("kos.mesh.self.id")
            up = await asyncio.to_thread(alpha.wait, lambda record: record["type"] == "link"
                                         and record["destination"] == own and record.get("event") == "up"
                                         and record["transport"] == ("webrtc" if transport == "webrtc" else "ws"))
            assert up
            # It knows the mesh, and the way to its far end.
            hops = f"kos.routes(kos.edges()).get('{echo.id}')?.hops"
            await tab.until(f"{hops} === 4", 30)
            # It sends: three relays on the way, and the receipt comes back.
            sent = await tab.evaluate(f"kos.say('{echo.id}', 'hello from the browser')")
            found = await asyncio.to_thread(
                echo.wait, lambda record: record["type"] == "packet" and record["id"] == sent)
            assert found["payload"] == "hello from the browser" and found["source"] == own
            verify(found)
            await tab.until("[...document.querySelectorAll('#log small')].some(each => /^receipt/.test(each.textContent))")
            # It is sent to, by a node at the other end, and answers with a receipt.
            run = await asyncio.to_thread(
                subprocess.run, [tool("kos-send"), "--connect", relays["delta"].uri(), "-T", own, "hello to the browser",
                                 "-t", "15s"], env=home, capture_output=True)
            assert run.returncode == 0, run.stderr
            assert json.loads(run.stdout.splitlines()[0])["status"] == "delivered"
            await tab.until("kos.mesh.received[0]?.payload === 'hello to the browser'")
            await tab.until("document.querySelectorAll('#graph .node').length >= 6"
                            " && document.querySelectorAll('.figure').length === 6")
            await tab.evaluate(f"kos.say('{charlie.id}', 'the mesh on one screen')")
            await asyncio.sleep(1.5)
            await tab.screenshot(ARTIFACTS / f"page-{transport}.png")
            assert tab.complaints == []
    asyncio.run(visit())


def test_the_page_loads_nothing_else(relays):
    wanted = urllib.request.Request(home_page(relays["alpha"]), headers={"Accept": "text/html"})
    with urllib.request.urlopen(wanted) as answer:
        text = answer.read().decode()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "src=" not in text and "href=" not in text and "@import" not in text
    # Programs get what they got before.
    assert request("GET", home_page(relays["alpha"]))[0] == 404

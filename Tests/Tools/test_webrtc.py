"""WebRTC data channels: aiortc as the one that offers and as the one that answers, and ours with ours."""
import asyncio
import json
import os
import pathlib
import re
import subprocess
import time

import pytest

from kit import ROOT, tool
from mesh import PythonNode, Relay
from webrtc import Answerer, give_an_address, is_receipt, offering, request, serve_as_node

LONG = bool(os.environ.get("LONG"))


@pytest.fixture(scope="module", autouse=True)
def address():
    give_an_address()


@pytest.fixture
def relay(tmp_path):
    relay = Relay(tmp_path, "relay", "--events", "all", "-v", listen=["ws://0.0.0.0:0"])
    yield relay
    assert relay.stop() == 0


def url(relay, path="/"):
    return f"http://127.0.0.1:{relay.ports['ws']}{path}"


def errors(relay):
    return (relay.folder / f"{relay.name}.err").read_text()


def complains(relay, words, patience=10):
    end = time.monotonic() + patience
    while words not in errors(relay):
        assert time.monotonic() < end, errors(relay)
        time.sleep(0.05)


# aiortc offers.

def test_aiortc_brings_a_packet_and_gets_its_receipt(relay):
    node = PythonNode()

    async def talk():
        async with offering(url(relay)) as (connection, channel):
            async with asyncio.timeout(10):
                await channel.opened.wait()
            assert await channel.login(node) == relay.id
            sent = node.packet(relay.id, "é" * 2000)
            channel.send(sent)
            await channel.packet(lambda each: is_receipt(each, sent))
            return sent

    sent = asyncio.run(talk())
    found = relay.wait(lambda record: record["type"] == "packet" and record["id"] == sent["id"])
    assert found["payload"] == "é" * 2000
    up = relay.wait(lambda record: record["type"] == "link" and record.get("event") == "up")
    assert up["transport"] == "webrtc" and up["destination"] == node.id
    relay.wait(lambda record: record["type"] == "link" and record.get("event") == "down")


def test_the_answer_is_that_of_a_lite_agent(relay):
    async def talk():
        async with offering(url(relay, "/any/path")) as (connection, channel):
            async with asyncio.timeout(10):
                await channel.opened.wait()
            return connection.answer, connection.location
    answer, location = asyncio.run(talk())
    lines = answer.split("\r\n")
    assert "a=ice-lite" in lines and "a=setup:passive" in lines and "a=sctp-port:5000" in lines
    assert re.fullmatch(r"/sessions/[0-9a-z]+", location)
    ports = {line.split()[5] for line in lines if line.startswith("a=candidate")}
    assert len(ports) == 1


def test_delete_ends_the_session_and_patch_brings_candidates(relay):
    async def talk():
        async with offering(url(relay)) as (connection, channel):
            async with asyncio.timeout(10):
                await channel.opened.wait()
            place = url(relay, connection.location)
            fragment = re.search(r"a=ice-ufrag:(\S+)", connection.localDescription.sdp)[1]
            trickle = f"a=ice-ufrag:{fragment}\r\na=candidate:1 1 udp 1 192.0.2.9 9 typ host\r\n".encode()
            kind = "application/trickle-ice-sdpfrag"
            assert (await asyncio.to_thread(request, "PATCH", place, trickle, kind))[0] == 204
            other = trickle.replace(fragment.encode(), b"else")
            assert (await asyncio.to_thread(request, "PATCH", place, other, kind))[0] == 404
            assert (await asyncio.to_thread(request, "PATCH", place, trickle))[0] == 415
            assert (await asyncio.to_thread(request, "DELETE", place))[0] == 200
            async with asyncio.timeout(10):
                await channel.closed.wait()
            for _ in range(100):
                if (await asyncio.to_thread(request, "DELETE", place))[0] == 404:
                    return
                await asyncio.sleep(0.05)
            raise AssertionError("the session is still there")
    asyncio.run(talk())


@pytest.mark.parametrize("body, reason", [
    (b"hello", "no session description"),
    (b"v=0\r\nm=audio 9 RTP/AVP 0\r\n", "no data channel"),
    (b"v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", "ice-ufrag"),
    (b"v=0\r\n" + b"a=x\r\n" * 20_000, "longer"),
])
def test_a_bad_offer_is_refused_with_its_reason(relay, body, reason):
    status, _, answer = request("POST", url(relay), body)
    assert status == 400 and reason in json.loads(answer)["error"]


def test_the_wrong_certificate_is_no_neighbour(relay):
    async def talk():
        async with offering(url(relay), wrong_fingerprint) as (connection, channel):
            await asyncio.to_thread(complains, relay, "the certificate has not the fingerprint")
            assert not channel.opened.is_set()
    asyncio.run(talk())


def test_the_wrong_ufrag_is_not_answered(relay):
    def change(sdp):
        return re.sub(r"a=ice-ufrag:\S+", "a=ice-ufrag:wrong", sdp)

    async def talk():
        async with offering(url(relay), change_answer=change) as (connection, channel):
            await asyncio.to_thread(complains, relay, "wrong ufrag")
            assert not channel.opened.is_set()
    asyncio.run(talk())


def test_messages_of_every_size_come_back(home):
    sizes = [1, 2, 100, 1100, 1200, 5000, 16384, 65535]
    server = subprocess.Popen([tool("kos-send"), "--listen", "webrtc+http://0.0.0.0:0/", "--echo", "-t", "60s"],
                              stdout=subprocess.PIPE, env=home)
    port = json.loads(server.stdout.readline())["addresses"][0]["port"]

    async def talk():
        async with offering(f"http://127.0.0.1:{port}/", channel={"label": "any"}) as (_, channel):
            async with asyncio.timeout(20):
                await channel.opened.wait()
                sent = ["x" * size for size in sizes] + [bytes([7]) * size for size in sizes]
                for message in sent:
                    channel.send(message)
                assert [await channel.inbox.get() for _ in sent] == sent
    try:
        asyncio.run(talk())
    finally:
        server.kill()
        server.communicate()


# aiortc answers.

def test_kos_send_reaches_a_node_behind_aiortc(home):
    async def talk():
        async with Answerer(serve_as_node) as answerer:
            command = [tool("kos-send"), "-T", f"webrtc+http://127.0.0.1:{answerer.port}/", "hello", "-t", "15s"]
            run = await asyncio.to_thread(subprocess.run, command, env=home, capture_output=True)
            return run, answerer
    run, answerer = asyncio.run(talk())
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout.splitlines()[0])
    assert result["status"] == "delivered"
    assert "a=setup:actpass" in answerer.offers[0] and "a=ice-lite" not in answerer.offers[0]


def wrong_fingerprint(sdp):
    return re.sub(r"(a=fingerprint:sha-256 )(..)", lambda m: m[1] + ("00" if m[2] != "00" else "11"), sdp)


def test_kos_send_takes_no_other_certificate_than_the_one_described(home):
    async def talk():
        async with Answerer(serve_as_node, wrong_fingerprint) as answerer:
            command = [tool("kos-send"), "-T", f"webrtc+http://127.0.0.1:{answerer.port}/", "hello", "-t", "10s"]
            return await asyncio.to_thread(subprocess.run, command, env=home, capture_output=True)
    run = asyncio.run(talk())
    assert run.returncode == 3
    assert b"fingerprint" in run.stderr


def test_a_relay_withdraws_what_came_to_nothing(tmp_path):
    async def talk():
        async with Answerer(serve_as_node, wrong_fingerprint) as answerer:
            relay = Relay(tmp_path, "relay", "--connect", f"webrtc+http://127.0.0.1:{answerer.port}/", "-v")
            try:
                async with asyncio.timeout(20):
                    while not answerer.deleted:
                        await asyncio.sleep(0.05)
            finally:
                assert await asyncio.to_thread(relay.stop) == 0
            return answerer.deleted
    assert asyncio.run(talk())[0] == "/sessions/1"


# Ours with ours.

def test_kos_send_reaches_a_relay(relay, home):
    for _ in range(3):
        run = subprocess.run(
            [tool("kos-send"), "-T", f"webrtc+http://127.0.0.1:{relay.ports['ws']}/", "hello", "-t", "15s"],
            env=home, capture_output=True)
        assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout.splitlines()[0])
    assert result["status"] == "delivered"
    # A sender says that it goes; the relay need not find out by silence, which takes ten seconds.
    for _ in range(3):
        down = relay.wait(lambda record: record["type"] == "link" and record["event"] == "down", patience=5)
        relay.records.remove(down)


def test_the_pinned_node_has_to_be_there(relay, home):
    other = PythonNode().id
    run = subprocess.run(
        [tool("kos-send"), "-T", f"webrtc+http://127.0.0.1:{relay.ports['ws']}/?peer={other}", "x", "-t", "8s"],
        env=home, capture_output=True)
    assert run.returncode in (1, 3), (run.returncode, run.stderr)
    right = subprocess.run(
        [tool("kos-send"), "-T", f"webrtc+http://127.0.0.1:{relay.ports['ws']}/?peer={relay.id}", "x", "-t", "8s"],
        env=home, capture_output=True)
    assert right.returncode == 0, right.stderr


def test_a_thousand_packets_from_a_pipe_arrive_in_order(relay, home):
    text = "".join(f"line {number}\n" for number in range(1000))
    run = subprocess.run(
        [tool("kos-send"), "-T", f"webrtc+http://127.0.0.1:{relay.ports['ws']}/", "--lines", "-t", "30s"],
        input=text.encode(), env=home, capture_output=True)
    assert run.returncode == 0, run.stderr[-2000:]
    relay.wait(lambda record: record["type"] == "packet" and record["payload"] == "line 999")
    got = [record["payload"] for record in relay.records if record["type"] == "packet"]
    assert got == [f"line {number}" for number in range(1000)]


def test_connects_and_closes_leave_nothing_behind(relay, home):
    """Descriptors and memory of a relay after many sessions, each brought up and ended."""
    process = pathlib.Path(f"/proc/{relay.process.pid}")

    def state():
        memory = int(re.search(r"VmRSS:\s+(\d+)", (process / "status").read_text())[1])
        return len(list((process / "fd").iterdir())), memory

    def connect(times):
        for _ in range(times):
            run = subprocess.run(
                [tool("kos-send"), "-T", f"webrtc+http://127.0.0.1:{relay.ports['ws']}/", "x", "-t", "15s", "-q"],
                env=home, capture_output=True)
            assert run.returncode == 0, run.stderr

    connect(100 if LONG else 10)
    time.sleep(2.5)
    descriptors, memory = state()
    connect(1000 if LONG else 20)
    time.sleep(2.5)
    after = state()
    assert after[0] <= descriptors
    assert after[1] - memory < 1024, f"{after[1] - memory} KiB more"


def test_two_relays_describe_their_channel_in_packets(tmp_path):
    """alpha - middle - bravo over TCP; then alpha and bravo find each other directly."""
    middle = Relay(tmp_path, "middle")
    bravo = Relay(tmp_path, "bravo", "--connect", middle.uri(), "-v")
    alpha = Relay(tmp_path, "alpha", "--connect", middle.uri(), f"webrtc:{bravo.id}", "-v")
    try:
        for one, other in [(alpha, bravo), (bravo, alpha)]:
            up = one.wait(lambda record: record["type"] == "link" and record["destination"] == other.id
                          and record.get("event") == "up", 30)
            assert up["transport"] == "webrtc"
        middle.stop()
        run = subprocess.run(
            [tool("kos-send"), "--connect", alpha.uri(), "-T", bravo.id, "hello", "-t", "15s"],
            env={"HOME": str(tmp_path), "PATH": "/usr/bin"}, capture_output=True)
        assert run.returncode == 0, run.stderr
        bravo.wait(lambda record: record["type"] == "packet" and record["payload"] == "hello")
    finally:
        for each in [alpha, bravo]:
            assert each.stop() == 0
        if middle.process.poll() is None:
            middle.stop()


# Without the trait: a build of its own, so only in the long run.

if LONG:
    def test_a_program_without_it_says_so(home):
        place = ROOT / ".build" / "plain"
        subprocess.run(["swift", "build", "--product", "kos-send", "--scratch-path", place], cwd=ROOT, check=True)
        for arguments in [["-T", "webrtc+http://127.0.0.1:1/", "x"], ["--listen", "webrtc+http://127.0.0.1:0/"]]:
            run = subprocess.run([place / "debug" / "kos-send", *arguments], env=home, capture_output=True)
            assert run.returncode == 3
            assert b"webrtc is not built in" in run.stderr and b"--traits WebRTC" in run.stderr

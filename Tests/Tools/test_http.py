"""HTTP with plain curl: packets in, receipts out, streams both ways, a link by long poll, honest status codes."""
import json
import select
import subprocess
import time

import pytest

from kit import records
from mesh import PythonNode, Relay


@pytest.fixture(scope="module")
def relay(tmp_path_factory):
    relay = Relay(tmp_path_factory.mktemp("http"), "relay", listen=["ws://127.0.0.1:0", "tcp://127.0.0.1:0"])
    relay.url = relay.uri("ws").replace("ws://", "http://")
    yield relay
    assert relay.stop() == 0


def curl(*arguments, stdin=None):
    """The answer's status and body."""
    result = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", *arguments], input=stdin, capture_output=True,
                            timeout=30)
    assert result.returncode == 0, result.stderr
    body, status = result.stdout.rsplit(b"\n", 1)
    return int(status), body


def line(packet):
    return json.dumps(packet).encode() + b"\n"


def test_one_packet_and_its_receipt(relay):
    node = PythonNode()
    packet = node.packet(relay.id, {"by": "curl"})
    status, body = curl("-H", "Content-Type: application/json", "-d", json.dumps(packet, indent=2), relay.url)
    [answer] = records("kos-send", body)
    assert status == 200 and answer["status"] == "delivered" and answer["packetId"] == packet["id"]
    assert answer["rttMs"] > 0
    found = relay.wait(lambda record: record["type"] == "packet" and record["id"] == packet["id"])
    assert found["payload"] == {"by": "curl"}


def test_one_packet_that_wants_no_receipt_is_accepted(relay):
    packet = PythonNode().packet(relay.id, "x", flags=())
    status, body = curl("-H", "Content-Type: application/json", "-d", json.dumps(packet), relay.url)
    assert status == 202 and records("kos-send", body)[0]["status"] == "sent"


def test_one_packet_to_nobody_is_told(relay):
    packet = PythonNode().packet(PythonNode().id, "x")
    status, body = curl("-H", "Content-Type: application/json", "-d", json.dumps(packet), relay.url)
    [answer] = records("kos-send", body)
    assert status == 502 and answer["errorCode"] == "destinationUnreachable"


def test_a_forged_packet_is_refused_with_the_reason(relay):
    packet = PythonNode().packet(relay.id, "x")
    packet["payload"] = "forged"
    status, body = curl("-H", "Content-Type: application/json", "-d", json.dumps(packet), relay.url)
    assert status == 502 and records("kos-send", body)[0]["errorCode"] == "badSignature"


def test_a_receipt_that_does_not_come_is_a_gateway_timeout(relay):
    """The destination has been seen on a link of its own, which nobody reads from."""
    node = PythonNode()
    head = subprocess.run(
        ["curl", "-sS", "-D", "-", "--data-binary", "@-", relay.url + "links"],
        input=line(node.packet(relay.id, "x", flags=())), capture_output=True).stdout
    assert b" 201 " in head.splitlines()[0]
    packet = PythonNode().packet(node.id, "x")
    status, body = curl("-H", "Content-Type: application/json", "-d", json.dumps(packet), relay.url + "?wait=0.3")
    assert status == 504 and records("kos-send", body)[0]["errorCode"] == "ackTimeout"


def test_many_packets_have_a_result_each(relay):
    node = PythonNode()
    packets = [node.packet(relay.id, number) for number in range(500)]
    body = b"".join(map(line, packets)) + b"no packet\n"
    status, answer = curl("-H", "Content-Type: application/x-ndjson", "--data-binary", "@-", relay.url, stdin=body)
    results = records("kos-send", answer)
    assert status == 200 and len(results) == 501
    assert {each["packetId"] for each in results if each["success"]} == {
        packet["id"] for packet in packets}
    assert [each["errorCode"] for each in results if not each["success"]] == ["badRecord"]


def test_streams_flow_both_ways(relay):
    """The result of the first packet is there before the second one is sent."""
    node = PythonNode()
    process = subprocess.Popen(
        ["curl", "-sS", "-N", "-T", ".", "-X", "POST", "-H", "Content-Type: application/x-ndjson", "-H", "Expect:",
         relay.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for number in range(3):
        packet = node.packet(relay.id, number)
        process.stdin.write(line(packet))
        process.stdin.flush()
        assert select.select([process.stdout], [], [], 10)[0], number
        answer = json.loads(process.stdout.readline())
        assert answer["packetId"] == packet["id"] and answer["status"] == "delivered"
    process.stdin.close()
    assert process.wait(10) == 0


@pytest.mark.parametrize("arguments, wanted", [
    (["-d", "no packet"], 400),
    (["-d", ""], 400),
    (["-X", "PUT", "-d", "x"], 405),
    (["-X", "OPTIONS"], 204),
    (["-H", "Content-Type: text/html", "-d", "<p>"], 415),
    (["-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 8", "-H",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="], 426),
    ([], 404),
], ids=["no packet", "empty", "put", "options", "html", "old WebSocket", "get"])
def test_what_cannot_be_done_has_its_status(relay, arguments, wanted):
    assert curl(*arguments, relay.url)[0] == wanted


def test_too_large_is_told(relay):
    for kind in ["application/json", "application/x-ndjson"]:
        status, _ = curl("-H", f"Content-Type: {kind}", "--data-binary", "@-", relay.url, stdin=b"x" * (1 << 21))
        assert status == 413, kind


def test_health_and_metrics_are_on_the_same_port(relay):
    assert curl(relay.url + "healthz") == (200, b'{"status":"ok"}\n')
    assert curl("-I", relay.url + "healthz")[0] == 200
    assert b"kos_" in curl(relay.url + "metrics")[1]


def test_a_link_waits_for_packets(relay, run):
    """A node that can only ask: its link is opened, polled, and closed again."""
    node = PythonNode()
    head = subprocess.run(["curl", "-sS", "-D", "-", "-d", "", relay.url + "links"], capture_output=True).stdout
    assert b" 201 " in head.splitlines()[0]
    path = next(line.split()[1] for line in head.splitlines() if line.lower().startswith(b"location")).decode()
    link = relay.url.rstrip("/") + path
    # Any packet of the node tells the relay that the node is there.
    assert curl("--data-binary", "@-", link, stdin=line(node.packet(relay.id, "here I am", flags=())))[0] == 202
    waiting = subprocess.Popen(
        ["bash", "-c", f"for i in 1 2 3 4 5 6; do curl -sS '{link}?wait=3'; done"], stdout=subprocess.PIPE)
    time.sleep(0.3)
    sent = run("kos-send", "--no-ack", "--connect", relay.uri("tcp"), "-T", node.id, "for the poll")
    assert sent.returncode == 0, sent.stderr
    found = b""
    end = time.monotonic() + 15
    while b"for the poll" not in found and time.monotonic() < end:
        if select.select([waiting.stdout], [], [], 0.5)[0]:
            found += waiting.stdout.read1(65536)
    waiting.kill()
    waiting.wait()
    assert b"for the poll" in found
    assert curl("-X", "DELETE", link)[0] == 204
    assert curl(link)[0] == 404


def test_kos_send_goes_over_http(relay, run):
    result = run("kos-send", "-T", relay.url, "over http")
    [answer] = records("kos-send", result.stdout)
    assert result.returncode == 0 and answer["status"] == "delivered"
    result = run("kos-send", "--probe", "-c", "3", "--interval", "20ms", "-T", relay.url)
    assert result.returncode == 0
    result = run("kos-send", "-T", relay.url.rstrip("/") + "/elsewhere/", "hi", "-t", "3s")
    assert result.returncode == 3 and b"HTTP 400" in result.stderr

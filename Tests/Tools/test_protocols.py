"""AODV, OLSR and DSR as tshark reads them: every message that the engines emit, field by field."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRACES = pathlib.Path(__file__).with_name("ProtocolTraces.swift")


def compiled(folder):
    """The program that writes the traces; PROTOCOL_TRACES names one that is built already."""
    if "PROTOCOL_TRACES" in os.environ:
        return os.environ["PROTOCOL_TRACES"]
    program = folder / "traces"
    subprocess.run([ROOT / "Tests" / "compile", TRACES, program], check=True)
    return program


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    subprocess.run([compiled(folder), folder], check=True)
    return folder


def tshark(path, *arguments):
    result = subprocess.run(
        ["tshark", "-r", path, *arguments], capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def fields(path, display, *names, separator=" "):
    wanted = [word for name in names for word in ("-e", name)]
    return tshark(path, "-Y", display, "-T", "fields", "-E", f"separator={separator}", "-E", "occurrence=a", *wanted)


def lines(path):
    return path.read_text().splitlines()


@pytest.mark.parametrize("protocol", ["aodv", "olsr", "dsr"])
def test_nothing_is_malformed(traces, protocol):
    path = traces / f"{protocol}.pcap"
    assert len(tshark(path, "-Y", protocol)) > 500
    assert tshark(path, "-Y", "_ws.malformed") == []
    assert tshark(path, "-Y", "_ws.expert.severity >= 0x600000") == []
    assert "unreadable" not in (traces / f"{protocol}.txt").read_text()


@pytest.mark.parametrize("again", range(2))
def test_same_seed_same_octets(traces, tmp_path, again):
    subprocess.run([compiled(tmp_path), tmp_path], check=True)
    for name in ["aodv.pcap", "olsr.pcap", "dsr.pcap"]:
        assert (tmp_path / name).read_bytes() == (traces / name).read_bytes()


def test_aodv_requests_and_replies(traces):
    path = traces / "aodv.pcap"
    ours = lines(traces / "aodv.txt")
    requests = fields(
        path, "aodv.type == 1", "aodv.type", "aodv.hopcount", "aodv.rreq_id", "aodv.dest_ip", "aodv.dest_seqno",
        "aodv.orig_ip", "aodv.orig_seqno")
    assert requests == [line for line in ours if line.startswith("1 ")]
    replies = fields(
        path, "aodv.type == 2", "aodv.type", "aodv.hopcount", "aodv.dest_ip", "aodv.dest_seqno", "aodv.orig_ip",
        "aodv.lifetime")
    assert replies == [line for line in ours if line.startswith("2 ")]
    assert len(requests) > 100 and len(replies) > 100


def test_aodv_errors_and_acknowledgements(traces):
    path = traces / "aodv.pcap"
    ours = lines(traces / "aodv.txt")
    errors = fields(path, "aodv.type == 3", "aodv.unreach_dest_ip", "aodv.dest_seqno", "aodv.destcount")
    expected = []
    for line in ours:
        if line.startswith("3 "):
            items = [item.split("/") for item in line[2:].split(",")]
            expected.append(f"{','.join(i[0] for i in items)} {','.join(i[1] for i in items)} {len(items)}")
    assert errors == expected and errors
    assert len(fields(path, "aodv.type == 4", "aodv.type")) == ours.count("4") > 0


def test_olsr_headers(traces):
    ours = lines(traces / "olsr.txt")
    theirs = fields(
        traces / "olsr.pcap", "olsr", "olsr.packet_seq_num", "olsr.message_type", "olsr.origin_addr",
        "olsr.message_seq_num", "olsr.hop_count")
    assert theirs == ours
    types = {int(number) for line in ours for number in line.split()[1].split(",")}
    assert {1, 2, 4} <= types


def test_dsr_options(traces):
    ours = lines(traces / "dsr.txt")
    # Padding is an option to tshark (0 and 224) and none to us.
    theirs = []
    for line in fields(traces / "dsr.pcap", "dsr", "dsr.nexthdr", "dsr.option.type"):
        header, _, types = line.partition(" ")
        kept = [number for number in types.split(",") if number and int(number, 0) not in (0, 224)]
        theirs.append(f"{int(header, 0)} {','.join(kept)}")
    assert theirs == ours
    types = {number for line in ours for word in line.split()[1:] for number in word.split(",")}
    assert {"1", "2", "3", "32", "96", "160"} <= types

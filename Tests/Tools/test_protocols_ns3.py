"""Another implementation's messages: ns-3's OLSR and AODV, captured here, read by us and by tshark field for field;
and our OLSR, told what each node of ns-3's received, has ns-3's routing tables at the end."""
import glob
import pathlib
import re
import subprocess

import pytest

from capture_oracle import compare
from kit import tool

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
SECONDS = 60


@pytest.fixture(scope="module")
def replay(tmp_path_factory):
    program = tmp_path_factory.mktemp("replay") / "replay"
    subprocess.run([ROOT / "Tests" / "compile", HERE / "ProtocolReplay.swift", program], check=True)

    def call(*arguments, stdin):
        return subprocess.run([program, *arguments], input=stdin, capture_output=True, text=True, check=True
                              ).stdout.splitlines()

    return call


@pytest.fixture(scope="module")
def ns3(tmp_path_factory):
    """{protocol: (folder of captures, tables)}"""
    folder = tmp_path_factory.mktemp("ns3")
    modules = ["core", "network", "internet", "mobility", "wifi", "aodv", "olsr", "propagation", "spectrum", "antenna",
               "stats", "traffic-control", "bridge", "energy", "mpi"]
    have = [f"-lns3-{name}" for name in modules if glob.glob(f"/usr/lib/*/libns3-{name}.so")]
    subprocess.run(["g++", "-std=c++17", "-O0", "-w", HERE / "ns3_manet.cc", "-o", folder / "manet", *have], check=True)
    found = {}
    for protocol in ["olsr", "aodv"]:
        text = subprocess.run([folder / "manet", f"--protocol={protocol}", f"--seconds={SECONDS}",
                               f"--prefix={folder / protocol}"], check=True, capture_output=True, text=True).stdout
        found[protocol] = text.splitlines()
    return folder, found


def columns(capture, protocol, *names):
    wanted = [word for name in names for word in ("-e", name)]
    lines = subprocess.run(
        ["tshark", "-r", capture, "-Y", f"{protocol} && !icmp", "-T", "fields", "-E", "separator=/t", "-E",
         "occurrence=a", *wanted], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split("\t") for line in lines]


def same(ours, theirs):
    """Lists of numbers may be written differently (6 and 6.000, 0x06 and 6)."""
    def value(word):
        try:
            return float(int(word, 0)) if word.startswith("0x") else float(word)
        except ValueError:
            return word
    return [value(word) for word in ours.split(",") if word] == [value(word) for word in theirs.split(",") if word]


@pytest.mark.parametrize("protocol, fields", [
    ("olsr", ["olsr.packet_len", "olsr.packet_seq_num", "olsr.message_type", "olsr.vtime", "olsr.origin_addr",
              "olsr.ttl", "olsr.hop_count", "olsr.message_seq_num", "olsr.htime", "olsr.willingness",
              "olsr.link_type", "olsr.neighbor_addr", "olsr.ansn"]),
    ("aodv", ["aodv.type", "aodv.hopcount", "aodv.rreq_id", "aodv.dest_ip", "aodv.dest_seqno", "aodv.orig_ip",
              "aodv.orig_seqno", "aodv.lifetime", "aodv.destcount", "aodv.unreach_dest_ip"]),
])
def test_every_field_as_tshark_reads_it(ns3, replay, protocol, fields):
    folder, _ = ns3
    count = 0
    for node in range(10):
        capture = folder / f"{protocol}-{node}-0.pcap"
        theirs = columns(capture, protocol, "udp.payload", *fields)
        ours = replay(protocol, stdin="".join(line[0] + "\n" for line in theirs))
        assert len(ours) == len(theirs)
        for mine, (octets, *other) in zip(ours, theirs):
            *mine, verdict = mine.split("\t")
            assert verdict == "same", octets
            assert len(mine) == len(other) == len(fields)
            for name, left, right in zip(fields, mine, other):
                assert same(left, right), (name, left, right, octets)
            count += 1
    assert count > 300


def test_olsr_ends_with_the_tables_of_ns3(ns3, replay):
    folder, tables = ns3
    theirs = {}
    for line in tables["olsr"]:
        node, destination, hop, metric = line.split()
        theirs.setdefault(int(node), set()).add((destination, hop, metric))
    assert len(theirs) == 10 and all(len(table) == 9 for table in theirs.values())
    for node in range(10):
        own = f"10.0.0.{node + 1}"
        heard = [line for line in columns(folder / f"olsr-{node}-0.pcap", "olsr", "frame.time_epoch", "ip.src", "udp.payload")
                 if line[1] != own]
        assert len(heard) > 20 and all(re.fullmatch(r"[\d.]+", line[0]) for line in heard)
        ours = replay("replay", own, str(SECONDS), stdin="".join("\t".join(line) + "\n" for line in heard))
        assert {tuple(line.split()) for line in ours} == theirs[node], own


@pytest.mark.parametrize("protocol", ["olsr", "aodv"])
def test_captures_packet_by_packet(ns3, protocol):
    """kos-capture beside tshark on every node's capture of the air: time, length, addresses, ports, protocol."""
    folder, _ = ns3
    seen = 0
    for path in sorted(folder.glob(f"{protocol}-*.pcap")):
        both = compare(tool("kos-capture"), path)
        assert len(both.ours) == len(both.theirs) and not both.wrong, (path, both.wrong[:3])
        named = [(record["protocol"] == protocol, protocol in told.protocols)
                 for record, told in zip(both.ours, both.theirs)]
        assert all(ours == theirs for ours, theirs in named)
        seen += sum(ours for ours, _ in named)
    assert seen > 1000

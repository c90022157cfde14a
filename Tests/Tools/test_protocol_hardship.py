"""AODV, DSR and OLSR under hardship: random mobile networks without a circle, a flood of made-up messages that fills
no more than the tables hold."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).parent
LONG = "LONG" in os.environ


@pytest.fixture(scope="module")
def hardship(tmp_path_factory):
    program = tmp_path_factory.mktemp("hardship") / "hardship"
    subprocess.run([ROOT / "Tests" / "compile", HERE / "ProtocolHardship.swift", program], check=True)

    def call(*arguments):
        text = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True).stdout
        return json.loads(text)

    return call


def test_nothing_circles(hardship):
    count = 1000 if LONG else 60
    found = hardship("loops", 1, count)
    assert found["scenarios"] == count and found["checks"] > 100 * count
    assert found["aodv"] == 0 and found["dsr"] == 0
    # Tables that follow a map may circle while the maps differ; that passes.
    assert found["olsrLasting"] == 0, found


def test_tables_are_bounded(hardship):
    found = hardship("noise", 1_000_000)
    assert 0 < found["aodvRoutes"] <= 8192
    assert 0 < found["dsrLinks"] <= 16_384 and 0 < found["dsrInitiators"] <= 64
    assert 0 < found["olsrTuples"] <= 262_144
    assert 0 < found["olsrDuplicates"] <= 65_536
    # 100 s of virtual time: requests of others are passed on at 500 a second at most.
    assert found["aodvSent"] < 110_000
    assert found["peakMB"] < 512

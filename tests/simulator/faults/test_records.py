"""The wire log and the counts of messages tell exactly what a client sent and was sent."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from simulator.clock import Clock
from simulator.faults.rules import Rule
from simulator.wire_log import WireLog
from tests.simulator.rig import NOON, World, decode_officially, order, stock

Counts = dict[tuple[int, str, str], int]


def counted(directory: Path) -> Counts:
    """What the ledger says: how many messages by client, direction and name."""
    with sqlite3.connect(directory / "simulator.db") as ledger:
        rows = ledger.execute("select client_id, direction, name, count from traffic").fetchall()
    return {(client, direction, name): count for client, direction, name, count in rows}


def test_every_message_is_counted_as_it_left_and_came_ticks_as_well_and_over_runs(tmp_path: Path) -> None:
    expected: Counter[tuple[int, str, str]] = Counter()
    for rules in [], [Rule("drop", "tickString"), Rule("duplicate", "nextValidId")]:
        world = World(tmp_path)
        client = world.client()
        for rule in rules:
            world.gateway.rules.add(rule, world.now)
        client.reqMktData(1, stock(), "", False, False, [])
        client.reqIds(1)
        ids: list[str] = []
        for _ in range(40):
            world.step()
            ids += [fields[0] for fields in client.take()]
        world.close()
        assert ("46" in ids) is (rules == [])
        assert ids.count("9") == (2 if rules else 1)
        expected.update({(1, "out", "tickPrice"): ids.count("1"), (1, "out", "tickSize"): ids.count("2")})
        expected.update({(1, "out", "tickString"): ids.count("46"), (1, "out", "nextValidId"): 1 + ids.count("9")})
        expected.update({(1, "in", "reqMktData"): 1, (1, "in", "startApi"): 1})
    found = counted(tmp_path)
    assert {key: found[key] for key in expected} == dict(expected)
    with sqlite3.connect(tmp_path / "simulator.db") as ledger:
        (first, last) = ledger.execute("select first, last from traffic where name = 'tickPrice'").fetchone()
    assert NOON <= first < last <= NOON + 40


def test_counts_reach_the_ledger_within_a_second(tmp_path: Path) -> None:
    world = World(tmp_path)
    client = world.client()
    world.step()
    client.reqCurrentTime()
    world.step(1.0)
    assert counted(tmp_path)[1, "in", "reqCurrentTime"] == 1
    world.close()


def test_requests_of_unknown_kinds_count_as_one_kind(tmp_path: Path) -> None:
    world = World(tmp_path)
    client = world.client()
    for message_id in (-1, 0, 60, 106, 2_000_000_000):
        client.raw(message_id, 1, 1)
    world.close()
    with sqlite3.connect(tmp_path / "simulator.db") as ledger:
        found = ledger.execute("select message_id, name, count from traffic where direction = 'in'").fetchall()
    assert sorted(found) == [(0, "", 5), (71, "startApi", 1)]


def test_the_wire_log_has_every_message_in_order_in_the_form_of_recorded_frames(tmp_path: Path) -> None:
    log = tmp_path / "wire.jsonl"
    world = World(wire_log=log)
    client = world.client(7)
    client.placeOrder(1, stock("AAPL"), order("BUY", 10, "LMT", lmtPrice=1.0, orderRef="cheese"))
    client.reqMktData(1, stock(), "", False, False, [])
    world.step()
    taken = client.take()
    world.close()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    keys = ["dir", "msg_id", "name", "server_version", "fields", "time", "client"]
    assert {tuple(line) for line in lines} == {tuple(keys)}
    assert [line["dir"] for line in lines[:2]] == ["handshake", "c2s"]
    assert lines[1]["name"] == "startApi"
    assert {line["client"] for line in lines[1:]} == {7}
    sent = [line for line in lines if line["dir"] == "s2c"]
    assert [line["fields"] for line in sent][-len(taken) :] == taken
    for line in sent:
        assert str(line["msg_id"]) == line["fields"][0]
        decode_officially(("\0".join(line["fields"]) + "\0").encode(), line["server_version"], client.recorder)
    (placed,) = [line for line in lines if line["name"] == "placeOrder"]
    assert placed["fields"][:3] == ["3", "1", "0"]
    assert "cheese" in placed["fields"]
    assert {line["time"] for line in lines} == {NOON, NOON + 0.25}


def test_a_log_that_cannot_be_written_ends_with_one_warning_and_the_gateway_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(wire_log=Path("/dev/full"))
    client = world.client()
    with caplog.at_level(logging.WARNING, "simulator"):
        for _ in range(3):
            world.step(1.0)
            client.reqCurrentTime()
    assert len(client.callbacks()) == 3
    world.close()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["the wire log /dev/full ends here"]


def test_the_log_holds_little_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "wire.jsonl"
    log = WireLog(path, Clock())
    for _ in range(10):
        log.write("s2c", 1, 178, 4, "error", ["x" * 100_000])
    assert path.stat().st_size >= 700_000
    log.close()
    assert len(path.read_text().splitlines()) == 10

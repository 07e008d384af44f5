"""Bursts: exactly so many ticks of the client's own lines, in little memory, and the truth again afterwards."""

from __future__ import annotations

import json

import pytest

from simulator.faults.director import Director
from simulator.faults.language import ScriptError, parse_line
from tests.simulator.local import Wire, control, running
from tests.simulator.rig import VERSIONS, World, contract, stock

EUR_USD = contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")


def _watching(version: int = 178):
    world = World()
    client = world.client(1, version)
    client.reqMktData(4, stock(), "", False, False, [])
    client.reqMktData(5, EUR_USD, "", False, False, [])
    client.take()
    return world, client, Director(world.gateway)


def _drained(client):
    """What a client is sent until its burst is over, and the most that waited for it at once."""
    messages, most = [], 0
    while client.session.output:
        most = max(most, len(client.session.output))
        messages += client.take()
        if client.session.source is not None:
            client.session.source()
    return messages, most


@pytest.mark.parametrize("version", VERSIONS)
def test_a_burst_is_so_many_ticks_of_the_clients_own_lines_and_waits_for_its_reader(version, monkeypatch):
    monkeypatch.setattr("simulator.faults.burst.CONGESTED", 8_000)
    monkeypatch.setattr("simulator.faults.burst._PIECE", 100)
    _, client, director = _watching(version)
    assert director.do(parse_line("burst 2001")) == {"messages": 2001}
    with pytest.raises(ScriptError, match="under way"):
        director.do(parse_line("burst 1"))
    messages, most = _drained(client)
    assert len(messages) == 2001
    assert 16_000 <= most < 20_000
    assert {(fields[0], fields[2]) for fields in messages} == {("1", "4"), ("1", "5"), ("2", "4"), ("2", "5")}
    assert {fields[3] for fields in messages if fields[2] == "5"} <= {"0", "1", "2", "3"}
    assert len({fields[4] for fields in messages if fields[2] == "4" and fields[0] == "1"}) > 5


def test_after_a_burst_each_line_is_shown_whole_again():
    world, client, director = _watching()
    director.do(parse_line("burst 500"))
    _drained(client)
    shown = set()
    for _ in range(100):
        world.step()
        shown |= {(fields[2], fields[3]) for fields in client.take() if fields[0] == "1"}
    assert shown >= {("4", kind) for kind in "12469"} | {("5", kind) for kind in "12"}


def test_a_burst_of_a_wire_log_repeats_its_ticks_with_the_clients_request_ids(tmp_path):
    _, client, director = _watching()
    lines = [
        {"dir": "c2s", "fields": ["1", "11", "900"]},
        *({"dir": "s2c", "fields": fields} for fields in (["1", "6", "900", "1", "9.5", "3", "1"], ["49", "1", "7"])),
        *({"dir": "s2c", "fields": fields} for fields in (["46", "6", "901", "45", "1795107600"],)),
    ]
    log = tmp_path / "wire.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    director.do(parse_line(f'burst 5 client 1 from "{log}"'))
    messages, _ = _drained(client)
    price, string = ["1", "6", "4", "1", "9.5", "3", "1"], ["46", "6", "5", "45", "1795107600"]
    assert messages == [price, string, price, string, price]
    log.write_text('{"dir": "s2c", "fields": ["1", "6"]}\n')
    with pytest.raises(ScriptError, match=r"wire\.jsonl, line 1"):
        director.do(parse_line(f'burst 5 from "{log}"'))
    log.write_text('{"dir": "s2c", "fields": ["49", "1", "7"]}\n')
    with pytest.raises(ScriptError, match="no ticks"):
        director.do(parse_line(f'burst 5 from "{log}"'))


def test_a_burst_that_rules_swallow_lets_others_be_served_in_between():
    world, client, director = _watching()
    for line in ("drop tickPrice", "drop tickSize", "burst 200000"):
        director.do(parse_line(line))
    turns = 0
    while client.session.source is not None:
        assert client.session.output == b""
        client.session.source()
        turns += 1
    assert turns >= 5
    assert [fired for _, _, fired in world.gateway.rules.list(world.now)] == [100_000, 100_000]


def test_a_burst_needs_a_client_that_watches_something():
    world = World()
    world.client(3)
    director = Director(world.gateway)
    for line, reason in (("burst 5", "no client watches"), ("burst 5 client 3", "client 3 watches no line")):
        with pytest.raises(ScriptError, match=reason):
            director.do(parse_line(line))


def test_a_burst_into_one_client_that_reads_late_delays_no_other():
    with running() as simulator, Wire(simulator.port) as busy, control(simulator) as steering:
        steering.do("freeze on")
        busy.ask.reqMktData(1, stock(), "", False, False, [])
        busy.until("9")
        assert busy.alive()
        steering.do("burst 100000 client 1")
        with Wire(simulator.port, client_id=2) as other:
            other.until("9")
            assert other.alive()
        for _ in range(100_000):
            assert busy.read()[0] in {"1", "2"}
        assert busy.alive()

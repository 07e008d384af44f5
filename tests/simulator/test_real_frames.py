"""Requests recorded from a real client at version 176: each is parsed, and answered in the recorded shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.simulator.rig import World

_FRAMES = Path(__file__).resolve().parents[3] / "shared" / "wire" / "real_frames_176.jsonl"
_SILENT = {"25", "63", "64", "59"}  # cancels of nothing, and the data type, are not answered


def _recorded(direction: str) -> list[list[str]]:
    if not _FRAMES.exists():
        pytest.skip(f"no recorded frames: {_FRAMES.parent} is not beside the project")
    lines = [json.loads(line) for line in _FRAMES.read_text().splitlines()]
    return [line["fields"] for line in lines if line["dir"] == direction]


def test_every_recorded_request_is_answered_and_ends_no_session():
    world = World()
    client = world.client(1, 176)
    for fields in _recorded("c2s"):
        answers = [] if fields[0] == "71" else client.raw(*fields)
        assert not client.session.over, fields
        codes = {answer[3] for answer in answers if answer[0] == "4"}
        assert answers or fields[0] in _SILENT | {"71"}, fields
        assert "320" not in codes or _is_no_request(fields), (fields, answers)


def _is_no_request(fields: list[str]) -> bool:
    """Some recorded lines are answers that were filed as requests: 10 with contract details, a bare 52."""
    return fields[0] in {"10", "52"}


def test_recorded_orders_are_read_to_their_last_field():
    """With AAPL in place of contracts we do not have, each order is accepted, or refused for its missing price."""
    orders = [fields for fields in _recorded("c2s") if fields[0] == "3"]
    world = World()
    client = world.client(1, 176)
    for number, fields in enumerate(orders, start=1):
        mine = ["3", str(number), "265598", *[""] * 11, *fields[14:]]
        answers = client.raw(*mine)
        kinds = [answer[0] for answer in answers]
        if fields[18] == "LMT" and not fields[19]:
            assert [answer[3] for answer in answers] == ["321"]
        else:
            assert kinds[:2] == ["5", "3"], (fields, answers)
    assert len(orders) == 10


def test_answers_have_the_shape_of_the_recorded_ones():
    """Same number of fields for every kind of message that was recorded."""
    shapes: dict[str, set[int]] = {}
    for fields in _recorded("s2c"):
        shapes.setdefault(fields[0], set()).add(len(fields))
    market = next(fields for fields in _recorded("c2s") if fields[0] == "3" and fields[18] == "MKT")
    client = World().client(1, 176)
    seen: dict[str, set[int]] = {}
    for fields in (
        ("9", "8", "1", "0", "ES", "FUT", "", "0.0", "", "", "CME", "", "", "", "ES", "0", "", "", ""),
        ("62", "1", "2", "All", "AccountType,NetLiquidation"),
        ("20", "3", "265598", *[""] * 11, "0", "", "1 day", "3 D", "1", "TRADES", "2", "0", ""),
        ("87", "4", "265598", *[""] * 11, "0", "1", "TRADES", "1"),
        ("3", "1", "265598", *[""] * 11, *market[14:]),
        ("61", "1"),
        ("5", "1"),
        ("7", "3", "5", "0", "", "", "", "", "", ""),
        ("8", "1", "1"),
        ("17", "1"),
    ):
        for answer in client.raw(*fields):
            seen.setdefault(answer[0], set()).add(len(answer))
    for kind in set(seen) & set(shapes) - {"17"}:
        assert seen[kind] <= shapes[kind], kind
    assert seen["17"] == {5 + 8 * 3}
    assert set(seen) >= {"3", "5", "9", "10", "11", "15", "17", "52", "53", "55", "59", "61", "62", "63", "64", "88"}

"""A real gateway's conversations, recorded at version 176: ours parse the same requests and answer in the same shape.

`SHAPES` is one letter a field: n number, t text, - empty, U unset double, M unset integer; o number or empty,
p text or empty, x number or text, u number or unset double, a any. They and `CONVERSATIONS` hold no data and are
compared with the recorded frames where those lie beside the project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from ibapi.execution import ExecutionFilter

from tests.simulator.rig import Client, World, cancellation, contract, order

_FRAMES = Path(__file__).resolve().parents[3] / "shared" / "wire" / "real_frames_176.jsonl"
_SILENT = {"25", "59"}  # the cancel of an answer that is complete, and the data type, are not answered
SHAPES = {
    "3": "nntnnnnnnn-n",
    "4": "nnnnt-",
    "5": "nnnttnntntttttntnnt-t-nannnnn-t------o--n-nn-----Mnnn-nnn-nn-nt-n---tnn-nn-----nnnMM--n-tnn-nntUUUUUUUUUo--p"
    "-nnntUuUUUUn---nnnnn--n-----",
    "9": "nnn",
    "10": "nntttn-tttttnnnttnnt-n---ttt--nMttxn-nnn",
    "11": "nnnnttnn-ntttttttttnnnnnnnx---n",
    "15": "nnt",
    "52": "nnn",
    "53": "nn",
    "55": "nnn",
    "59": "nntntUU-",
    "61": "nntnttnn-n-tttnn",
    "62": "nn",
    "63": "nnnttxp",
    "64": "nnn",
    "88": "nnt",
    "90": "nnnnnnnnnn",
}
GROUPED = {"17": ("nnttn", "nnnnnnnn", ""), "97": ("nnn", "nnnnnn", "n"), "98": ("nnn", "nnnnpp", "n")}
_LETTERS = {"o": "n-", "p": "t-", "x": "nt", "u": "Un", "a": "nt-"}
_ES = contract(symbol="ES", secType="FUT", exchange="CME", lastTradeDateOrContractMonth="202612")
_NO_TYPE = contract(symbol="DA", secType="invalid_secType", exchange="CME")

_AT_MARKET = order("BUY", 1, tif="GTC", orderRef="5")
_RESTING = order("BUY", 1, "LMT", lmtPrice=1000.0, tif="GTC", orderRef="29")
_MODIFIED = order("BUY", 2, "LMT", lmtPrice=1000.0, tif="GTC")
_TAGS = "AccountType,NetLiquidation,Cushion,LookAheadNextChange,TotalCashValue"
_EVENING = "20261118 21:22:38 UTC"

# What was sent, the kinds of messages that came back (a run of one kind written once; a gateway may tell an order's
# state more than once on its way), and how we ask the same.
CONVERSATIONS: dict[str, tuple[str, str, Callable[[Client], object]]] = {
    "contract details": ("9", "10 52", lambda c: c.reqContractDetails(1, _ES)),
    "contract details of no type": ("9", "4", lambda c: c.reqContractDetails(2, _NO_TYPE)),
    "account summary": ("62", "63 64", lambda c: c.reqAccountSummary(3, "All", _TAGS)),
    "next id": ("8", "9", lambda c: c.reqIds(1)),
    "accounts": ("17", "15", lambda c: c.reqManagedAccts()),
    "an order that rests": ("3", "5 3( 5 3)?", lambda c: c.placeOrder(1, _ES, _RESTING)),
    "a modification": ("3", "5 3", lambda c: c.placeOrder(1, _ES, _MODIFIED)),
    "open orders": ("5", "5 3 53", lambda c: c.reqOpenOrders()),
    "a cancel": ("4", "3 4", lambda c: c.cancelOrder(1, cancellation())),
    "an order that fills": ("3", "5 3( 5 3)? 11 5 3 5 59", lambda c: c.placeOrder(2, _ES, _AT_MARKET)),
    "executions": ("7", "11 59 55", lambda c: c.reqExecutions(4, ExecutionFilter())),
    "positions": ("61", "61 62", lambda c: c.reqPositions()),
    "head timestamp": ("87", "88", lambda c: c.reqHeadTimeStamp(5, _ES, "BID", 1, 1)),
    "bars": ("20", "17", lambda c: c.reqHistoricalData(6, _ES, "", "4 D", "1 day", "BID", 1, 2, False, [])),
    "quotes": ("96", "97", lambda c: c.reqHistoricalTicks(7, _ES, "", _EVENING, 2, "BID_ASK", 1, False, [])),
    "trades": ("96", "98", lambda c: c.reqHistoricalTicks(8, _ES, "", _EVENING, 2, "TRADES", 1, False, [])),
}


def _kind(text: str) -> str:
    if text in {"", "2147483647", "1.7976931348623157E308"}:
        return {"": "-", "2147483647": "M"}.get(text, "U")
    return "n" if re.fullmatch(r"-?\d+(\.\d+)?", text) else "t"


def _expected(fields: list[str]) -> str:
    if fields[0] in SHAPES:
        return SHAPES[fields[0]]
    head, group, tail = GROUPED[fields[0]]
    return head + group * int(fields[len(head) - 1]) + tail


def _check(fields: list[str]) -> None:
    """Fail unless a message has the recorded number of fields, each of a recorded kind."""
    expected = _expected(fields)
    assert len(fields) == len(expected), fields
    wrong = [
        (at, text, letter)
        for at, (text, letter) in enumerate(zip(fields, expected, strict=True))
        if _kind(text) not in _LETTERS.get(letter, letter)
    ]
    assert not wrong, (fields[0], wrong)


def _told(messages: list[list[str]]) -> str:
    return " ".join(kind for kind, _ in groupby(fields[0] for fields in messages))


@pytest.fixture(scope="module")
def answers() -> dict[str, list[list[str]]]:
    """What came back in each conversation with our gateway, held one after the other."""
    client = World().client(1, 176)
    told = {}
    for name, (_, _, ask) in CONVERSATIONS.items():
        ask(client)
        told[name] = client.take()
    return told


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_goes_as_it_was_recorded(answers, name):
    assert re.fullmatch(CONVERSATIONS[name][1], _told(answers[name]))
    for fields in answers[name]:
        _check(fields)


def test_bars_that_are_kept_up_to_date_go_as_they_were_recorded():
    world = World()
    client = world.client(1, 176)
    client.reqHistoricalData(9, _ES, "", "60 S", "1 min", "BID", 0, 2, True, [])
    told = client.take()
    world.step(30.0)
    told += client.take()
    assert _told(told) == "17 90"
    for fields in told:
        _check(fields)


def _recorded(direction: str) -> list[list[str]]:
    if not _FRAMES.exists():
        pytest.skip(f"no recorded frames: {_FRAMES.parent} is not beside the project")
    lines = [json.loads(line) for line in _FRAMES.read_text().splitlines()]
    return [line["fields"] for line in lines if line["dir"] == direction and not _misfiled(line)]


def _misfiled(line: dict[str, object]) -> bool:
    """Some recorded answers were filed as requests: contract details, account summaries and their ends."""
    kind, fields = line["dir"], line["fields"]
    assert isinstance(fields, list)
    wrong_length = {"10": 40, "52": 3, "63": 7}.get(fields[0]) == len(fields) or fields[:2] == ["64", "1"]
    return kind == "c2s" and wrong_length


def test_the_shapes_written_down_here_are_those_of_the_recorded_frames():
    seen = set()
    for fields in _recorded("s2c"):
        _check(fields)
        seen.add(fields[0])
    assert seen == set(SHAPES) | set(GROUPED)


def test_every_recorded_request_is_answered_and_ends_no_session():
    world = World()
    client = world.client(1, 176)
    requests = _recorded("c2s")
    for fields in requests:
        answers = [] if fields[0] == "71" else client.raw(*fields)
        assert not client.session.over, fields
        codes = {answer[3] for answer in answers if answer[0] == "4"}
        assert answers or fields[0] in _SILENT | {"71"}, fields
        assert "320" not in codes, (fields, answers)
    assert {fields[0] for fields in requests} >= {request for request, _, _ in CONVERSATIONS.values()}


def test_recorded_orders_are_read_to_their_last_field():
    """With AAPL in place of contracts we do not have, each order is accepted, or refused for its missing price."""
    orders = [fields for fields in _recorded("c2s") if fields[0] == "3"]
    client = World().client(1, 176)
    for number, fields in enumerate(orders, start=1):
        mine = ["3", str(number), "265598", *[""] * 11, *fields[14:]]
        answers = client.raw(*mine)
        if fields[18] == "LMT" and not fields[19]:
            assert [answer[3] for answer in answers] == ["321"]
        else:
            assert [answer[0] for answer in answers][:2] == ["5", "3"], (fields, answers)
    assert len(orders) == 10

"""What the commands send, what they print, and how they end."""

from __future__ import annotations

import csv
import json
import re
import runpy
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import orjson
import pytest

from actors.messages.account import GetPositions, Position, Positions
from actors.messages.market import (
    Bar,
    Bars,
    Contract,
    ContractDetails,
    Drop,
    GetBars,
    GetQuotes,
    Hold,
    Quote,
    Quotes,
    Subscribed,
)
from actors.messages.orders import Execution, Executions, GetExecutions, GetOrders, Halt, Orders, Resume
from actors.messages.risk import GetProtection, ProtectionChanged, Unprotected
from actors.messages.state import CutPart, CutView, Difference, GetCachedPositions, Reconcile
from actors.strategy import Strategy
from supervision.errors import Rejected
from supervision.lifecycle import GetTree, Reload, Reloaded, StartChild, StopChild, TreeView
from supervision.message import Done
from tests.cli.scripted import GATE, NOW, Script, child, order, run, scripted, tree

QUOTE = Quote(
    "AAPL", 265598, bid=150.0, ask=150.1, last=150.05, bid_size=3, ask_size=4, volume=1e6, age=0.4, state="live"
)
POSITION = Position("DU1000001", "AAPL", 265598, "STK", "USD", Decimal("12.5"), 149.9)


def test_orders_are_printed_with_the_names_of_the_interface_and_numbers_as_numbers(tmp_path: Path) -> None:
    known = order(contract="AAPL 20261218 150C")
    with scripted(tmp_path, {"order": {GetOrders: Orders((known,), NOW)}}) as service:
        (row,) = service.json("orders", "--all")
        assert service.heard("order") == [GetOrders(all=True)]
        shown = service.run("orders").output
        assert "LMT 150.25" in shown
        assert "AAPL 20261218 150C" in shown
    wanted = {
        "key": "k1",
        "contract": "AAPL 20261218 150C",
        "order_id": 7,
        "perm_ids": [99],
        "symbol": "AAPL",
        "side": "BUY",
        "status": "SUBMITTED",
    }
    assert wanted.items() <= row.items()
    assert (row["quantity"], row["filled"], row["average_price"], row["strategy"]) == (10, 2.5, 150.2, "sample")


def test_executions_are_printed_with_the_names_of_the_interface(tmp_path: Path) -> None:
    one = Execution("e.1", "k1", 7, 99, 17, "DU1", "AAPL", 265598, "BUY", Decimal(3), 150.5, "SMART", NOW)
    with scripted(tmp_path, {"order": {GetExecutions: Executions((one,), NOW)}}) as service:
        (row,) = service.json("executions")
    keys = ("exec_id", "key", "symbol", "side", "quantity", "price", "commission")
    assert [row[key] for key in keys] == ["e.1", "k1", "AAPL", "BUY", 3, 150.5, None]


def test_positions_fall_back_to_what_was_stored_and_say_so(tmp_path: Path) -> None:
    live, stored = Positions((POSITION,), NOW, "broker"), Positions((), NOW, "cache")
    script = {"account": {GetPositions: live}, "state": {GetCachedPositions: stored}}
    with scripted(tmp_path, script) as service:
        (row,) = service.json("positions")
        assert re.search(rf"{row['symbol']}\s+{row['sec_type']}\s+{row['con_id']}\s", service.run("positions").stdout)
        service.local.kill("account")
        away = service.run("positions", "--json")
    keys = ("account", "symbol", "con_id", "quantity", "average_cost")
    assert [row[key] for key in keys] == ["DU1000001", "AAPL", 265598, 12.5, 149.9]
    assert (away.exit_code, json.loads(away.stdout)) == (0, [])
    assert "stored last" in away.stderr


def test_positions_say_which_of_them_lack_a_stop_or_that_nobody_knows(tmp_path: Path) -> None:
    bare = Unprotected("DU1000001", 265598, "AAPL", Decimal(10), Decimal(4), NOW, "10 of it should have a stop, 4 has")
    script = {"account": {GetPositions: Positions((POSITION,), NOW, "broker")}}
    with scripted(tmp_path, {**script, "order": {GetProtection: ProtectionChanged((bare,))}}) as service:
        shown = service.run("positions")
        assert "not protected: 10 AAPL in DU1000001, 10 of it should have a stop, 4 has\n" in shown.stdout
        assert service.json("positions")
        service.local.kill("order")
        unknown = service.run("positions")
    assert "not protected" not in unknown.stdout
    assert "which of them lack a stop is not known (order" in unknown.stderr


def test_quotes_of_a_symbol_are_held_for_the_operator_until_dropped(tmp_path: Path) -> None:
    other = Quote("MSFT", 272093)
    details = ContractDetails(Contract("AAPL", con_id=265598))
    script = {Hold: Subscribed(details, QUOTE), GetQuotes: Quotes((QUOTE, other)), Drop: Done()}
    with scripted(tmp_path, {"market_data": script}) as service:
        (row,) = service.json("quotes", "AAPL")
        assert len(service.json("quotes")) == 2
        assert service.run("quotes", "AAPL", "--drop").exit_code == 0
        assert [type(message) for message in service.heard("market_data")] == [Hold, GetQuotes, GetQuotes, Drop]
    names = ("symbol", "bid", "ask", "last", "bid_size", "ask_size", "volume", "age", "state")
    assert [row[name] for name in names] == ["AAPL", 150.0, 150.1, 150.05, 3, 4, 1e6, 0.4, "live"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("order", "place", "BUY", "-5", "AAPL"),
        ("order", "place", "BUY", "0", "AAPL"),
        ("order", "place", "BUY", "nan", "AAPL"),
        ("order", "place", "HOLD", "5", "AAPL"),
        ("order", "place", "BUY", "5", "AAPL", "--limit", "a lot"),
        ("order", "place", "SELL", "5", "AAPL", "--trail", "0"),
        ("order", "place", "BUY", "5", "AAPL", "--tif", "FOREVER"),
        ("order", "place", "BUY", "5", "AAPL", "--limit", "150", "--good-till", "2026-12-01T15:30"),
        ("order", "place", "BUY", "5", "AAPL", "--limit", "150", "--good-till", "tomorrow"),
        ("order", "modify", "k1"),
        ("history", "AAPL", "--duration", "1 D", "--bar", "1 min", "--out", "bars.txt"),
        ("history", "AAPL", "--duration", "long", "--bar", "1 min", "--out", "bars.csv"),
        ("quotes", "--drop"),
        ("resume",),
        ("stauts",),
        ("strategies", "new", "my-strategy"),
    ],
)
def test_a_slip_of_the_user_is_explained_and_exits_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def cut(*differences: Difference, confirmed: bool = True) -> CutView:
    part = CutPart("positions", "" if confirmed else "no answer", 1)
    return CutView(4, 2, "asked", NOW, NOW + timedelta(seconds=1), confirmed, (part,), differences)


REPAIRED = Difference("execution_missed", "e.1", "-", "3 AAPL", "booked", repaired=True)
LOCKING = Difference(
    "position", "AAPL", "10", "12", "taken", repaired=True, scope="AAPL", locks=True, unlock="a cut at rest"
)
OPEN = Difference("position", "AAPL", "10", "12", "none", repaired=False)


@pytest.mark.parametrize(
    ("result", "code", "words"),
    [
        (cut(), 0, "no difference"),
        (cut(REPAIRED), 0, "booked"),
        (cut(REPAIRED, OPEN), 11, "NEEDS A PERSON"),
        (cut(LOCKING), 0, "none in AAPL"),
        (cut(confirmed=False), 4, "positions failed: no answer"),
    ],
)
def test_reconcile_ends_as_its_outcome_demands(tmp_path: Path, result: CutView, code: int, words: str) -> None:
    with scripted(tmp_path, {"state": {Reconcile: result}}) as service:
        outcome = service.run("reconcile")
        told = orjson.loads(service.run("reconcile", "--json").stdout)
    assert outcome.exit_code == code
    assert words in outcome.output
    assert (told["cut"], told["confirmed"], told["parts"][0]["name"]) == (4, result.confirmed, "positions")


def test_the_kill_switch_passes_on_who_and_why(tmp_path: Path) -> None:
    with scripted(tmp_path, {"order": {Halt: GATE, Resume: GATE}}) as service:
        assert service.run("halt", "--cancel", "all", "--reason", "fire").exit_code == 0
        assert service.run("resume", "--reason", "put out").output == "gate open\n"
        halt, resume = service.heard("order")
        assert orjson.loads(service.run("halt", "--json").stdout)["state"] == "open"
    assert isinstance(halt, Halt)
    assert (halt.reason, halt.cancel) == ("fire", "all")
    assert isinstance(resume, Resume)
    assert resume.reason == "put out"


def test_only_strategies_can_be_stopped_and_started_by_hand(tmp_path: Path) -> None:
    states = iter(["running", "running", "stopping", "stopping", "parked", "parked", "starting", "running", "running"])

    def look(_: GetTree) -> TreeView:
        state = next(states)
        return tree(msgspec.structs.replace(child("sample", state, "strategies"), pid=None if state == "parked" else 1))

    with scripted(tmp_path, {"supervisor": {GetTree: look, StopChild: Done(), StartChild: Done()}}) as service:
        assert [row["name"] for row in service.json("strategies", "list")] == ["sample"]
        assert "sample stopped" in service.run("strategies", "stop", "sample").stdout
        assert next(states) == "parked"  # not said before it was true
        assert service.run("strategies", "start", "sample").exit_code == 0
        refused = service.run("strategies", "stop", "order")
        sent = [message for message in service.heard("supervisor") if isinstance(message, StopChild | StartChild)]
    assert sent == [StopChild("sample"), StartChild("sample")]
    assert refused.exit_code == 2
    assert "no strategy 'order'; configured: sample" in refused.stderr


def test_a_strategy_that_does_not_stop_is_not_said_to_have_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.strategies.STOP_LIMIT", 0.1)
    hangs = tree(child("dip", "stopping", "strategies"))
    with scripted(tmp_path, {"supervisor": {GetTree: hangs, StopChild: Done()}}) as service:
        result = service.run("strategies", "stop", "dip")
    assert (result.exit_code, result.stdout) == (5, "")
    assert "dip was told to stop and is still stopping" in result.stderr


def test_a_strategy_that_had_to_be_killed_is_said_to_be(tmp_path: Path) -> None:
    killed = msgspec.structs.replace(child("dip", "parked", "strategies", "shutdown, killed: late"), pid=None)
    with scripted(tmp_path, {"supervisor": {GetTree: tree(killed), StopChild: Done()}}) as service:
        result = service.run("strategies", "stop", "dip")
    assert (result.exit_code, result.stdout[:39]) == (0, "dip stopped (shutdown, killed: late); i")


def test_a_reload_after_which_something_does_not_run_says_so(tmp_path: Path) -> None:
    before, after = child("dip", "running", "strategies"), child("dip", "parked", "strategies", "configuration: no zzz")
    trees = iter([tree(before), tree(child("dip", "stopping", "strategies")), tree(after)])
    answers: Script = {GetTree: lambda _: next(trees), Reload: Reloaded(added=(), changed=("dip",), removed=())}
    with scripted(tmp_path, {"supervisor": answers}) as service:
        result = service.run("reload")
    assert (result.exit_code, result.stdout) == (4, "changed: dip\n")
    assert "dip is parked (configuration: no zzz)" in result.stderr


def test_a_strategy_that_cannot_start_is_not_said_to_have_started(tmp_path: Path) -> None:
    parked = tree(child("dip", "parked", "strategies", "configuration: dip:Dap cannot be loaded"))
    with scripted(tmp_path, {"supervisor": {GetTree: parked, StartChild: Done()}}) as service:
        result = service.run("strategies", "start", "dip")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "dip is parked (configuration: dip:Dap cannot be loaded)" in result.stderr


def test_a_new_strategy_is_a_module_that_loads_and_an_existing_file_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("strategies", "new", "dip_buyer").exit_code == 0
    assert issubclass(runpy.run_path("dip_buyer.py")["DipBuyer"], Strategy)
    Path("dip_buyer.py").write_text("mine")
    again = run("strategies", "new", "dip_buyer")
    assert (again.exit_code, Path("dip_buyer.py").read_text()) == (10, "mine")


def test_history_is_fetched_in_pieces_backwards_and_written_oldest_first(tmp_path: Path) -> None:
    def answer(ask: GetBars) -> Bars:
        end = ask.end or NOW
        return Bars("AAPL", ask.bar, ask.what, tuple(bar(end - timedelta(hours=hours)) for hours in (2, 1)))

    def bar(time: object) -> Bar:
        return Bar(time, 1.0, 2.0, 0.5, 1.5, 100.0, 1.2, 7)  # type: ignore[arg-type]

    out = tmp_path / "bars.csv"
    with scripted(tmp_path, {"market_data": {GetBars: answer}}) as service:
        result = service.run("history", "AAPL", "--duration", "3 D", "--bar", "1 min", "--out", str(out))
        asks = service.heard("market_data")
    assert result.exit_code == 0, result.output
    assert len(asks) == 3
    rows = list(csv.DictReader(out.read_text().splitlines()))
    times = [row["time"] for row in rows]
    assert (len(rows), times) == (6, sorted(times))
    assert rows[0]["close"] == "1.5"
    assert list(tmp_path.glob(".*part")) == []


def test_history_that_the_broker_refuses_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "bars.csv"
    with scripted(tmp_path, {"market_data": {GetBars: Rejected("code 162: no data")}}) as service:
        result = service.run("history", "AAPL", "--duration", "1 D", "--bar", "1 min", "--out", str(out))
    assert (result.exit_code, out.exists()) == (10, False)
    assert "code 162" in result.stderr

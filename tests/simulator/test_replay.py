"""A recorded file as the market: its rows at their pace, the rest of the market around it, and bad files refused."""

from __future__ import annotations

import sys
import tracemalloc
from datetime import date
from pathlib import Path

import pytest

from simulator.actor import SimulatorActor
from simulator.market.history import HistoryRequest, bars
from simulator.market.market import Market
from simulator.market.recording import BadRecording, read
from simulator.market.universe import Universe
from simulator.settings import Settings
from supervision.errors import ConfigurationError
from supervision.lifecycle import LIFECYCLE
from tests.cli.scripted import run
from tests.simulator.rig import NOON, World, order, stock
from tests.support.local import LocalService

HEADER = "time,symbol,bid,ask,bid_size,ask_size,last,last_size\n"
TICKS = HEADER + (
    "2024-03-01T09:30:00,AAPL,150.00,150.02,300,400,,\n"
    "2024-03-01T09:30:00.5,EUR.USD,1.1000,1.1001,1000000,2000000,,\n"
    "2024-03-01T09:30:01,AAPL,,,,,150.02,100\n"
    "2024-03-01T09:30:03,AAPL,150.10,150.12,,,150.11,50\n"
    "2024-03-01T14:30:10+00:00,AAPL,149.00,149.05,700,800,,\n"
)


def written(directory: Path, text: str, name: str = "ticks.csv") -> Path:
    path = directory / name
    path.write_text(text)
    return path


def replayed(path: Path) -> Market:
    return Market(Universe(date(2026, 11, 19)), 1, NOON, recording=path)


def test_a_recorded_file_is_played_from_the_start_of_the_run_at_its_own_pace(tmp_path: Path):
    made = replayed(written(tmp_path, TICKS))
    share, pair, other = made.universe.shares["AAPL"], made.universe.named("EUR.USD"), made.universe.shares["MSFT"]
    line = made.line(share)
    assert (line.quote.bid, line.quote.ask, line.quote.bid_size, line.quote.ask_size) == (15000, 15002, 300, 400)
    assert made.line(pair).quote.bid == 22000  # of its first row, until that has come
    shown = {}
    for step in range(1, 49):
        now = NOON + step / 4
        made.step(now, [share, pair, other])
        shown[step / 4] = line.quote.bid, line.quote.ask, line.quote.bid_size, line.quote.last, len(line.prints)
    assert shown[0.75] == (15000, 15002, 300, shown[0.25][3], 0)
    assert shown[1.0] == (15000, 15002, 300, 15002, 1)
    assert shown[2.75] == (15000, 15002, 300, 15002, 0)
    assert shown[3.0] == (15010, 15012, 300, 15011, 1)
    assert shown[9.75] == shown[3.25] == (15010, 15012, 300, 15011, 0)
    assert shown[10.0] == shown[12.0] == (14900, 14905, 700, 15011, 0)
    trades = made.history_ticks(share, "TRADES", NOON, made.now, 10)
    assert [(trade.time - NOON, trade.price, trade.size) for trade in trades] == [(1.0, 15002, 100), (3.0, 15011, 50)]
    quotes = made.history_ticks(share, "BID_ASK", NOON, made.now, 10)
    assert [(quote.time - NOON, quote.bid) for quote in quotes] == [(0.0, 15000), (3.0, 15010), (10.0, 14900)]
    assert made.line(other).quote == _seeded(other, made.now)


def _seeded(item, now: float):
    made = Market(Universe(date(2026, 11, 19)), 1, now)
    return made.line(item).quote


def test_bars_of_a_replay_meet_the_walk_where_the_run_began(tmp_path: Path):
    made = replayed(written(tmp_path, TICKS))
    share = made.universe.shares["AAPL"]
    for step in range(1, 13):
        made.step(NOON + step, [share])
    found = bars(made, made.line(share), HistoryRequest(made.now, "30 S", "5 secs", "TRADES", False))[1]
    played = [bar for bar in found if bar.start >= NOON]
    assert [(str(bar.open), str(bar.high), bar.volume, bar.count) for bar in played] == [
        ("150.02", "150.11", 150, 2),
        ("150.11", "150.11", 0, 0),
        ("150.11", "150.11", 0, 0),
    ]
    walked = [bar for bar in found if bar.start < NOON - 5]
    assert all(149 < bar.low <= bar.high < 151 and bar.volume > 0 for bar in walked)
    bids = bars(made, made.line(share), HistoryRequest(made.now, "10 S", "5 secs", "BID", False))[1]
    assert (str(bids[-1].open), str(bids[-1].close)) == ("149.00", "149.00")


def test_a_clock_that_runs_faster_plays_faster_and_orders_trade_at_recorded_prices(tmp_path: Path):
    world = World(replay=written(tmp_path, TICKS))
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=149.5))
    world.gateway.clock.run(10)
    client.callbacks()
    world.step(0.9)
    assert "execDetails" not in [name for name, _ in client.callbacks()]
    world.step(0.2)
    fills = [arguments[2].price for name, arguments in client.callbacks() if name == "execDetails"]
    assert fills == [149.5]  # what rests trades at its limit


def test_a_moved_price_goes_on_from_there_with_the_recorded_moves(tmp_path: Path):
    made = replayed(written(tmp_path, TICKS))
    share = made.universe.shares["AAPL"]
    made.step(NOON + 1, [share])
    line = made.move(share, 300.0)
    assert line.prints[-1].price == 30000
    assert abs(line.quote.bid - 30000) <= 2
    made.step(NOON + 3, [share])
    assert abs(line.quote.bid / 30020 - 1) < 0.0002


BAD = [
    ("", "there are no rows"),
    ("\n", "header: expected time, symbol"),
    ("time,symbol,bidd\n", "header: expected time, symbol .* found time, symbol, bidd"),
    ("time,symbol,bid_size\n", "header: .* one a price"),
    (HEADER, "there are no rows"),
    (HEADER + "noon,AAPL,1,2,,,,\n", "line 2: time: 'noon' is neither ISO 8601 nor a number"),
    (HEADER + "1e400,AAPL,1,2,,,,\n", "line 2: time: '1e400' is no instant"),
    (HEADER + "1,AAPL,1,2,,,,\n\n2,NOSUCH,1,2,,,,\n", "line 4: no contract is called 'NOSUCH'"),
    (HEADER + "2,AAPL,1,2,,,,\n1,AAPL,1,2,,,,\n", "line 3: its time is before"),
    (HEADER + "1,AAPL,1,2,,,,\n2,AAPL,-1,2,,,,\n", "line 3: bid: -1 is no price"),
    (HEADER + "1,AAPL,1,nan,,,,\n", "line 2: ask: nan is no price"),
    (HEADER + "1,AAPL,one,2,,,,\n", "line 2: bid: 'one' is not a number"),
    (HEADER + "1,AAPL,1,2,0.5,,,\n", "line 2: bid_size: 0.5 is no whole number"),
    (HEADER + "1,AAPL,,,,,,\n", "line 2: expected a time, a symbol and a price or size"),
    (HEADER + "1,AAPL,1\n", "line 2: expected 8 cells, found 3"),
    (HEADER + '1,"AA', "line 2: not CSV: unexpected end"),
]


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_a_bad_file_is_refused_with_its_name_the_line_and_the_reason(tmp_path: Path, text: str, reason: str):
    path = written(tmp_path, text)
    with pytest.raises(BadRecording, match=f"ticks.csv(, |: ){reason}"):
        replayed(path)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path):
    with pytest.raises(BadRecording, match=r"none\.csv: No such file"):
        replayed(tmp_path / "none.csv")


def test_service_and_command_refuse_a_bad_file_as_a_fault_of_the_configuration(tmp_path: Path):
    path = written(tmp_path, HEADER + "1,NOSUCH,1,2,,,,\n")
    with (
        LocalService(LIFECYCLE) as service,
        pytest.raises(ConfigurationError, match=r"simulator\.replay: .*line 2: no"),
    ):
        service.start("simulator", SimulatorActor, settings=Settings(replay=path), directory=tmp_path)
    told = run("simulator", "--replay", str(path))
    assert told.exit_code == 78
    assert "ticks.csv, line 2: no contract is called 'NOSUCH'" in told.stderr.replace("\n", " ")


@pytest.mark.parametrize("stamp", ["1709303400", "1709303400.0", *(f"1709303400{'000' * unit}" for unit in (1, 2, 3))])
def test_epoch_times_are_told_apart_by_their_magnitude(tmp_path: Path, stamp: str):
    path = written(tmp_path, f"symbol,time,last\nAAPL,{stamp},5\n")
    assert [record.time for record in read(path, lambda _: True)] == [1709303400.0]


def test_parquet_without_pyarrow_is_refused_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadRecording, match=r"ticks\.parquet: reading parquet needs pyarrow: pip install 'nightdesk"):
        replayed(written(tmp_path, "", "ticks.parquet"))


def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path):
    def peak(rows: int) -> int:
        text = "".join(f"{number / 100 + 1},AAPL,{100 + number % 7},{108 + number % 7}\n" for number in range(rows))
        path = written(tmp_path, "time,symbol,bid,ask\n" + text)
        del text
        tracemalloc.start()
        replayed(path)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    assert peak(6_000) < peak(10) + 100_000  # bytes; the rows would take thirty times that


def test_parquet_plays_as_csv_does(tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import csv, parquet

    source = written(tmp_path, TICKS.replace("2024-03-01T14:30:10+00:00", "2024-03-01T09:30:10"))
    types = {"time": pyarrow.timestamp("ns")}
    table = csv.read_csv(source, convert_options=csv.ConvertOptions(column_types=types))
    parquet.write_table(table, tmp_path / "ticks.parquet", row_group_size=2)
    known = [list(read(path, lambda _: True)) for path in (source, tmp_path / "ticks.parquet")]
    assert known[0] == known[1]
    assert len(known[0]) == 5
    made = replayed(tmp_path / "ticks.parquet")
    share = made.universe.shares["AAPL"]
    assert made.step(NOON + 3, [share])[0].quote.last == 15011


def test_a_bad_row_of_parquet_is_named(tmp_path: Path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"time": [1.0, 2.0, 3.0], "symbol": ["AAPL", "AAPL", "MSFT"], "bid": [1.0, 0.0, 1.0]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "ticks.parquet")
    with pytest.raises(BadRecording, match=r"ticks\.parquet, row 2: bid: 0\.0 is no price"):
        replayed(tmp_path / "ticks.parquet")
    written(tmp_path, "PAR1 is not enough", "ticks.parquet")
    with pytest.raises(BadRecording, match=r"ticks\.parquet: not parquet"):
        replayed(tmp_path / "ticks.parquet")

"""Connection against the simulated gateway: every ask, every stream, and what a lost session means."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from actors.messages import broker, broker_account
from actors.messages.market import Contract
from actors.messages.session import BrokerNotice, LinkChanged, SessionDown, SessionUp
from config.settings import PacingSettings, SimulatorSettings
from simulator.actor import SimulatorActor
from supervision.errors import AskTimeout, Rejected
from tests.connection.bench import Bench, bench, control, sending, simulated


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Bench]:
    with simulated(tmp_path) as bench:
        yield bench


def resolve(it: Bench, symbol: str = "AAPL") -> Contract:
    return it.connection.ask(broker.FetchContracts(Contract(symbol))).items[0].contract


def terms(key: str, quantity: int = 10, limit: float | None = None, side: str = "BUY") -> broker.OrderTerms:
    kind = "MKT" if limit is None else "LMT"
    return broker.OrderTerms("DU1000001", side, Decimal(quantity), kind, limit, None, "DAY", key)


def test_a_session_comes_up_and_every_listener_is_told_where_it_stands(it: Bench) -> None:
    up = it.up()
    assert up.epoch == 1
    assert up.accounts == ("DU1000001",)
    assert up.server_version == 200
    late: list[object] = []
    it.listen(late.append)
    assert it.view(lambda _: bool(late))
    assert isinstance(late[0], broker.Snapshot)
    assert late[0].session.state == "up"


def test_contract_details_are_complete_and_an_unknown_symbol_is_the_brokers_refusal(it: Bench) -> None:
    it.up()
    details = it.connection.ask(broker.FetchContracts(Contract("AAPL"))).items[0]
    assert details.contract.con_id > 0
    assert details.min_tick == 0.01
    assert "SMART" in details.valid_exchanges
    with pytest.raises(Rejected) as refused:
        it.connection.ask(broker.FetchContracts(Contract("NOSUCH")))
    assert refused.value.kind == "code 200"


def test_a_line_streams_is_listed_and_ends(it: Bench) -> None:
    epoch = it.up().epoch
    contract = resolve(it)
    line = it.connection.ask(broker.OpenLine(epoch, contract))
    batch = it.next(broker.TickBatch, lambda batch: 1 in batch.fields)
    assert set(batch.requests) == {line.request_id}
    assert batch.epoch == epoch
    assert it.connection.ask(broker.GetLiveLines()).items == (line,)
    it.connection.ask(broker.CloseLine(epoch, line.request_id))
    assert it.connection.ask(broker.GetLiveLines()).items == ()
    with pytest.raises(Rejected, match="no line with request id"):
        it.connection.ask(broker.CloseLine(epoch, line.request_id))


def test_a_line_whose_close_never_left_is_still_listed(tmp_path: Path) -> None:
    """Its asker died or gave up while the close waited for the pacing; nobody else would ever close it."""
    with bench(tmp_path) as it:
        it.service.start("simulator", SimulatorActor, settings=SimulatorSettings(), directory=tmp_path)
        it.start(pacing=PacingSettings(messages_per_second=2.0, burst=2))
        epoch = it.up().epoch
        line = it.connection.ask(broker.OpenLine(epoch, resolve(it)), timeout=10.0)
        with pytest.raises(AskTimeout):
            it.connection.ask(broker.CloseLine(epoch, line.request_id), timeout=0.1)
        it.connection.ask(broker_account.FetchPositions(), timeout=10.0)  # the pacing's next turn has come and gone
        assert it.connection.ask(broker.GetLiveLines()).items == (line,)
        it.connection.ask(broker.CloseLine(epoch, line.request_id), timeout=10.0)
        assert it.connection.ask(broker.GetLiveLines()).items == ()


def test_lines_that_the_broker_dropped_are_listed_no_more(it: Bench) -> None:
    """A market data actor that restarts after 1101 would otherwise adopt lines that are dead."""
    epoch = it.up().epoch
    contract = resolve(it)
    dead = it.connection.ask(broker.OpenLine(epoch, contract))
    control(it.directory, "code 1101")
    assert it.next(LinkChanged).data_lost
    assert it.connection.ask(broker.GetLiveLines()).items == ()
    line = it.connection.ask(broker.OpenLine(epoch, contract))
    assert line.request_id != dead.request_id
    it.next(broker.TickBatch, lambda batch: line.request_id in batch.requests)
    assert control(it.directory, "status")["clients"][0]["lines"] == ["AAPL"]


def test_bars_come_in_utc_oldest_first(it: Bench) -> None:
    it.up()
    bars = it.connection.ask(broker.FetchBars(resolve(it), None, "1 D", "1 hour", "TRADES", True)).items
    assert len(bars) >= 5
    assert [bar.time for bar in bars] == sorted(bar.time for bar in bars)
    assert all(bar.low <= bar.open <= bar.high for bar in bars)
    assert bars[0].time.utcoffset() is not None


def test_an_order_is_filled_reported_and_found_again(it: Bench) -> None:
    up = it.up()
    order_id = up.next_order_id
    sent = it.connection.ask(sending(up.epoch, order_id, resolve(it), terms("key-1")))
    assert sent.epoch == up.epoch
    report = it.next(broker.OrderReport, lambda report: report.order_id == order_id)
    assert report.terms.key == "key-1"
    assert report.terms.quantity == Decimal(10)
    execution = it.next(broker.ExecutionReport)
    assert (execution.key, execution.side, execution.order_id) == ("key-1", "BUY", order_id)
    commission = it.next(broker.CommissionReport, lambda report: report.exec_id == execution.exec_id)
    assert commission.commission is not None
    it.next(broker.StatusReport, lambda status: status.status == "Filled")
    found = it.connection.ask(broker.FetchExecutions())
    assert execution.exec_id in {item.exec_id for item in found.items}
    positions = it.connection.ask(broker_account.FetchPositions()).items
    assert [(item.contract.symbol, item.quantity) for item in positions] == [("AAPL", Decimal(10))]
    completed = it.connection.ask(broker.FetchCompletedOrders()).items
    assert [(item.terms.key, item.terms.quantity, item.completed) for item in completed] == [("key-1", 10, True)]


def test_a_resting_order_is_open_until_its_cancel(it: Bench) -> None:
    up = it.up()
    contract = resolve(it)
    order_id = up.next_order_id
    it.connection.ask(sending(up.epoch, order_id, contract, terms("rest", limit=10.0)))
    it.next(broker.StatusReport, lambda status: status.status == "Submitted")
    found = it.connection.ask(broker.FetchOpenOrders()).items
    assert [(item.order_id, item.terms.key, item.terms.limit) for item in found] == [(order_id, "rest", 10.0)]
    it.connection.ask(broker.TransmitCancel(up.epoch, order_id))
    it.next(broker.StatusReport, lambda status: status.status == "Cancelled")
    notice = it.next(broker.OrderNotice)
    assert (notice.order_id, notice.code) == (order_id, 202)
    assert it.connection.ask(broker.FetchOpenOrders()).items == ()


def test_an_error_about_an_order_is_a_notice_with_its_id(it: Bench) -> None:
    up = it.up()
    it.connection.ask(broker.TransmitCancel(up.epoch, up.next_order_id + 5))
    assert it.next(broker.OrderNotice).order_id == up.next_order_id + 5


def test_what_cannot_be_encoded_is_refused_before_any_byte(it: Bench) -> None:
    up = it.up()
    with pytest.raises(Rejected) as refused:
        it.connection.ask(sending(up.epoch, up.next_order_id, resolve(it), terms("schlüssel")))
    assert refused.value.kind == "invalid"
    assert it.connection.ask(broker.FetchOpenOrders()).items == ()


@pytest.mark.parametrize(
    ("order_id", "receipt", "why"),
    [(1, 0, "receipt = 0 must be above"), (0, None, "order_id = 0"), (1_000_000_000, None, "order_id = 1000000000")],
)
def test_an_order_without_a_durable_intent_or_with_an_impossible_id_never_leaves(
    it: Bench, order_id: int, receipt: int | None, why: str
) -> None:
    epoch = it.up().epoch
    with pytest.raises(Rejected, match=why) as refused:
        it.connection.ask(sending(epoch, order_id, resolve(it), terms("k"), receipt=receipt))
    assert refused.value.kind == "invalid"
    assert it.connection.ask(broker.FetchOpenOrders()).items == ()


def test_an_account_streams_values_and_profit(it: Bench) -> None:
    epoch = it.up().epoch
    for _ in range(2):  # as an Account that restarts would
        it.connection.ask(broker_account.StreamAccount(epoch, "DU1000001"), timeout=10)
        it.next(broker_account.AccountValueReport, lambda value: value.key == "NetLiquidation")
        it.next(broker_account.PnLReport, lambda report: report.con_id == 0)
    contract = resolve(it)
    it.connection.ask(broker_account.StreamPositionPnL(epoch, "DU1000001", contract.con_id))
    it.next(broker_account.PnLReport, lambda report: report.con_id == contract.con_id)


def test_questions_answered_without_an_id_do_not_mix(it: Bench) -> None:
    up = it.up()
    it.connection.ask(sending(up.epoch, up.next_order_id, resolve(it), terms("rest", limit=10.0)))
    futures = [it.connection.ask_future(broker.FetchOpenOrders()) for _ in range(5)]
    assert [len(future.result(5).items) for future in futures] == [1] * 5


def test_a_request_of_another_epoch_is_refused(it: Bench) -> None:
    up = it.up()
    with pytest.raises(Rejected) as refused:
        it.connection.ask(sending(up.epoch + 1, up.next_order_id, resolve(it), terms("k")))
    assert refused.value.kind == "session_down"


def test_a_lost_session_is_told_and_the_next_has_the_next_epoch(it: Bench) -> None:
    it.up()
    control(it.directory, "down")
    down = it.next(SessionDown)
    assert down.epoch == 1
    with pytest.raises(Rejected) as refused:
        it.connection.ask(broker_account.FetchPositions())
    assert refused.value.kind == "session_down"
    waiting = it.view(lambda view: view.state == "waiting" and "refused" in view.reason)
    assert waiting.retry_at is not None
    control(it.directory, "up")
    it.next(SessionUp, lambda up: up.epoch == 2)
    assert {it.next(BrokerNotice).code for _ in range(2)} <= {2104, 2106, 2107, 2158}
    view = it.view()
    assert (view.state, view.reconnects, view.reason) == ("up", 1, "")
    assert it.connection.ask(broker.GetLiveLines()).items == ()


def test_the_epoch_rises_over_a_crash(it: Bench) -> None:
    assert it.up().epoch == 1
    it.service.kill("connection")
    it.start()
    assert it.up(epoch=2)
    assert orjson.loads((it.directory / "connection.json").read_bytes()) == {"epoch": 2}


def test_the_brokers_own_outage_degrades_the_session_and_raises_the_generation(it: Bench) -> None:
    it.up()
    control(it.directory, "code 1100")
    assert not it.next(LinkChanged).up
    assert it.view().state == "degraded"
    control(it.directory, "code 1101")
    back = it.next(LinkChanged)
    assert (back.up, back.data_lost, back.generation) == (True, True, 1)
    control(it.directory, "code 1102")
    again = it.next(LinkChanged)
    assert (again.up, again.data_lost, again.generation) == (True, False, 1)
    assert it.view().state == "up"


def test_garbage_from_the_gateway_ends_the_session_and_a_new_one_begins(it: Bench) -> None:
    it.up()
    control(it.directory, "garbage")
    assert "does not speak the TWS protocol" in it.next(SessionDown).reason
    it.next(SessionUp, lambda up: up.epoch == 2)

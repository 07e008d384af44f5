"""What the rules of risk add to an order, beside the commit of its intent without them, in turns in the same run.

One process, the real journal with its fsync, the real rules with default limits over an account that holds contracts
and has orders working. With the rules an order is judged and its decision is written with the intent; without them
the intent alone is. Reads of the gate and the way to the broker are the same for both and left out.
"""

from __future__ import annotations

import logging
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from actors.domain.order_state import OrderState
from actors.messages.broker import OrderTerms
from actors.messages.broker_account import PositionReport
from actors.messages.market import Contract, ContractDetails, Quote
from actors.messages.risk import Mark, RiskFigures
from actors.orders.figures import Figures
from actors.orders.journal import Journal
from actors.orders.market_hours import MarketHours
from actors.orders.records import Records
from actors.orders.risk_desk import Question, RiskDesk
from actors.orders.risk_limits import LimitBook
from benchmarks.report import Row, percentile
from config.settings import RiskSettings
from supervision import clock
from supervision.reactor import Reactor
from supervision.uplink import Uplink

TITLE = "an order's intent, durable, with the rules of risk and without"
ACCOUNT, SYMBOL, PRICE = "DU1", "AAPL", 150.0
HOLDINGS, WORKING = 10, 10
PAIRS = 400
WARM_UP = 40
RICH = Decimal(10_000_000)
LIMITS: Final[dict[str, Any]] = {
    "max_position_value": RICH,
    "max_gross_exposure": RICH,
    "orders_per_minute": None,
    "orders_per_minute_each": None,
    "orders_per_day": None,
    "duplicate_window": 0,
}
"""As they are by default, but for what many orders in a row would reach."""


def measure() -> list[Row]:
    """Latency of the commit with and without the rules, and what the rules take by themselves."""
    with tempfile.TemporaryDirectory(prefix="nd-") as home:
        bench = _Bench(Path(home))
        with_rules, without, deciding = [], [], []
        for number in range(PAIRS + WARM_UP):
            pair = bench.without(f"bare-{number}"), bench.with_rules(f"ruled-{number}")
            if number >= WARM_UP:
                without.append(pair[0])
                with_rules.append(pair[1][0])
                deciding.append(pair[1][1])
    rows = []
    for share in (0.5, 0.99):
        bare, ruled = percentile(without, share), percentile(with_rules, share)
        rows.append(
            Row(
                f"decided and committed, p{share * 100:.0f} ({PAIRS})",
                f"{ruled * 1e6:.0f} us", "the bare commit", f"{bare * 1e6:.0f} us",
                f"{(ruled - bare) * 1e6:+.0f} us",
            )
        )  # fmt: skip
    what = f"the decision alone, {HOLDINGS} positions and {WORKING} working orders, p50"
    rows.append(Row(what, f"{percentile(deciding, 0.5) * 1e6:.0f} us", "accepted", "100 us"))
    return rows


class _Bench:
    """Order's memory and desk without its process."""

    def __init__(self, directory: Path) -> None:
        log, reactor = logging.getLogger("benchmark"), Reactor()
        self._records = Records(
            Journal(directory / "orders.db"),
            reactor=reactor,
            publish=lambda *_: None,
            changed=lambda _: None,
            health=lambda: None,
            log=log,
        )
        figures = Figures(lambda: None)
        self._desk = RiskDesk(
            records=self._records,
            figures=figures,
            hours=MarketHours(connection=cast(Uplink, None), calendar=None, log=log),  # always open: asks nobody
            limits=LimitBook(RiskSettings(**LIMITS), {}, 30.0),
            only_reducing=str,
        )
        contracts = [Contract(f"S{number}", con_id=number) for number in range(1, HOLDINGS + 1)]
        figures.hear(_figures(contracts))
        listed = (PositionReport(1, ACCOUNT, one, Decimal(10), 90.0) for one in contracts)
        self._records.book.holdings.confirmed(listed, frozenset(), time.monotonic())
        for number, contract in enumerate(contracts[:WORKING]):
            self._desk.intended(self._order(f"working-{number}", contract))
        self._details = ContractDetails(Contract(SYMBOL, con_id=265598))

    def without(self, key: str) -> float:
        """Seconds to commit an intent."""
        order = self._order(key, self._details.contract)
        began = time.perf_counter()
        self._records.intend((order,), {key: {}})
        return time.perf_counter() - began

    def with_rules(self, key: str) -> tuple[float, float]:
        """Seconds to decide about an order and commit its intent with the decision, and to decide alone."""
        order = self._order(key, self._details.contract)
        quote = Quote(SYMBOL, 265598, bid=PRICE - 0.01, ask=PRICE + 0.01, last=PRICE, age=0.1, state="live")
        began = time.perf_counter()
        ruling = self._desk.rule(Question(order.terms, "", self._details, quote))
        decided = time.perf_counter()
        self._records.intend((order,), {key: ruling.kept()})
        ended = time.perf_counter()
        self._desk.intended(order)  # once the order is on its way
        assert not ruling.refusals, ruling.decision()
        self._desk.heard(msgspec.structs.replace(order, reported="CANCELLED"))  # it does not work on
        return ended - began, decided - began

    def _order(self, key: str, contract: Contract) -> OrderState:
        now = clock.now()
        terms = OrderTerms(ACCOUNT, "BUY", Decimal(10), "LMT", PRICE, None, "DAY", key)
        order_id = self._records.book.next_id()
        assert order_id is not None
        return OrderState(
            key=key, order_id=order_id, client_id=17, contract=contract, terms=terms, strategy="", created=now,
            updated=now,
        )  # fmt: skip


def _figures(contracts: list[Contract]) -> RiskFigures:
    marks = tuple(Mark(one.con_id, one.symbol, "STK", "USD", Decimal(10), Decimal(1000)) for one in contracts)
    rates = {"USD": Decimal(1)}
    return RiskFigures(ACCOUNT, "USD", True, RICH, RICH, RICH, Decimal(0), rates, marks, clock.now())

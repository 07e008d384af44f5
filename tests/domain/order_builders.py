"""Short ways to say what an order is and what the broker says of it, for the tests of orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from actors.domain.order_state import OrderState
from actors.messages.broker import ExecutionReport, OrderReport, OrderTerms, StatusReport
from actors.messages.market import Contract, ContractDetails, Quote

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
AAPL = Contract("AAPL", con_id=265598)
OUR_CLIENT = 17


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def terms(**changes: Any) -> OrderTerms:
    values: dict[str, Any] = {
        "account": "DU1",
        "side": "BUY",
        "quantity": Decimal(10),
        "order_type": "LMT",
        "limit": 150.0,
        "stop": None,
        "tif": "DAY",
        "key": "k1",
    }
    return OrderTerms(**(values | changes))


def order(**changes: Any) -> OrderState:
    values: dict[str, Any] = {
        "key": "k1",
        "order_id": 5,
        "client_id": OUR_CLIENT,
        "contract": AAPL,
        "terms": terms(),
        "strategy": "s",
        "created": START,
        "updated": START,
    }
    return OrderState(**(values | changes))


def order_report(status: str, **changes: Any) -> OrderReport:
    values: dict[str, Any] = {
        "epoch": 1,
        "sequence": 1,
        "order_id": 5,
        "client_id": OUR_CLIENT,
        "perm_id": 900,
        "contract": AAPL,
        "terms": terms(),
        "status": status,
    }
    return OrderReport(**(values | changes))


def completed_report(status: str, **changes: Any) -> OrderReport:
    return order_report(status, **({"order_id": 0, "client_id": 0, "completed": True} | changes))


def status_report(status: str, **changes: Any) -> StatusReport:
    values: dict[str, Any] = {
        "epoch": 1,
        "sequence": 1,
        "order_id": 5,
        "client_id": OUR_CLIENT,
        "perm_id": 900,
        "status": status,
        "filled": Decimal(0),
        "remaining": Decimal(10),
        "average_price": None,
        "why_held": "",
    }
    return StatusReport(**(values | changes))


def execution_report(exec_id: str, quantity: int, price: float = 150.0, **changes: Any) -> ExecutionReport:
    values: dict[str, Any] = {
        "epoch": 1,
        "sequence": 1,
        "exec_id": exec_id,
        "order_id": 5,
        "client_id": OUR_CLIENT,
        "perm_id": 900,
        "key": "k1",
        "account": "DU1",
        "contract": AAPL,
        "side": "BOT",
        "quantity": Decimal(quantity),
        "price": price,
        "cumulative": Decimal(quantity),
        "exchange": "SMART",
        "time": START,
    }
    return ExecutionReport(**(values | changes))


def details(**changes: Any) -> ContractDetails:
    return ContractDetails(**({"contract": AAPL} | changes))


def quote(**changes: Any) -> Quote:
    values = {"symbol": "AAPL", "con_id": 265598, "bid": 149.9, "ask": 150.1, "last": 150.0, "age": 0.1}
    return Quote(**(values | {"state": "live"} | changes))

"""Executions on request: of today, or at 200 of earlier days too, as the request's filter lets them through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from simulator.exchange.exchange import Exchange
from simulator.exchange.orders import Execution
from simulator.market.hours import parse_stamp, trading_day
from simulator.refusal import invalid
from simulator.session import Session
from simulator.wire import order_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.requests import ExecutionFilter, read_execution_filter

_MOST_DAYS = 7


class ExecutionService:
    """Answers request 7: executions first, then their commissions, then the end."""

    def __init__(self, exchange: Exchange, clock: Callable[[], float]) -> None:
        self._exchange = exchange
        self._clock = clock

    def answer(self, session: Session, fields: Fields) -> None:
        """Send what passes the filter. Raises `Refused` for a filter that makes no sense."""
        fields.skip()
        request_id = fields.integer("reqId")
        wanted = read_execution_filter(fields, session.version)
        since = parse_stamp(wanted.since) if wanted.since else 0.0
        if since is None:
            raise invalid(f"Filter time {wanted.since!r} is not a time", "bS")
        found = [execution for execution in self._of_days(wanted) if _passes(execution, wanted, since)]
        for execution in found:
            session.send(wire.execution(execution, session.version, request_id))
        for execution in found:
            if not execution.instrument.legs:
                session.send(wire.commission_report(execution))
        session.send(wire.executions_end(request_id))

    def _of_days(self, wanted: ExecutionFilter) -> Iterable[Execution]:
        today = trading_day(self._clock())
        if wanted.days is not None:
            if not 0 <= wanted.days <= _MOST_DAYS:
                raise invalid(f"lastNDays is {wanted.days}, at most {_MOST_DAYS} days are kept", "bS")
            return self._exchange.fills.since(today - timedelta(wanted.days))
        if not wanted.dates:
            return self._exchange.executions
        days = {_day(text) for text in wanted.dates}
        return [fill for fill in self._exchange.fills.since(min(days)) if trading_day(fill.time) in days]


def _day(text: str) -> date:
    moment = parse_stamp(text)
    if moment is None:
        raise invalid(f"Filter date {text[:40]!r} is not a date", "bS")
    return trading_day(moment)


def _passes(execution: Execution, wanted: ExecutionFilter, since: float) -> bool:
    item = execution.instrument
    side = {"BOT": "BUY", "SLD": "SELL"}.get(wanted.side.upper(), wanted.side.upper())
    return (
        (not wanted.client_id or wanted.client_id == execution.client_id)
        and (not wanted.account or wanted.account == execution.account)
        and execution.time >= since
        and (not wanted.symbol or wanted.symbol == item.symbol)
        and (not wanted.sec_type or wanted.sec_type == item.sec_type)
        and (not wanted.exchange or wanted.exchange in {execution.exchange, "SMART"})
        and (not side or side == execution.action)
    )

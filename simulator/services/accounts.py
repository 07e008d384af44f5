"""Account values, portfolio, positions, summary, profit and loss: asked once, then followed.

Positions and portfolio follow each fill at once; values and profit are looked at by `tick` and sent where
they changed. What a client follows ends with its session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.exchange.account import Account, Position, Valued
from simulator.exchange.orders import Execution
from simulator.market.market import Market
from simulator.refusal import invalid
from simulator.services.account_values import account_values, summary_values
from simulator.services.reference import Handler
from simulator.session import Session
from simulator.wire import account_messages as wire
from simulator.wire.fields import Fields

VALUES_EVERY = 3.0
PROFIT_EVERY = 1.0


@dataclass
class _Follower:
    """One client: what it follows by request id, and the last messages sent for each."""

    session: Session
    updates: bool = False
    positions: bool = False
    summaries: dict[int, str] = field(default_factory=dict)
    multi_updates: dict[int, str] = field(default_factory=dict)
    multi_positions: dict[int, str] = field(default_factory=dict)
    profits: set[int] = field(default_factory=set)
    single_profits: dict[int, int] = field(default_factory=dict)
    sent: dict[object, set[bytes]] = field(default_factory=dict)

    def send_news(self, topic: object, payloads: list[bytes]) -> bool:
        """Send the messages that were not part of the last round; whether there were any."""
        old = self.sent.get(topic, set())
        news = [payload for payload in payloads if payload not in old]
        self.sent[topic] = set(payloads)
        self.session.send(*news)
        return bool(news)


class AccountService:
    """Who follows what of the one account."""

    def __init__(self, account: Account, market: Market, clock: Callable[[], float]) -> None:
        self._account = account
        self._market = market
        self._clock = clock
        self._followers: dict[Session, _Follower] = {}
        self._values_due = self._profit_due = 0.0
        self.handlers: dict[int, Handler] = {
            6: self._updates,
            61: self._positions,
            64: self._cancel_positions,
            62: self._summary,
            63: self._canceller("summaries"),
            74: self._multi_positions,
            75: self._canceller("multi_positions"),
            76: self._multi_updates,
            77: self._canceller("multi_updates"),
            92: self._profit,
            93: self._cancel_profit,
            94: self._single_profit,
            95: self._cancel_single_profit,
        }

    def forget(self, session: Session) -> None:
        """The session is over."""
        self._followers.pop(session, None)

    def filled(self, execution: Execution) -> None:
        """A fill was booked: positions and portfolio changed."""
        position = self._account.positions[execution.instrument.con_id]
        name = self._account.name
        for follower in self._followers.values():
            if follower.updates:
                follower.session.send(wire.portfolio_value(self._account.valued(position), name))
            if follower.positions:
                follower.session.send(wire.position(position, name))
            for request_id, model in follower.multi_positions.items():
                follower.session.send(wire.position_multi(request_id, position, name, model))
        self._values_due = self._profit_due = 0.0

    def tick(self) -> None:
        """Send what changed: profit every second, values every few seconds, both after fills."""
        now = self._clock()
        values, profits = now >= self._values_due, now >= self._profit_due
        if values:
            self._values_due = now + VALUES_EVERY
        if profits:
            self._profit_due = now + PROFIT_EVERY
        for follower in self._followers.values():
            if follower.session.congested:
                continue
            if profits:
                self._send_profits(follower)
            if values:
                self._send_values(follower)

    # --- requests ---

    def _updates(self, session: Session, fields: Fields) -> None:
        fields.skip()
        follower = self._follower(session)
        follower.updates = fields.flag("subscribe")
        follower.sent.pop("updates", None)
        if follower.updates:
            self._check_account(fields.text("acctCode"), "bO")
            self._send_updates(follower)
            session.send(wire.account_time(self._clock()), wire.account_download_end(self._account.name))

    def _positions(self, session: Session, _: Fields) -> None:
        self._follower(session).positions = True
        session.send(*(wire.position(held, self._account.name) for held in self._held()), wire.POSITION_END)

    def _cancel_positions(self, session: Session, _: Fields) -> None:
        self._follower(session).positions = False

    def _summary(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        fields.skip()  # the group: there is one account, any group holds it
        follower = self._follower(session)
        follower.summaries[request_id] = fields.text("tags")
        self._send_summary(follower, request_id)
        session.send(wire.account_summary_end(request_id))

    def _multi_positions(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        self._check_account(fields.text("account"), "cD")
        model = fields.text("modelCode")
        self._follower(session).multi_positions[request_id] = model
        name = self._account.name
        session.send(*(wire.position_multi(request_id, held, name, model) for held in self._held()))
        session.send(wire.position_multi_end(request_id))

    def _multi_updates(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        self._check_account(fields.text("account"), "cE")
        follower = self._follower(session)
        follower.multi_updates[request_id] = fields.text("modelCode")
        self._send_multi_updates(follower, request_id)
        session.send(wire.account_update_multi_end(request_id))

    def _profit(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        self._check_account(fields.text("account"), "cF")
        follower = self._follower(session)
        follower.profits.add(request_id)
        self._send_profits(follower)

    def _single_profit(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        self._check_account(fields.text("account"), "cG")
        fields.skip()
        con_id = fields.integer("conId")
        if self._market.universe.get(con_id) is None:
            raise invalid(f"Invalid contract id {con_id}", "cG")
        follower = self._follower(session)
        follower.single_profits[request_id] = con_id
        self._send_profits(follower)

    def _cancel_profit(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        follower = self._follower(session)
        follower.profits.discard(request_id)
        follower.sent.pop(("profit", request_id), None)

    def _cancel_single_profit(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        follower = self._follower(session)
        follower.single_profits.pop(request_id, None)
        follower.sent.pop(("single", request_id), None)

    def _canceller(self, what: str) -> Handler:
        def cancel(session: Session, fields: Fields) -> None:
            fields.skip()
            request_id = fields.integer("reqId")
            follower = self._follower(session)
            getattr(follower, what).pop(request_id, None)
            follower.sent.pop((what, request_id), None)

        return cancel

    # --- inside ---

    def _follower(self, session: Session) -> _Follower:
        return self._followers.setdefault(session, _Follower(session))

    def _check_account(self, account: str, where: str) -> None:
        if account not in {"", "All", self._account.name}:
            raise invalid(f"Invalid account code '{account}'", where)

    def _held(self) -> list[Position]:
        return [position for position in self._account.positions.values() if position.quantity]

    def _send_values(self, follower: _Follower) -> None:
        if follower.updates and self._send_updates(follower):
            follower.session.send(wire.account_time(self._clock()))
        for request_id in follower.summaries:
            self._send_summary(follower, request_id)
        for request_id in follower.multi_updates:
            self._send_multi_updates(follower, request_id)

    def _send_updates(self, follower: _Follower) -> bool:
        name = self._account.name
        payloads = [wire.account_value(*value, name) for value in account_values(self._account)]
        payloads += [wire.portfolio_value(valued, name) for valued in self._account.portfolio()]
        return follower.send_news("updates", payloads)

    def _send_summary(self, follower: _Follower, request_id: int) -> None:
        values = summary_values(self._account, follower.summaries[request_id])
        payloads = [wire.account_summary(request_id, self._account.name, *value) for value in values]
        follower.send_news(("summaries", request_id), payloads)

    def _send_multi_updates(self, follower: _Follower, request_id: int) -> None:
        model, name = follower.multi_updates[request_id], self._account.name
        values = account_values(self._account)
        payloads = [wire.account_update_multi(request_id, name, model, *value) for value in values]
        follower.send_news(("multi_updates", request_id), payloads)

    def _send_profits(self, follower: _Follower) -> None:
        if follower.profits:
            figures = self._account.figures()
            totals = figures["DailyPnL"], figures["UnrealizedPnL"], figures["RealizedPnL"]
            for request_id in follower.profits:
                follower.send_news(("profit", request_id), [wire.profit(request_id, *totals)])
        for request_id, con_id in follower.single_profits.items():
            valued = self._valued(con_id)
            if valued is not None:
                follower.send_news(("single", request_id), [wire.profit_single(request_id, valued)])

    def _valued(self, con_id: int) -> Valued | None:
        item = self._market.universe.get(con_id)
        position = self._account.positions.get(con_id) or (Position(item) if item else None)
        return self._account.valued(position) if position else None

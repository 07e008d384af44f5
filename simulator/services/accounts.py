"""Account values, portfolio, positions, summary, profit and loss: asked once, then followed.

What a client follows ends with its session, and when the gateway's own connection comes back with data lost
(1101). While that connection is broken (1100) nothing is told. A congested client is told when it has caught up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.clock import Clock
from simulator.exchange.accounts import Accounts
from simulator.exchange.orders import Execution
from simulator.exchange.positions import Position
from simulator.market.universe import Universe
from simulator.refusal import Refused, invalid
from simulator.services.account_streams import (
    MultiPositions,
    MultiUpdates,
    Positions,
    Profit,
    SingleProfit,
    Stream,
    Summary,
    Updates,
)
from simulator.services.account_values import View
from simulator.services.reference import Handler
from simulator.session import Session
from simulator.wire import account_messages as wire
from simulator.wire.fields import Fields

ALL = "All"
_SUMMARIES = 2
_Key = tuple[type[Stream], int]


class AccountService:
    """Who follows what of which account: by session, kind and request id (0 for kinds without one)."""

    def __init__(self, accounts: Accounts, universe: Universe, clock: Clock, linked: Callable[[], bool]) -> None:
        self._accounts = accounts
        self._universe = universe
        self._clock = clock
        self._linked = linked
        self._followed: dict[Session, dict[_Key, Stream]] = {}
        self.handlers: dict[int, Handler] = {
            6: self._follow_updates,
            61: self._follow_positions,
            62: self._follow_summary,
            63: self._canceller(Summary),
            64: lambda session, _fields: self._forget(session, Positions),
            74: self._follow_multi_positions,
            75: self._canceller(MultiPositions),
            76: self._follow_multi_updates,
            77: self._canceller(MultiUpdates),
            92: self._follow_profit,
            93: self._canceller(Profit, versions=0),
            94: self._follow_single_profit,
            95: self._canceller(SingleProfit, versions=0),
        }

    def lose(self, session: Session) -> None:
        """A client follows nothing any more: it is gone, or was told 1101."""
        self._followed.pop(session, None)

    def filled(self, execution: Execution) -> None:
        """A fill was booked: positions and portfolio are told at once, values and profit with the next step."""
        account, now = self._accounts[execution.account], self._clock.monotonic()
        position = account.positions[execution.instrument.con_id]
        for stream in self._streams():
            if account.name in stream.accounts:
                stream.due = min(stream.due, now)
                if self._linked():
                    stream.tell_fill(account, position)

    def tick(self) -> None:
        """Send what changed of the streams that are due."""
        if not self._linked():
            return
        now, look = self._clock.monotonic(), self._look()
        for stream in self._streams():
            if stream.due <= now and not stream.session.congested:
                stream.tell(look)
                stream.due = now + stream.every

    # --- requests ---

    def _follow_updates(self, session: Session, fields: Fields) -> None:
        fields.skip()
        if not fields.flag("subscribe"):
            self._forget(session, Updates)
            return
        name = self._one(fields.text("acctCode"), "bO")
        former = self._followed.get(session, {}).get((Updates, 0))
        if former is not None and former.accounts != (name,):
            session.error(-1, 2100, "API client has been unsubscribed from account data.")
        self._follow(Updates(session, name, self._clock.now))
        session.send(wire.account_download_end(name))

    def _follow_positions(self, session: Session, _: Fields) -> None:
        self._follow(Positions(session, self._accounts.names))
        session.send(wire.POSITION_END)

    def _follow_summary(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id, names = fields.integer("reqId"), self._several(fields.text("group"), "b1")
        self._require_new(session, Summary, request_id)
        if sum(kind is Summary for kind, _ in self._followed.get(session, {})) >= _SUMMARIES:
            raise Refused(
                322,
                "Error processing request.-'b1' : cause - Maximum number of account summary requests exceeded; "
                "desubscribe to previous request first",
            )
        self._follow(Summary(session, names, request_id, fields.text("tags")))
        session.send(wire.account_summary_end(request_id))

    def _follow_multi_positions(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id, names = fields.integer("reqId"), self._several(fields.text("account"), "cD")
        self._require_new(session, MultiPositions, request_id)
        self._follow(MultiPositions(session, names, request_id, fields.text("modelCode")))
        session.send(wire.position_multi_end(request_id))

    def _follow_multi_updates(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id, names = fields.integer("reqId"), self._several(fields.text("account"), "cE")
        self._require_new(session, MultiUpdates, request_id)
        self._follow(MultiUpdates(session, names, request_id, fields.text("modelCode")))
        session.send(wire.account_update_multi_end(request_id))

    def _follow_profit(self, session: Session, fields: Fields) -> None:
        request_id, names = fields.integer("reqId"), self._several(fields.text("account"), "cq")
        self._require_new(session, Profit, request_id)
        self._follow(Profit(session, names, request_id))

    def _follow_single_profit(self, session: Session, fields: Fields) -> None:
        request_id, name = fields.integer("reqId"), self._one(fields.text("account"), "cq")
        fields.skip()
        con_id = fields.integer("conId")
        item = self._universe.get(con_id)
        if item is None or item.legs:
            raise invalid(f"Invalid contract id {con_id}", "cG")
        self._require_new(session, SingleProfit, request_id)
        self._follow(SingleProfit(session, name, request_id, Position(item)))

    def _canceller(self, kind: type[Stream], versions: int = 1) -> Handler:
        """Ends a stream; gateways acknowledge nothing, also when there was none."""

        def cancel(session: Session, fields: Fields) -> None:
            fields.skip(versions)
            self._forget(session, kind, fields.integer("reqId"))

        return cancel

    # --- inside ---

    def _streams(self) -> Iterator[Stream]:
        return (stream for followed in self._followed.values() for stream in followed.values())

    def _follow(self, stream: Stream) -> None:
        """Keep a stream, in the place of a former one, and tell what it has to tell."""
        self._followed.setdefault(stream.session, {})[type(stream), stream.request_id] = stream
        stream.tell(self._look())
        stream.due = self._clock.monotonic() + stream.every

    def _forget(self, session: Session, kind: type[Stream], request_id: int = 0) -> None:
        self._followed.get(session, {}).pop((kind, request_id), None)

    def _require_new(self, session: Session, kind: type[Stream], request_id: int) -> None:
        if (kind, request_id) in self._followed.get(session, {}):
            raise Refused(322, "Error processing request.-'bR' : cause - Duplicate ticker id")

    def _look(self) -> Callable[[str], View]:
        views: dict[str, View] = {}
        return lambda name: views.setdefault(name, View(self._accounts[name]))

    def _one(self, account: str, where: str) -> str:
        """The account of a request that is about one; empty means the only one there is."""
        if account not in {"", ALL}:
            return self._several(account, where)[0]
        if len(self._accounts) > 1:
            raise invalid("The account code is required for this operation.", where)
        return self._accounts.names[0]

    def _several(self, account: str, where: str) -> tuple[str, ...]:
        """The accounts of a request that may be about all."""
        if account in {"", ALL}:
            return self._accounts.names
        if account not in self._accounts:
            raise invalid(f"Invalid account code '{account}'", where)
        return (account,)

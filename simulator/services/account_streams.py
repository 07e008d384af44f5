"""What a client may follow of the accounts, each kind a stream: its messages now, and what a fill changes at once.

A stream sends what differs from its last round. Values are looked at every three minutes and after each fill,
profit and loss every second (IBKR Campus, "Account & Portfolio Data"), of true time, however fast the calendar runs;
positions change with fills alone.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property

from simulator.exchange.account import Account
from simulator.exchange.positions import Position
from simulator.services.account_values import View, account_values, summary_values
from simulator.session import Session
from simulator.wire import account_messages as wire

VALUES_EVERY = 180.0
PROFIT_EVERY = 1.0


Look = Callable[[str], View]
"""Shows an account as it is now."""


class Stream(ABC):
    """One request of one session for one or more accounts."""

    every = VALUES_EVERY

    def __init__(self, session: Session, accounts: Sequence[str], request_id: int = 0, model: str = "") -> None:
        self.session = session
        self.accounts = tuple(accounts)
        self.request_id = request_id
        self.model = model
        self.due = -math.inf
        self._sent: set[bytes] = set()

    @abstractmethod
    def messages(self, look: Look) -> list[bytes]:
        """The state of all that is followed."""

    def changes(self, _account: Account, _position: Position, /) -> list[bytes]:
        """What a fill changes that is told at once."""
        return []

    def tell_fill(self, account: Account, position: Position) -> None:
        """Send what a fill changed."""
        news = self.changes(account, position)
        self._sent.update(news)
        self.session.send(*news)

    def tell(self, look: Look) -> bool:
        """Send what is not as it was in the last round; whether there was anything."""
        now = self.messages(look)
        news = [payload for payload in now if payload not in self._sent]
        self._sent = set(now)
        self.session.send(*news)
        return bool(news)


class Updates(Stream):
    """Values and portfolio of one account (6, 7, 8)."""

    def __init__(self, session: Session, account: str, clock: Callable[[], float]) -> None:
        super().__init__(session, [account])
        self._clock = clock

    def messages(self, look: Look) -> list[bytes]:
        (name,) = self.accounts
        view = look(name)
        values = [wire.account_value(*value, name) for value in account_values(view)]
        return values + [wire.portfolio_value(valued, name) for valued in view.portfolio]

    def changes(self, account: Account, position: Position) -> list[bytes]:
        return [wire.portfolio_value(account.valued(position), account.name)]

    def tell(self, look: Look) -> bool:
        told = super().tell(look)
        if told:
            self.session.send(wire.account_time(self._clock()))
        return told


class Summary(Stream):
    """The values of a summary request (63), account after account."""

    def __init__(self, session: Session, accounts: Sequence[str], request_id: int, tags: str) -> None:
        super().__init__(session, accounts, request_id)
        self._tags = tags

    def messages(self, look: Look) -> list[bytes]:
        return [
            wire.account_summary(self.request_id, name, *value)
            for name in self.accounts
            for value in summary_values(look(name), self._tags)
        ]


class MultiUpdates(Stream):
    """Values of accounts (73). No account here has models, so one that is named has no values."""

    def messages(self, look: Look) -> list[bytes]:
        return [
            wire.account_update_multi(self.request_id, name, self.model, *value)
            for name in self.accounts
            for value in (() if self.model else account_values(look(name)))
        ]


class Positions(Stream):
    """Positions of every account (61)."""

    every = math.inf

    def messages(self, look: Look) -> list[bytes]:
        return [self._told(held, name) for name in self.accounts for held in self._listed(look(name).account)]

    def changes(self, account: Account, position: Position) -> list[bytes]:
        self._shown.add((account.name, position.instrument.con_id))
        return [self._told(position, account.name)]

    @cached_property
    def _shown(self) -> set[tuple[str, int]]:
        """What was told of already, so that the client has to hear when it is flat."""
        return set()

    def _listed(self, account: Account) -> list[Position]:
        found = []
        for con_id, position in account.positions.items():
            if position.quantity or (account.name, con_id) in self._shown:
                self._shown.add((account.name, con_id))
                found.append(position)
        return found

    def _told(self, position: Position, name: str) -> bytes:
        return wire.position(position, name)


class MultiPositions(Positions):
    """Positions of accounts (71). No account here has models, so one that is named has no positions."""

    def _listed(self, account: Account) -> list[Position]:
        return [] if self.model else super()._listed(account)

    def changes(self, account: Account, position: Position) -> list[bytes]:
        return [] if self.model else super().changes(account, position)

    def _told(self, position: Position, name: str) -> bytes:
        return wire.position_multi(self.request_id, position, name, self.model)


class Profit(Stream):
    """Profit and loss of accounts, added up (94)."""

    every = PROFIT_EVERY

    def messages(self, look: Look) -> list[bytes]:
        totals = [
            sum((look(name).figures[tag] for name in self.accounts), Decimal(0))
            for tag in ("DailyPnL", "UnrealizedPnL", "RealizedPnL")
        ]
        return [wire.profit(self.request_id, *totals)]


class SingleProfit(Stream):
    """Profit and loss of one position (95)."""

    every = PROFIT_EVERY

    def __init__(self, session: Session, account: str, request_id: int, empty: Position) -> None:
        super().__init__(session, [account], request_id)
        self._empty = empty

    def messages(self, look: Look) -> list[bytes]:
        (name,) = self.accounts
        account = look(name).account
        position = account.positions.get(self._empty.instrument.con_id, self._empty)
        return [wire.profit_single(self.request_id, account.valued(position))]

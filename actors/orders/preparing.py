"""What must be known before an order is decided, beside contract and quote: when it trades, what its account has.

As a rule both are at hand. After a start Account may not have told anything yet: that is waited for, a little, since
without a base currency no money limit can be kept. What is not known by then the rules refuse, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from actors.messages.market import ContractDetails
from actors.orders.figures import Figures
from actors.orders.market_hours import MarketHours
from actors.orders.risk_limits import LimitBook
from supervision.reactor import Reactor

FIGURES_SECONDS: Final = 3.0

Ready = Callable[[], None]


class _Wait:
    """An order that waits for what its account is worth; once it went on nothing calls it again."""

    def __init__(self, account: str, ready: Ready) -> None:
        self.account = account
        self.ready: Ready | None = ready

    def go_on(self) -> None:
        """Decide by what is known now."""
        ready, self.ready = self.ready, None
        if ready is not None:
            ready()


class Preparing:
    """Waits for hours and figures."""

    def __init__(self, hours: MarketHours, figures: Figures, limits: LimitBook, reactor: Reactor) -> None:
        self._hours = hours
        self._figures = figures
        self._limits = limits
        self._reactor = reactor
        self._waiting: list[_Wait] = []

    def prepare(self, several: Iterable[ContractDetails], account: str, ready: Ready) -> None:
        """Call `ready` once, perhaps at once, when what can be known of contracts and account is known."""
        then = partial(self._await_figures, account, ready)
        if self._limits.of("").market_hours:
            self._hours.prepare(several, then)
        else:
            then()

    def figures_changed(self) -> None:
        """Account told something."""
        known = [wait for wait in self._waiting if self._known(wait.account)]
        self._waiting = [wait for wait in self._waiting if wait not in known and wait.ready is not None]
        for wait in known:
            wait.go_on()

    def _await_figures(self, account: str, ready: Ready) -> None:
        if self._known(account):
            ready()
            return
        wait = _Wait(account, ready)
        self._waiting.append(wait)
        self._reactor.after(FIGURES_SECONDS, wait.go_on)

    def _known(self, account: str) -> bool:
        figures = self._figures.of(account)
        return figures is not None and figures.currency != ""

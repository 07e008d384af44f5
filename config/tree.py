"""The supervisor tree as data: who runs, in which order, and what a failure means.

Actors are named as "module:Class" and imported by their own process alone, so the supervisor stays
light. Start runs from left to right, stop in reverse: the market's simulator is up before anyone
dials it and gone last; strategies stop before the order desk drains.
"""

from __future__ import annotations

from pathlib import Path

from config.errors import Problem, SettingsError
from config.settings import Settings, StrategyRisk, StrategySettings
from supervision.backoff import Backoff
from supervision.errors import SpecError
from supervision.spec import ChildSpec, Exhausted, Restart, SupervisorSpec

MESSAGES = "actors.messages:MESSAGES"
"""The registry of what processes may say to each other."""

PRELOAD = (
    "msgspec",
    "orjson",
    "pydantic",
    "pykka",
    "sqlite3",
    "actors.messages",
    "actors.connection",
    "actors.market_data",
    "actors.account",
    "actors.order",
    "actors.state",
    "actors.strategy",
    "simulator.actor",
)
"""What the fork server imports once, so that a restarted actor need not; none of it starts a thread."""


def build(settings: Settings, directory: Path, *, log_file: Path | None = None, safe: bool = False) -> SupervisorSpec:
    """The tree for these settings, its files in `directory`. With `log_file` the terminal's live view runs
    and names it; `safe` leaves every strategy parked. Raises SettingsError when no working tree comes of them.
    """
    tree = _Builder(settings, directory)
    try:
        return tree.root(log_file, safe=safe)
    except SpecError as error:
        problem = Problem(
            f"supervision ({error.field})",
            error.value,
            "all layers",
            error.rule,
            "change intensity, period or backoff under `supervision`",
        )
        raise SettingsError(problem) from error


class _Builder:
    def __init__(self, settings: Settings, directory: Path) -> None:
        self._settings = settings
        self._directory = directory
        backoff = settings.supervision.backoff
        self._backoff = Backoff(backoff.base, backoff.factor, backoff.ceiling, backoff.jitter)

    def root(self, log_file: Path | None, *, safe: bool) -> SupervisorSpec:
        children: list[ChildSpec | SupervisorSpec] = []
        if self._settings.mode == "simulated":
            children.append(self._simulator())
        children += [self._state(), self._broker(), self._strategies(safe=safe)]
        services = (
            *(() if self._settings.never_closes else (self._calendar(),)),
            *(() if log_file is None else (self._view(log_file),)),
        )
        if services:
            children.append(self._supervisor("services", services, exhausted="park"))
        return self._supervisor("root", tuple(children))

    def _broker(self) -> SupervisorSpec:
        return self._supervisor("broker", (self._connection(), self._account(), self._order(), self._market_data()))

    def _strategies(self, *, safe: bool) -> SupervisorSpec:
        children = tuple(self._strategy(strategy, safe=safe) for strategy in self._settings.strategies)
        return self._supervisor("strategies", children, exhausted="park")

    def _simulator(self) -> ChildSpec:
        settings = self._settings.simulator
        return self._child("simulator", "simulator.actor:SimulatorActor", settings=settings, directory=self._directory)

    def _state(self) -> ChildSpec:
        settings = self._settings.state
        return self._child("state", "actors.state:StateActor", settings=settings, directory=self._directory)

    def _connection(self) -> ChildSpec:
        return self._child(
            "connection",
            "actors.connection:ConnectionActor",
            settings=self._settings.trading_gateway,
            mode=self._settings.mode,
            accounts=self._settings.trading_accounts,
            directory=self._directory,
        )

    def _account(self) -> ChildSpec:
        return self._child(
            "account",
            "actors.account:AccountActor",
            accounts=self._settings.trading_accounts,
            margin_cushion=self._settings.risk.margin_cushion,
        )

    def _order(self) -> ChildSpec:
        return self._child(
            "order",
            "actors.order:OrderActor",
            settings=self._settings.orders,
            risk=self._settings.risk,
            strategies={one.name: one.risk for one in self._settings.strategies if one.risk != StrategyRisk()},
            quote_age=self._settings.market_data.stale_after,
            accounts=self._settings.trading_accounts,
            burst=self._settings.trading_gateway.pacing.burst,
            never_closes=self._settings.never_closes,
            directory=self._directory,
        )

    def _market_data(self) -> ChildSpec:
        return self._child("market_data", "actors.market_data:MarketDataActor", settings=self._settings.market_data)

    def _strategy(self, strategy: StrategySettings, *, safe: bool) -> ChildSpec:
        parked = safe or not strategy.enabled
        return self._child(strategy.name, strategy.target, parked=parked, params=strategy.params)

    def _calendar(self) -> ChildSpec:
        return self._child("calendar", "actors.calendar:CalendarActor")

    def _view(self, log_file: Path) -> ChildSpec:
        return self._child(
            "view",
            "cli.view:TerminalView",
            restart="transient",
            mode=self._settings.mode,
            account=self._settings.trading_accounts[0],
            log_file=log_file,
        )

    def _child(
        self,
        name: str,
        target: str,
        *,
        restart: Restart = "permanent",
        parked: bool = False,
        **kwargs: object,
    ) -> ChildSpec:
        limits = self._settings.supervision
        return ChildSpec(
            name,
            target,
            kwargs,
            restart=restart,
            parked=parked,
            stop_limit=limits.stop_limit,
            hang_limit=limits.hang_limit,
        )

    def _supervisor(
        self, name: str, children: tuple[ChildSpec | SupervisorSpec, ...], *, exhausted: Exhausted = "escalate"
    ) -> SupervisorSpec:
        limits = self._settings.supervision
        return SupervisorSpec(
            name,
            children,
            intensity=limits.intensity,
            period=limits.period,
            backoff=self._backoff,
            exhausted=exhausted,
        )

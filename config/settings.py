"""Every setting of the service as a frozen, typed model; what is not here cannot be set.

Types are strict: "17" is not a number and 1 is not true, so a slip of the pen never becomes a
value nobody meant. Unknown keys are errors. Times are seconds unless a name says otherwise;
money and quantities are Decimal, in the base currency of the account. Rules between sections
that decide whether trading is allowed at all are in `config.interlocks`.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SecretStr,
    model_validator,
)
from pydantic_core import CoreSchema

Mode = Literal["simulated", "paper", "live"]

ACTOR_NAMES = ("simulator", "state", "connection", "account", "order", "market_data")
RESERVED_NAMES = frozenset(
    (*ACTOR_NAMES, "root", "broker", "strategies", "services", "supervisor", "calendar", "view", "api")
)


def _exact_decimal(value: object) -> object:
    """YAML has no decimal type: take the number as it is written, not its binary neighbour."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    return value


def _none(value: object) -> object:
    """Files have no null, so that no limit ends by a slip of the pen: it takes a word."""
    return None if value == "none" else value


class _Word:
    """Tells editors of files that None is written as a word."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        return {**schema, "anyOf": [*(one for one in schema["anyOf"] if one != {"type": "null"}), {"const": "none"}]}


T = TypeVar("T")
Maybe = Annotated[T | None, BeforeValidator(_none), _Word()]
Seconds = Annotated[float, Field(gt=0)]
Amount = Annotated[Decimal, BeforeValidator(_exact_decimal), Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Percent = Annotated[float, Field(gt=0, le=100)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """Base of every section: immutable, strict, closed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class BackoffSettings(Section):
    """Waiting time before a retry: base * factor^n, at most `ceiling`, stretched by up to `jitter` (a fraction)."""

    base: Seconds = 2.0
    factor: float = Field(default=2.0, ge=1)
    ceiling: Seconds = 60.0
    jitter: float = Field(default=0.2, ge=0, le=1)

    @model_validator(mode="after")
    def _base_below_ceiling(self) -> Self:
        if self.base > self.ceiling:
            raise ValueError(f"base ({self.base:g}) must not exceed ceiling ({self.ceiling:g})")
        return self


class PacingSettings(Section):
    """Token bucket towards the gateway; IB disconnects a client that sends more than 50 messages a second, and
    asks for no more than about one what-if a minute.
    """

    messages_per_second: float = Field(default=45.0, gt=0, le=50)
    burst: int = Field(default=45, ge=1, le=50)
    what_if_interval: Seconds = 60.0


class GatewaySettings(Section):
    """The TWS or IB Gateway to talk to. `port` None: ask the built-in simulator for its port."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: Port | None = None
    client_id: int = Field(default=17, ge=1, le=2**31 - 1, description="never 0, which adopts orders made by hand")
    connect_timeout: Seconds = 10.0
    heartbeat_interval: Seconds = 30.0
    heartbeat_timeout: Seconds = 10.0
    send_timeout: Seconds = 5.0
    request_timeout: Seconds = 10.0
    max_clock_skew: float = Field(default=5.0, ge=1, le=60, description="beyond this no new order leaves")
    pacing: PacingSettings = PacingSettings()
    backoff: BackoffSettings = BackoffSettings()
    wire_log: bool = Field(default=False, description="log every message to and from the gateway")


class MarketDataSettings(Section):
    """Quote lines: how many the account has, when a quote counts as stale, how long an unused line stays open."""

    max_lines: int = Field(default=100, ge=1)
    stale_after: Seconds = 30.0
    linger: Seconds = 5.0


class OrderSettings(Section):
    """How orders are sent. New orders leave for `state_grace` without State, then are refused until it
    is back; a sent order without any answer becomes UNKNOWN after `unanswered_after`.
    """

    default_tif: Literal["DAY", "GTC", "IOC"] = "DAY"
    state_grace: Seconds = 2.0
    unanswered_after: Seconds = 10.0


class LossSettings(Section):
    """The day's loss of an account, in its base currency: from `reduce_at` only orders that reduce a position pass, at
    `halt_at` the kill switch is pulled. None, the word `none` in a file: no such limit.
    """

    reduce_at: Maybe[Amount] = Decimal(1000)
    halt_at: Maybe[Amount] = Decimal(2000)
    unknown_after: Seconds = 30.0


class RiskSettings(Section):
    """Limits that orders must keep, each or all together; in the account's base currency. None, the word `none` in a
    file: no such limit.
    """

    max_order_value: Amount = Decimal(25000)
    max_order_quantity: Amount = Decimal(1000)
    max_position_value: Maybe[Amount] = Decimal(50000)
    max_gross_exposure: Maybe[Amount] = Decimal(100000)
    max_open_orders: Maybe[Count] = 50
    orders_per_minute: Maybe[Count] = 60
    orders_per_minute_each: Maybe[Count] = 20
    orders_per_day: Maybe[Count] = 500
    price_collar: Maybe[Percent] = 5.0
    duplicate_window: float = Field(default=1.0, ge=0)
    buying_power: bool = True
    market_hours: bool = True
    allowed: Annotated[tuple[str, ...], Field(strict=False)] = ()
    restricted: Annotated[tuple[str, ...], Field(strict=False)] = ()
    daily_loss: LossSettings = LossSettings()
    margin_cushion: Maybe[Fraction] = 0.10
    protection_grace: Seconds = 10.0


class StrategyRisk(Section):
    """Limits of one strategy, beside those of all; None: only those of all."""

    max_order_value: Maybe[Amount] = None
    max_order_quantity: Maybe[Amount] = None
    max_position_value: Maybe[Amount] = None
    max_open_orders: Maybe[Count] = None
    orders_per_minute: Maybe[Count] = None
    orders_per_day: Maybe[Count] = None
    allowed: Annotated[tuple[str, ...], Field(strict=False)] = ()
    protect: bool = Field(default=False, description="alert when a position of it has no live stop")


class StrategySettings(Section):
    """One strategy in a process of its own. `params` are checked by the strategy's own model when it starts."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")
    target: str = Field(default="strategies.crossover:Crossover", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    params: dict[str, Any] = {}
    enabled: bool = True
    risk: StrategyRisk = StrategyRisk()


class SupervisionSettings(Section):
    """More than `intensity` restarts of one supervisor's children within `period` and it gives up. A
    handler that runs longer than `hang_limit` is killed; a child told to stop has `stop_limit` to drain.
    """

    intensity: int = Field(default=5, ge=0)
    period: Seconds = 300.0
    backoff: BackoffSettings = BackoffSettings(base=0.2, ceiling=30.0)
    hang_limit: Seconds = 10.0
    stop_limit: Seconds = 10.0


class StateSettings(Section):
    """The service's database and its reconciliation schedule."""

    reconcile_every: float = Field(default=300.0, ge=1)


class LoggingSettings(Section):
    """`file` empty: JSON lines on standard output, or under the live view nightdesk.log in the state directory."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: str = ""


class SentrySettings(Section):
    """Where unexpected exceptions are reported; without a DSN the SDK is never imported."""

    dsn: SecretStr = SecretStr("")
    environment: str = ""


class SimulatorSettings(Section):
    """The built-in simulated gateway. `account`: one code, or several separated by commas."""

    seed: int = Field(default=1, ge=0)
    speed: float = Field(default=1.0, gt=0, le=100)
    port: Port | None = None
    account: str = Field(default="DU1000001", pattern=r"^D[A-Z]*[0-9]+(,D[A-Z]*[0-9]+)*$")
    cash: Amount = Decimal(1_000_000)
    hours: Literal["always", "exchange"] = "always"
    replay: Annotated[Path | None, Field(strict=False)] = None
    script: Annotated[Path | None, Field(strict=False)] = None
    wire_log: Annotated[Path | None, Field(strict=False)] = None


class Settings(Section):
    """The whole configuration."""

    mode: Mode = "simulated"
    accounts: Annotated[tuple[str, ...], Field(strict=False)] = ()
    gateway: GatewaySettings = GatewaySettings()
    market_data: MarketDataSettings = MarketDataSettings()
    orders: OrderSettings = OrderSettings()
    risk: RiskSettings = RiskSettings()
    strategies: Annotated[tuple[StrategySettings, ...], Field(strict=False)] = ()
    supervision: SupervisionSettings = SupervisionSettings()
    state: StateSettings = StateSettings()
    logging: LoggingSettings = LoggingSettings()
    sentry: SentrySettings = SentrySettings()
    simulator: SimulatorSettings = SimulatorSettings()

    @property
    def trading_accounts(self) -> tuple[str, ...]:
        """The accounts orders may go to, the default one first; in simulated mode the simulator's own."""
        return tuple(self.simulator.account.split(",")) if self.mode == "simulated" else self.accounts

    @property
    def trading_gateway(self) -> GatewaySettings:
        """The gateway to connect to: in simulated mode the built-in one, at whatever port it got."""
        if self.mode != "simulated":
            return self.gateway
        return self.gateway.model_copy(update={"host": "127.0.0.1", "port": None})

    @property
    def never_closes(self) -> bool:
        """Whether the market is a simulated one that trades round the clock, so that no calendar is needed."""
        return self.mode == "simulated" and self.simulator.hours == "always"

    @property
    def directory_name(self) -> str:
        """Name of the folder under the state directory: no two modes or accounts ever share files."""
        return f"{self.mode}-{self.trading_accounts[0]}"

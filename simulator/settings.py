"""What a simulated gateway needs to know. The service's own settings section has the same names."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from simulator.market.trading_hours import HoursMode


class SimulatorSettings(Protocol):
    """Anything with these values."""

    @property
    def seed(self) -> int:
        """Chooses the market."""
        ...

    @property
    def speed(self) -> float:
        """How fast the market moves; 1 is natural."""
        ...

    @property
    def port(self) -> int | None:
        """The TCP port for clients; None takes the one of the last run, or a free one."""
        ...

    @property
    def account(self) -> str:
        """The account's code."""
        ...

    @property
    def cash(self) -> Decimal:
        """US dollars on a new account."""
        ...

    @property
    def hours(self) -> HoursMode:
        """Whether the market trades always, or keeps its exchanges' hours."""
        ...

    @property
    def replay(self) -> Path | None:
        """A recorded file of ticks that the market goes by; None: it is the seed's."""
        ...

    @property
    def script(self) -> Path | None:
        """A file of statements that a supervised simulator carries out whenever it starts."""
        ...

    @property
    def wire_log(self) -> Path | None:
        """A file that every message is added to; None: no such log."""
        ...


@dataclass(frozen=True)
class Settings:
    """Settings for a simulator on its own."""

    seed: int = 1
    speed: float = 1.0
    port: int | None = None
    account: str = "DU1000001"
    cash: Decimal = Decimal(1_000_000)
    hours: HoursMode = "always"
    replay: Path | None = None
    script: Path | None = None
    wire_log: Path | None = None

"""Which market data the account may see, by symbol, and how a gateway says no.

`live`: everything. `delayed`: delayed quotes for those who ask for them (types 3 and 4), refused to others with
10089. `none`: neither, 354 or 10186. `competing`: another session of the same user took the live data, 10197.
Words and codes are those of real gateways (IBKR Campus, "Error Codes", and published logs).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from simulator.market.universe import Instrument
from simulator.refusal import Refused

Mode = Literal["live", "delayed", "none", "competing"]
MODES: tuple[Mode, ...] = get_args(Mode)
ALL = "all"

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
DISPLAYING_DELAYED = 10167
DELAYED_TEXT = "Requested market data is not subscribed. Displaying delayed market data."
PARTLY_SUBSCRIBED = 10090
_DIALOG = "See link in 'Market Data Connections' dialog for more details."


class Entitlements:
    """One mode for all symbols, and those that differ; `changed` is called after each change."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._default: Mode = "live"
        self._modes: dict[str, Mode] = {}

    def set(self, symbol: str, mode: Mode) -> None:
        """From now on for a symbol (or one contract's local symbol), or for "all", forgetting what differed."""
        if mode not in MODES:
            raise ValueError(f"entitlement: expected one of {', '.join(MODES)}, got {mode!r}")
        if symbol == ALL:
            self._modes.clear()
            self._default = mode
        else:
            self._modes[symbol] = mode
        self._changed()

    def of(self, item: Instrument) -> Mode:
        """The mode of an instrument: its local symbol's, else its symbol's, else everybody's."""
        return self._modes.get(item.local_symbol) or self._modes.get(item.symbol) or self._default

    def described(self) -> dict[str, str]:
        """All modes by symbol, for reports."""
        return {ALL: self._default, **self._modes}

    def delayed(self, item: Instrument, data_type: int) -> bool:
        """Whether quotes come delayed to a client of that market data type. Raises `Refused` for no quotes at all."""
        mode = self.of(item)
        if mode == "live":
            return False
        if mode == "competing":
            raise competing()
        wants_delayed = data_type in {DELAYED, DELAYED_FROZEN}
        if mode == "delayed" and wants_delayed:
            return True
        if mode == "delayed":
            raise Refused(
                10089,
                f"Requested market data requires additional subscription for API. {_DIALOG}"
                f"Delayed market data is available.{feed(item)}/TOP/ALL",
            )
        if wants_delayed:
            raise Refused(10186, "Requested market data is not subscribed. Delayed market data is not enabled.")
        raise Refused(
            354, f"Requested market data is not subscribed.Delayed market data is not available.{feed(item)}/TOP/ALL"
        )

    def require_depth(self, item: Instrument) -> None:
        """Raises `Refused` (354 or 10197) unless there is live data: there is no delayed depth."""
        mode = self.of(item)
        if mode == "competing":
            raise competing()
        if mode != "live":
            raise Refused(354, f"Requested market data is not subscribed.{feed(item)}/DEEP/ALL")

    def require(self, item: Instrument, code: int, prefix: str) -> None:
        """Raises `Refused` with a service's own code and first words unless there is live data.

        Single ticks (10187, 10189), bars in real time (420) and histograms (10188) are refused so.
        """
        mode = self.of(item)
        if mode == "competing":
            raise Refused(code, f"{prefix}Trading TWS session is connected from a different IP address")
        if mode != "live":
            raise Refused(code, f"{prefix}No market data permissions for {permission(item)}")

    def underlying_missing(self, under: Instrument | None) -> str | None:
        """The text of 10090 for an option whose underlying is not seen live; None when it is."""
        if under is None or self.of(under) == "live":
            return None
        return (
            "Part of requested market data is not subscribed. Subscription-independent ticks are still active."
            f"Delayed market data is available.{feed(under)}/TOP/ALL"
        )


def competing() -> Refused:
    """Another session of the same user has the live data."""
    return Refused(10197, "No market data during competing live session")


def feed(item: Instrument) -> str:
    """A data feed as refusals name it: `SPY ARCA`, `EUR.USD IDEALPRO`."""
    symbol = item.symbol if item.sec_type == "STK" else item.local_symbol
    return f"{symbol} {item.primary or item.exchange}"


def permission(item: Instrument) -> str:
    """A market data permission as refusals name it: `NYSE STK`; NASDAQ's is called ISLAND."""
    exchange = item.primary or item.exchange
    return f"{'ISLAND' if exchange == 'NASDAQ' else exchange} {item.sec_type}"

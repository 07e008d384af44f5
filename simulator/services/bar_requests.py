"""Reading and checking requests for historical bars (message 20), in the order and words of real gateways.

Checked before the contract's data are looked at: the end (10314), the duration, the bar size, what to show, the date
format, and what can be kept up to date (321). The wording was read in published logs and in clients that record it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.market.history import BAR_SECONDS
from simulator.market.hours import parse_stamp
from simulator.market.universe import Query
from simulator.refusal import Refused, invalid
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract, read_legs

SCHEDULE = "SCHEDULE"
_WHERE = "bM"
_DAY = 86400
_LIVE_WHAT = frozenset({"TRADES", "MIDPOINT", "BID", "ASK"})
WHAT = _LIVE_WHAT | {"BID_ASK", "ADJUSTED_LAST", "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", SCHEDULE}
_LEGAL_SIZES = (
    "1 secs, 5 secs, 10 secs, 15 secs, 30 secs, 1 min, 2 mins, 3 mins, 5 mins, 10 mins, 15 mins, 20 mins, 30 mins, "
    "1 hour, 2 hours, 3 hours, 4 hours, 8 hours, 1 day, 1W, 1M"
)
_FORMAT = "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."
_LONGEST = {
    "S": (86400, "Historical data request for greater than 86400 seconds rejected."),
    "D": (365, "Historical data requests for durations longer than 365 days must be made in years."),
    "W": (52, "Historical data request for durations longer than 52 weeks must be made in years."),
    "M": (12, "Historical data request for durations longer than 12 months must be made in years."),
}
_BAD_TIME = """\
The date, time, or time-zone entered is invalid.
The correct format is yyyymmdd hh:mm:ss xx/xxxx
where yyyymmdd and xx/xxxx are optional.
E.g.: 20031126 15:59:00 US/Eastern

Note that there is a space between the date and time,
and between the time and time-zone.

If no date is specified, current date is assumed.
If no time-zone is specified, local time-zone is assumed(deprecated).

You can also provide yyyymmddd-hh:mm:ss time is in UTC.
Note that there is a dash between the date and time in UTC notation."""


@dataclass(frozen=True)
class BarRequest:
    """Which bars, and how to write them; `end` is None for now, `size` counts seconds."""

    contract: Query
    end: float | None
    duration: str
    bar_size: str
    size: int
    what: str
    regular: bool
    form: int
    live: bool


def read_bar_request(fields: Fields) -> BarRequest:
    """Message 20 after its request id. Raises `BadField` or `Refused`."""
    contract = replace(read_contract(fields), include_expired=fields.flag("includeExpired"))
    end_text, bar_size, duration = fields.text("endDateTime"), fields.text("barSize"), fields.text("duration")
    regular, what, form = fields.flag("useRTH"), fields.text("whatToShow").upper(), fields.integer("formatDate", 1)
    contract = read_legs(fields, contract)
    live = fields.flag("keepUpToDate")
    end = instant("End", end_text)
    checked = BarRequest(
        contract, end, checked_duration(duration), bar_size, _checked_size(bar_size), what, regular, form, live
    )
    _check(checked)
    return checked


def instant(which: str, text: str) -> float | None:
    """A time of a request; None when it is empty. Raises `Refused` (10314) for what is no time."""
    if not text.strip():
        return None
    moment = parse_stamp(text.strip())
    if moment is None:
        raise Refused(10314, f"{which} Date/Time: {_BAD_TIME}")
    return moment


def checked_duration(text: str) -> str:
    """`30 S`, `2 D` and so on, the unit in capitals; a bare number is seconds."""
    if not text:
        raise invalid("Historical data request duration not specified.", _WHERE)
    number, _, unit = (f"{text} S" if text.isdecimal() else text.upper()).partition(" ")
    if not (number.isascii() and number.isdecimal()) or unit not in {"S", "D", "W", "M", "Y"}:
        raise invalid(_FORMAT, _WHERE)
    count = int(number[:12])
    if count < 1:
        raise invalid("Historical data requested duration is invalid.", _WHERE)
    most, refusal = _LONGEST.get(unit, (count, ""))
    if count > most:
        raise invalid(refusal, _WHERE)
    return f"{count} {unit}"


def _checked_size(text: str) -> int:
    size = BAR_SECONDS.get(text)
    if size is None:
        raise invalid(f"Historical data bar size setting is invalid. Legal ones are: {_LEGAL_SIZES}", _WHERE)
    return size


def _check(request: BarRequest) -> None:
    if request.what == "ADJUSTED_LAST" and request.end is not None:
        raise invalid("End date not supported with adjusted last", _WHERE)
    if request.what == "ADJUSTED_LAST" and request.size > _DAY:
        raise invalid("Multi day bar size not supported with adjusted last", _WHERE)
    if request.what not in WHAT:
        raise invalid(f"What to show setting {request.what[:40]!r} is not one of {', '.join(sorted(WHAT))}", _WHERE)
    if request.form not in {1, 2, 3}:
        raise invalid(f"Date formatting selection of {request.form} rejected.", _WHERE)
    if request.live:
        _check_live(request)
    if request.what == SCHEDULE and request.size != _DAY:
        raise invalid("Schedule data is only available for bars of one day", _WHERE)


def _check_live(request: BarRequest) -> None:
    if request.end is not None:
        raise invalid("End date not supported with live updates", _WHERE)
    if request.contract.sec_type == "BAG":
        raise invalid("Live updates for combos are not supported", _WHERE)
    if request.what not in _LIVE_WHAT:
        raise invalid("Source price not supported with live updates", _WHERE)

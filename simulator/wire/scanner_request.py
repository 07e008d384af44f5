"""Reading a market scan (22)."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.wire.fields import UNSET_DOUBLE, UNSET_INTEGER, Fields

_RATINGS = ("moodyRatingAbove", "moodyRatingBelow", "spRatingAbove", "spRatingBelow")
_FILTERS = (
    *("priceAbove", "priceBelow", "volumeAbove", "marketCapAbove", "marketCapBelow", *_RATINGS),
    *("maturityDateAbove", "maturityDateBelow", "couponRateAbove", "couponRateBelow", "excludeConvertible"),
    *("averageOptionVolumeAbove", "scannerSettingPairs"),
)
_NOTHING = {"", "0", "0.0", UNSET_INTEGER, UNSET_DOUBLE}


@dataclass(frozen=True)
class Scan:
    """What is scanned for; `filters` holds those a client set, by the names that filter options have."""

    rows: int
    instrument: str
    location: str
    code: str
    kind: str
    filters: dict[str, str] = field(default_factory=dict)


def read_scan(fields: Fields) -> tuple[int, Scan]:
    """Request id and scan of message 22. Filters come in fields of their own, or as `priceAbove=5;` at the end."""
    request_id, rows = fields.integer("reqId"), fields.integer("numberOfRows", -1)
    instrument, location, code = (fields.text(name) for name in ("instrument", "locationCode", "scanCode"))
    filters = {name: fields.text(name) for name in _FILTERS}
    kind = fields.text("stockTypeFilter")
    for option in fields.optional("scannerSubscriptionFilterOptions").split(";"):
        name, _, value = option.partition("=")
        filters[name] = value
    wanted = {name: value for name, value in filters.items() if value.upper() not in _NOTHING}
    return request_id, Scan(rows, instrument, location, code, kind, wanted)

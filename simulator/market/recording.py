"""Reading a recorded file of ticks: CSV with a header line, or parquet (with the optional pyarrow).

Columns: `time` (ISO 8601, New York time where it has no zone; or seconds, milli-, micro- or nanoseconds since the
epoch, told apart by magnitude), `symbol`, and some of bid, ask, bid_size, ask_size, last, last_size; an empty cell
says nothing. Rows are in order of time. Files are streamed; `check` goes through one once, so that a bad one is
refused before it is used: `BadRecording` names file, line (of parquet: row) and reason.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from simulator.market.hours import NEW_YORK

PRICES = ("bid", "ask", "last")
_SIZES = ("bid_size", "ask_size", "last_size")
_COLUMNS = ("time", "symbol", *PRICES, *_SIZES)
_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (math.inf, 1e9))
_NO_PYARROW = "reading parquet needs pyarrow: pip install 'nightdesk[parquet]', or give a CSV file"


class BadRecording(ValueError):
    """A file that cannot be replayed; the text names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row: what it says, None where it says nothing. `time` in seconds since the epoch, prices in money."""

    time: float
    symbol: str
    bid: float | None
    ask: float | None
    last: float | None
    bid_size: int | None
    ask_size: int | None
    last_size: int | None


def read(path: Path, known: Callable[[str], bool]) -> Iterator[Record]:
    """The rows of a file, in order; `known` tells whether a symbol exists.

    Raises `BadRecording` at the first bad row, and for a file that is empty or cannot be read.
    """
    parquet = path.suffix.lower() in {".parquet", ".pq"}
    before = -math.inf
    try:
        for number, row in _parquet_rows(path) if parquet else _csv_rows(path):
            try:
                record = _record(row, before, known)
            except ValueError as error:
                raise BadRecording(f"{path}, {'row' if parquet else 'line'} {number}: {error}") from error
            before = record.time
            yield record
    except OSError as error:
        raise BadRecording(f"{path}: {error.strerror or error}") from error
    if before == -math.inf:
        raise BadRecording(f"{path}: there are no rows in it")


def check(path: Path, known: Callable[[str], bool]) -> dict[str, Record]:
    """Read a file through: the first row of every symbol. Raises as `read`."""
    firsts: dict[str, Record] = {}
    for record in read(path, known):
        firsts.setdefault(record.symbol, record)
    return firsts


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    with path.open(encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        reader = csv.reader(file, strict=True)
        header: list[str] | None = None
        try:
            for cells in reader:
                if header is None:
                    header = _columns(path, [cell.strip().lower() for cell in cells])
                elif len(cells) == len(header):
                    yield reader.line_num, dict(zip(header, cells, strict=True))
                elif cells:
                    raise BadRecording(
                        f"{path}, line {reader.line_num}: expected {len(header)} cells, found {len(cells)}"
                    )
        except csv.Error as error:
            raise BadRecording(f"{path}, line {reader.line_num}: not CSV: {error}") from error


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise BadRecording(f"{path}: {_NO_PYARROW}") from error
    try:
        with parquet.ParquetFile(path) as file:
            names = _columns(path, [name.lower() for name in file.schema_arrow.names])
            number = 0
            for batch in file.iter_batches():
                for values in zip(*(_plain(arrow, column) for column in batch.columns), strict=True):
                    number += 1
                    yield number, dict(zip(names, values, strict=True))
    except arrow.ArrowException as error:
        raise BadRecording(f"{path}: not parquet: {error}") from error


def _plain(arrow: Any, column: Any) -> list[object]:
    """A column's values; of timestamps the microseconds, which is all that Python's own times hold."""
    if arrow.types.is_timestamp(column.type):
        column = column.cast(arrow.timestamp("us", tz=column.type.tz), safe=False)
    return list(column.to_pylist())


def _columns(path: Path, names: list[str]) -> list[str]:
    unknown = [name for name in names if name not in _COLUMNS]
    missing = [name for name in ("time", "symbol") if name not in names]
    if unknown or missing or len(set(names)) != len(names) or not set(names) & set(PRICES):
        raise BadRecording(
            f"{path}, header: expected time, symbol and some of {', '.join(_COLUMNS[2:])}, each once and one a price; "
            f"found {', '.join(names) or 'nothing'}"
        )
    return names


def _record(row: Mapping[str, object], before: float, known: Callable[[str], bool]) -> Record:
    """Raises ValueError with the reason."""
    said = {name: value for name, value in row.items() if value is not None and str(value).strip()}
    if "time" not in said or "symbol" not in said or len(said) == 2:
        raise ValueError("expected a time, a symbol and a price or size")
    moment, symbol = _moment(said["time"]), str(said["symbol"]).strip()
    if moment < before:
        raise ValueError("its time is before that of the row above it")
    if not known(symbol):
        raise ValueError(f"no contract is called {symbol[:40]!r}")
    bid, ask, last = (_price(name, said) for name in PRICES)
    bid_size, ask_size, last_size = (_size(name, said) for name in _SIZES)
    return Record(moment, symbol, bid, ask, last, bid_size, ask_size, last_size)


def _moment(value: object) -> float:
    text = value.isoformat() if isinstance(value, datetime) else str(value).strip()
    try:
        number = float(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"time: {text[:40]!r} is neither ISO 8601 nor a number") from None
        return (found if found.tzinfo else found.replace(tzinfo=NEW_YORK)).timestamp()
    if not 0 < number < math.inf:
        raise ValueError(f"time: {text[:40]!r} is no instant after 1970")
    return number / next(unit for below, unit in _UNITS if number < below)


def _price(name: str, said: Mapping[str, object]) -> float | None:
    if name not in said:
        return None
    price = _number(name, said[name])
    if not 0 < price < 1e12:
        raise ValueError(f"{name}: {said[name]} is no price")
    return price


def _size(name: str, said: Mapping[str, object]) -> int | None:
    if name not in said:
        return None
    size = _number(name, said[name])
    if not 0 <= size < 1e12 or size != int(size):
        raise ValueError(f"{name}: {said[name]} is no whole number of units")
    return int(size)


def _number(name: str, value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise ValueError(f"{name}: {str(value)[:40]!r} is not a number") from None
